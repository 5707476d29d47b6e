/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Terminal output that may be given to a terminal: what draws stays; what would make it answer, what it would keep, tell or
 * send elsewhere, strings of any kind, and characters that turn text around do not.
 */
#ifndef UI_SAFE_H
#define UI_SAFE_H

#include "ui/sequence.h"

struct safe {
	struct sequence seq;
	struct buf out;                  /* the caller takes from it */
	int r;                           /* 0, or buf_append's first failure */
};

void safe_init(struct safe *s, size_t max);
void safe_done(struct safe *s);
/* Appends to out what of bytes may stay, as good UTF-8.  Sequences and characters may come in pieces. */
void safe_feed(struct safe *s, struct slice bytes);

#endif
