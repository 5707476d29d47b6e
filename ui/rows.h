/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the picker's screens of sessions and of requests for approval have in common: rows in columns, and keys that say themselves
 * what they do.  What the rows are, and which one is selected, only the screens know. */
#ifndef UI_ROWS_H
#define UI_ROWS_H

#include "ui/page.h"

/* name NULL: another code for what stands before; brief NULL: not in the footer. */
struct rows_key { int code, act; const char *name, *help, *brief; };
struct rows_column { const char *head; int width; };

int rows_act(const struct rows_key *keys, size_t n, int code);                     /* -1: no key of theirs */
size_t rows_top(size_t top, size_t cursor, size_t height);     /* the first row to be shown, so that the cursor's is */
/* One row, a text for each column; texts NULL: their heads.  Columns that need more room than there is go, the last first. */
void rows_draw(int y, const struct rows_column *columns, size_t n, const char *const *texts, bool selected, bool marked);
void rows_draw_footer(const struct rows_key *keys, size_t n, const char *notice);  /* notice "": the keys */
void rows_draw_help(const struct rows_key *keys, size_t n, struct page *page);

#endif
