/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a terminal says by itself: where its cursor is, what it is, that its window has the focus (ECMA-48, xterm's ctlseqs).
 * A program on the host can ask for it again and again; nobody has pressed a key.
 */
#ifndef FRONT_ANSWERS_H
#define FRONT_ANSWERS_H

#include <stddef.h>

#include "base/buf.h"

struct answers {                         /* zeroed at first */
	enum { ANSWERS_NONE, ANSWERS_ESC, ANSWERS_CSI, ANSWERS_STRING } in;
	size_t held;                     /* bytes of a sequence of which it is not known yet */
	unsigned char first;             /* of a CSI's parameters */
};

/* How many of the bytes are keys; those of a sequence that is cut count, if they do, when its end comes. */
size_t answers_keys(struct answers *a, struct slice bytes);

#endif
