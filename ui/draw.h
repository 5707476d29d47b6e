/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Putting text on the screen: clipped by columns, never by bytes; what could be a control is escaped. */
#ifndef UI_DRAW_H
#define UI_DRAW_H

#include "base/buf.h"

/* Draws text at y, x into exactly width columns (padded with blanks, cut with ~).  Returns width. */
int draw_text(int y, int x, int width, struct slice text, unsigned long attributes);
/* The same over several lines, broken at blanks.  Lines used, at most height. */
int draw_wrapped(int y, int x, int width, int height, struct slice text, unsigned long attributes);
/* Columns that text takes when drawn. */
int draw_width(struct slice text);

#endif
