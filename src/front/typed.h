/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Lines that are typed at a terminal, for a full record.  Whether the host shows what is typed no client is told: a line is
 * taken for shown when its letters come back, from the first one on, where an echo stands.  Of all others, passwords among them, the record has no
 * more than the count that it has of every key.
 */
#ifndef FRONT_TYPED_H
#define FRONT_TYPED_H

#include <stdbool.h>

#include "base/buf.h"

#define TYPED_LINES 4096                 /* bytes that wait for their echo; what is beyond stays a count */

struct typed {
	unsigned char p[TYPED_LINES];
	size_t n;                        /* typed and not decided */
	size_t matched, letters;         /* of the first line: how far its echo has come, and how many letters came back */
	enum { TYPED_UNSURE, TYPED_SHOWN, TYPED_HIDDEN } state;
	bool near;                       /* what the host writes next may be an echo */
	unsigned escape;                 /* where in a sequence of the output it is */
	bool lost;                       /* until the next line: too much was typed at once */
	void (*line)(void *arg, struct slice line);      /* one that was shown, with its end */
	void *arg;
};

void typed_in(struct typed *t, struct slice bytes);      /* from the user */
void typed_out(struct typed *t, struct slice bytes);     /* from the host */

#endif
