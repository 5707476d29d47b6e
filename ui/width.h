/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* How wide foreign text is when a terminal shows it, and where to cut it.  No curses; the locale is the caller's. */
#ifndef UI_WIDTH_H
#define UI_WIDTH_H

#include <stdbool.h>

#include "base/buf.h"

#define WIDTH_PIECE 16

/* One character as it may be shown: what could be a control is spelt out. */
struct piece {
	char text[WIDTH_PIECE];
	size_t n;                         /* bytes of text */
	int columns;
};

/* Takes the next one from the front of s; false at its end. */
bool width_piece(struct slice *s, struct piece *ret);
int width_of(struct slice s);                              /* columns */
/* Bytes at the front of s that fit in columns, and what they take. */
size_t width_fit(struct slice s, int columns, int *taken);
/* The longest end of s that fits. */
struct slice width_tail(struct slice s, int columns);
/* Bytes of s for one line of that many columns, broken at a blank where there is one; the blanks behind it are not part of
 * the next line: *next gets what is left.  At least one character is taken. */
size_t width_line(struct slice s, int columns, struct slice *next);

#endif
