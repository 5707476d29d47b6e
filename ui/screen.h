/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A terminal that exists only in memory: bytes in, cells out.  What a target wrote ends
 * here; it answers nothing, and a viewer's terminal gets only what is drawn from the cells.
 * The only home of libvterm, with paint.c.
 */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include <stdbool.h>

#include "base/buf.h"

#define SCREEN_COLS_MAX 500
#define SCREEN_ROWS_MAX 200
#define SCREEN_PAINT_MAX (8u << 20)     /* bytes of a keyframe */

struct screen;

struct screen_cell {
	uint32_t runes[6];              /* ended by 0; none: a blank */
	int width;                      /* 1 or 2 columns; 0: the right half of a wide one */
	bool bold, underline, reverse;
	int fg, bg;                     /* 0 to 255, -1: the default */
};

/* Loads what later cannot be opened any more: before a sandbox. */
void screen_prepare(void);
struct screen *screen_new(unsigned cols, unsigned rows);         /* clamped; NULL when out of memory */
void screen_free(struct screen *s);
void screen_feed(struct screen *s, struct slice bytes);
void screen_resize(struct screen *s, unsigned cols, unsigned rows);
void screen_size(const struct screen *s, unsigned *cols, unsigned *rows);
void screen_cell(struct screen *s, unsigned row, unsigned col, struct screen_cell *ret);
void screen_cursor(const struct screen *s, unsigned *row, unsigned *col, bool *visible);
/* A row's text without blanks at its end, as UTF-8, appended. */
int screen_row(struct screen *s, unsigned row, struct buf *out);
/* The same from a column on, with those blanks at its end that were written there. */
int screen_row_written(struct screen *s, unsigned row, unsigned from, struct buf *out);
/* Cells from column from to before column to, blanks and all. */
int screen_row_part(struct screen *s, unsigned row, unsigned from, unsigned to, struct buf *out);
/* Is text to be seen on some row?  Letters of either case match. */
bool screen_shows(struct screen *s, const char *text);
/* A keyframe, appended: bytes that, fed to a fresh screen of the same size, bring it to where s is: both screens, cursor, pen,
 * scroll margins, tab stops, character sets, modes, and what has come of an unfinished sequence.  Not: the saved cursor.
 * 0, or buf_append's codes. */
int screen_paint(struct screen *s, struct buf *out);
void screen_reset(struct screen *s);

#endif
