/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the picker's screens of sessions and of requests for approval have in common: rows in columns, and keys that say themselves
 * what they do.  What the rows are, and which one is selected, only the screens know. */
#ifndef UI_ROWS_H
#define UI_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/columns.h"
#include "ui/page.h"

/* name NULL: another code for what stands before; brief NULL: not in the footer. */
struct rows_key { int code, act; const char *name, *help, *brief; };

/* What Enter does, beside the key that says so. */
#define ROWS_ENTER(act) { '\r', (act), NULL, NULL, NULL }, { '\n', (act), NULL, NULL, NULL }, { KEY_ENTER, (act), NULL, NULL, NULL }

/* What every such screen ends its own keys with; acts below ROWS_UP are the screen's. */
enum { ROWS_UP = 1000, ROWS_DOWN, ROWS_PAGE_UP, ROWS_PAGE_DOWN, ROWS_FIRST, ROWS_LAST, ROWS_HELP, ROWS_LEAVE };
#define ROWS_KEYS \
	{ KEY_UP, ROWS_UP, "Up, Down", "one up or down", NULL }, \
	{ KEY_DOWN, ROWS_DOWN, NULL, NULL, NULL }, \
	{ KEY_PPAGE, ROWS_PAGE_UP, "PgUp, PgDn", "a screen up or down", NULL }, \
	{ KEY_NPAGE, ROWS_PAGE_DOWN, NULL, NULL, NULL }, \
	{ KEY_HOME, ROWS_FIRST, "Home, End", "the first, the last", NULL }, \
	{ KEY_END, ROWS_LAST, NULL, NULL, NULL }, \
	{ '?', ROWS_HELP, "?", "this help", "? help" }, \
	{ 0x1b, ROWS_LEAVE, "Esc, q", "back to the hosts", "Esc hosts" }, \
	{ 'q', ROWS_LEAVE, NULL, NULL, NULL }, \
	{ 3, ROWS_LEAVE, NULL, NULL, NULL }

/* One row: a text for each column. */
struct rows_line { const char *texts[COLUMNS_MAX]; bool marked; };

struct rows_list {
	const struct column *columns;
	size_t columns_n, n, top, cursor;              /* n rows, of which top is the first to be shown */
	struct rows_line (*line)(const void *screen, size_t i);
	const void *screen;
};

int rows_act(const struct rows_key *keys, size_t n, int code);                     /* -1: no key of theirs */
/* The cursor in n rows, of which height are on the screen, after one of the keys that move it.  False: act is none of theirs. */
bool rows_move(int act, size_t n, size_t height, size_t *cursor);
size_t rows_top(size_t top, size_t cursor, size_t height);     /* the first row to be shown, so that the cursor's is */
/* The heads on line y and height rows below, in columns as wide as all rows ask for; of none, nothing. */
void rows_draw(const struct rows_list *l, int y, size_t height);
void rows_draw_footer(const struct rows_key *keys, size_t n, const char *notice);  /* notice "": the keys */
void rows_draw_help(const struct rows_key *keys, size_t n, struct page *page);

#endif
