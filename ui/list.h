/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The picker's model: rows, a query (query.h), what it leaves, a cursor and a window.  No curses.
 * Hosts that may be reached come before those that may not, then better hits, then names.  Those that may not are shown only
 * on demand (list_show_others).
 */
#ifndef UI_LIST_H
#define UI_LIST_H

#include <stdbool.h>

#include "base/buf.h"
#include "ui/columns.h"
#include "ui/query.h"

#define LIST_ROWS_MAX  200000
#define LIST_QUERY_MAX QUERY_MAX
#define LIST_DENIED    3                  /* why a host is denied says more than why one is allowed: it counts as so many */

/* The texts of a row that have a column of their own, in the order of the screen. */
enum list_column { LIST_NAME, LIST_LOGINS, LIST_LABELS, LIST_WHY, LIST_COLUMNS };

/* brief: why, in the few words that a column has; empty: why itself.  logins: comma-separated. */
struct list_fields {
	struct slice name, addr, logins, labels, brief, why;
	bool allowed;
};

struct list_row {
	const char *name, *logins, *labels, *addr, *brief, *why;     /* brief of a denied row says "denied" */
	bool allowed;
	/* list.c's own */
	struct hay hay;
	int score;
	unsigned order;                   /* by name */
	char bytes[];
};

struct list {
	struct list_row **rows;           /* in order of names, those that may be reached first */
	size_t n, cap, allowed_n;
	bool others;                      /* the others are shown, too */
	struct list_row **found;
	size_t found_n;
	struct query query;
	size_t cursor, top, height;       /* indices into found; height: rows on screen */
	bool sorted;
	column_counts widths[LIST_COLUMNS];                    /* of all rows that are shown (LIST_DENIED) */
};

void list_init(struct list *l);
void list_done(struct list *l);
/* Copies.  0, -EINVAL for a NUL in a text, -ENOSPC above LIST_ROWS_MAX, -ENOMEM.  list_refresh or list_update shows it. */
int list_add(struct list *l, const struct list_fields *f);
void list_refresh(struct list *l);                 /* the cursor goes to the first row */
void list_update(struct list *l);                  /* the cursor stays with its host, and the host in its line */
/* With those that may not be reached, or without; the cursor stays with its host if that is still there. */
void list_show_others(struct list *l, bool on);
size_t list_shown(const struct list *l);           /* rows, before the search */
/* Too long or not UTF-8: cut or refused silently, as a key that does nothing. */
void list_set_query(struct list *l, const char *query);
void list_type(struct list *l, uint32_t rune);
void list_erase(struct list *l);                   /* one character */
void list_erase_word(struct list *l);
void list_move(struct list *l, long by);           /* stays within what was found */
void list_move_to(struct list *l, size_t index);
bool list_move_to_name(struct list *l, const char *name);        /* false: it is not among what was found */
void list_set_height(struct list *l, size_t height);
const struct list_row *list_selected(const struct list *l);      /* NULL when nothing is found */
const char *list_text(const struct list_row *r, enum list_column column);
/* Marks with 1 the bytes of a column's text that the query found.  hits is zeroed first; at most size bytes are marked. */
void list_hits(const struct list *l, const struct list_row *r, enum list_column column, unsigned char *hits, size_t size);

#endif
