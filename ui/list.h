/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The picker's model: rows, a query, what it leaves, a cursor and a window.  No curses.
 *
 * A row is found when every word of the query is found in it; better hits come first:
 * the whole name, its beginning, the beginning of a word, anywhere in the name, anywhere in
 * the row, and last the letters of the word in order.  Hosts that may be reached come before
 * those that may not.
 */
#ifndef UI_LIST_H
#define UI_LIST_H

#include <stdbool.h>

#include "base/buf.h"

#define LIST_ROWS_MAX  200000
#define LIST_QUERY_MAX 200

struct list_row {
	char *name, *addr, *logins, *labels, *why;
	bool allowed;
	/* list.c's own */
	char *hay;                        /* all of it in lower case, the name first */
	size_t name_n;
	uint64_t mask;                    /* which letters are in it */
	int score;
};

struct list {
	struct list_row **rows;           /* in order of names */
	size_t n, cap;
	struct list_row **found;
	size_t found_n;
	char query[LIST_QUERY_MAX + 1];
	size_t cursor, top, height;       /* indices into found; height: rows on screen */
	bool sorted;
};

void list_init(struct list *l);
void list_done(struct list *l);
/* Copies.  0, -EINVAL for a NUL in a text, -ENOSPC above LIST_ROWS_MAX, -ENOMEM.  list_set_query or list_refresh shows it. */
int list_add(struct list *l, struct slice name, struct slice addr, struct slice logins, struct slice labels,
    bool allowed, struct slice why);
void list_refresh(struct list *l);
/* Too long or not UTF-8: cut or refused silently, as a key that does nothing. */
void list_set_query(struct list *l, const char *query);
void list_type(struct list *l, uint32_t rune);
void list_erase(struct list *l);                   /* one character */
void list_erase_word(struct list *l);
void list_move(struct list *l, long by);           /* stays within what was found */
void list_move_to(struct list *l, size_t index);
void list_set_height(struct list *l, size_t height);
const struct list_row *list_selected(const struct list *l);      /* NULL when nothing is found */

#endif
