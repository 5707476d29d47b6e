/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Putting text on the screen: clipped by columns, never by bytes; what could be a control is spelt out. */
#ifndef UI_DRAW_H
#define UI_DRAW_H

#include "ui/page.h"

/* Draws text at y, x into exactly width columns (padded with blanks, cut with ~).  Returns width. */
int draw_text(int y, int x, int width, struct slice text, unsigned long attributes);
/* The same with the bytes that hits marks (as many as text has) in another look. */
int draw_marked(int y, int x, int width, struct slice text, unsigned long attributes, const unsigned char *hits,
    unsigned long marked);
/* A line of dashes with a title in it and, at its right, a place. */
void draw_rule(int y, const char *title, const char *place);
/* What is said to the user, over n lines from y on; what those do not hold is cut. */
void draw_notice(int y, int n, const char *text);
int draw_notice_lines(const char *text);           /* so many would hold all of it */
/* What the window of a page shows, at y, x, and the look of its names. */
void draw_page(const struct page *p, int y, int x, unsigned long names);
/* The look of what stands out. */
unsigned long draw_accent(void);

#endif
