/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A row is one block: name, logins, labels and address with a NUL behind each, then the same in
 * lower case for the search, then what is only shown.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/list.h"
#include "ui/width.h"

#define DENIED "denied: "

void
list_init(struct list *l)
{
	*l = (struct list){ .height = 1 };
}

void
list_done(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->rows[i]);
	free(l->rows);
	free(l->found);
	list_init(l);
}

/* ---- rows ---- */

static int
list_grow(struct list *l)
{
	size_t cap = l->cap > 0 ? l->cap * 2 : 256;
	struct list_row **rows, **found;

	if (l->n < l->cap)
		return 0;
	if (l->n >= LIST_ROWS_MAX)
		return -ENOSPC;
	rows = realloc(l->rows, cap * sizeof(*rows));
	if (rows != NULL)
		l->rows = rows;
	found = realloc(l->found, cap * sizeof(*found));
	if (found != NULL)
		l->found = found;
	if (rows == NULL || found == NULL)
		return -ENOMEM;
	l->cap = cap;
	return 0;
}

static bool
has_nul(struct slice s)
{
	return s.n > 0 && memchr(s.p, '\0', s.n) != NULL;
}

static const char *
put(char **at, struct slice s)
{
	char *text = *at;

	if (s.n > 0)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*at = text + s.n + 1;
	return text;
}

static struct list_row *
row_new(const struct list_fields *f)
{
	struct slice brief = f->brief.n > 0 ? f->brief : f->why;
	size_t hay_n = f->name.n + f->logins.n + f->labels.n + f->addr.n + 4;
	struct list_row *r = calloc(1, sizeof(*r) + 2 * hay_n + sizeof(DENIED) + brief.n + f->why.n + 2);
	char *at, *folded;

	if (r == NULL)
		return NULL;
	at = r->bytes;
	r->name = put(&at, f->name);
	r->logins = put(&at, f->logins);
	r->labels = put(&at, f->labels);
	r->addr = put(&at, f->addr);
	folded = at;
	memcpy(folded, r->bytes, hay_n);
	query_fold(folded, hay_n);
	r->hay = (struct hay){ .raw = r->bytes, .folded = folded, .name_n = f->name.n, .n = hay_n,
		.mask = query_mask(folded, hay_n) };
	at += hay_n;
	r->brief = at;
	if (!f->allowed) {
		(void)put(&at, slice_from(DENIED));
		at--;
	}
	(void)put(&at, brief);
	r->why = put(&at, f->why);
	r->allowed = f->allowed;
	return r;
}

const char *
list_text(const struct list_row *r, enum list_column column)
{
	switch (column) {
	case LIST_NAME:    return r->name;
	case LIST_LOGINS:  return r->logins;
	case LIST_LABELS:  return r->labels;
	case LIST_WHY:     return r->brief;
	case LIST_COLUMNS: break;
	}
	return "";
}

/* by: 1 if it comes, -1 if it goes. */
static void
count_widths(struct list *l, const struct list_row *r, int by)
{
	for (enum list_column i = 0; i < LIST_COLUMNS; i++) {
		int w = width_of(slice_from(list_text(r, i)));

		l->widths[i][w < COLUMNS_WIDTH_MAX ? w : COLUMNS_WIDTH_MAX] += (unsigned)(by * (i == LIST_WHY && !r->allowed ? LIST_DENIED : 1));
	}
}

int
list_add(struct list *l, const struct list_fields *f)
{
	struct list_row *r;
	int e;

	if (has_nul(f->name) || has_nul(f->addr) || has_nul(f->logins) || has_nul(f->labels) || has_nul(f->brief) ||
	    has_nul(f->why))
		return -EINVAL;
	e = list_grow(l);
	if (e != 0)
		return e;
	r = row_new(f);
	if (r == NULL)
		return -ENOMEM;
	if (r->allowed || l->others)
		count_widths(l, r, 1);
	l->allowed_n += r->allowed;
	l->rows[l->n++] = r;
	l->sorted = false;
	return 0;
}

/* ---- order ---- */

static int
by_name(const void *a, const void *b)
{
	const struct list_row *x = *(struct list_row *const *)a, *y = *(struct list_row *const *)b;

	return x->allowed != y->allowed ? (x->allowed ? -1 : 1) : strcmp(x->name, y->name);
}

static int
by_score(const void *a, const void *b)
{
	const struct list_row *x = *(struct list_row *const *)a, *y = *(struct list_row *const *)b;

	if (x->allowed != y->allowed)
		return x->allowed ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* They come in order as a rule: then there is nothing to do. */
static void
sort_rows(struct list *l)
{
	size_t i = 1;

	while (i < l->n && by_name(&l->rows[i - 1], &l->rows[i]) <= 0)
		i++;
	if (i < l->n)
		qsort(l->rows, l->n, sizeof(*l->rows), by_name);
	for (i = 0; i < l->n; i++)
		l->rows[i]->order = (unsigned)i;
	l->sorted = true;
}

static void
sort_found(struct list *l)
{
	size_t i = 1;

	while (i < l->found_n && by_score(&l->found[i - 1], &l->found[i]) < 0)
		i++;
	if (i < l->found_n)
		qsort(l->found, l->found_n, sizeof(*l->found), by_score);
}

/* narrowing: only what was found before can be found by a longer query. */
static void
filter(struct list *l, bool narrowing)
{
	struct list_row **from;
	size_t from_n, out = 0;

	if (!l->sorted) {
		sort_rows(l);
		narrowing = false;
	}
	from = narrowing ? l->found : l->rows;
	from_n = narrowing ? l->found_n : list_shown(l);
	for (size_t i = 0; i < from_n; i++) {
		from[i]->score = query_score(&l->query, &from[i]->hay);
		if (from[i]->score > 0)
			l->found[out++] = from[i];
	}
	l->found_n = out;
	sort_found(l);
}

void
list_refresh(struct list *l)
{
	filter(l, false);
	list_move_to(l, 0);
}

void
list_update(struct list *l)
{
	const struct list_row *r = list_selected(l);
	size_t line = l->cursor - l->top, i = 0;

	filter(l, false);
	while (i < l->found_n && l->found[i] != r)
		i++;
	i = i < l->found_n ? i : 0;
	l->top = i > line ? i - line : 0;
	list_move_to(l, i);
}

size_t
list_shown(const struct list *l)
{
	return l->others ? l->n : l->allowed_n;
}

void
list_show_others(struct list *l, bool on)
{
	if (on == l->others)
		return;
	if (!l->sorted)
		sort_rows(l);
	for (size_t i = l->allowed_n; i < l->n; i++)
		count_widths(l, l->rows[i], on ? 1 : -1);
	l->others = on;
	list_update(l);
}

/* ---- the query ---- */

void
list_set_query(struct list *l, const char *query)
{
	if (strlen(query) > LIST_QUERY_MAX || !text_is_utf8(slice_from(query)))
		return;
	query_set(&l->query, query);
	list_refresh(l);
}

void
list_type(struct list *l, uint32_t rune)
{
	char text[LIST_QUERY_MAX + 1];
	size_t n = strlen(l->query.text);
	struct buf b;

	buf_init(&b, 8);
	if (rune >= 0x20 && rune != 0x7f && text_put_rune(&b, rune) == 0 && n + b.len <= LIST_QUERY_MAX) {
		memcpy(text, l->query.text, n);
		memcpy(text + n, b.p, b.len);
		text[n + b.len] = '\0';
		query_set(&l->query, text);
		filter(l, true);
		list_move_to(l, 0);
	}
	buf_done(&b);
}

static void
cut_query(struct list *l, size_t n)
{
	char text[LIST_QUERY_MAX + 1];

	memcpy(text, l->query.text, n);
	text[n] = '\0';
	query_set(&l->query, text);
	list_refresh(l);
}

void
list_erase(struct list *l)
{
	size_t n = strlen(l->query.text);

	if (n == 0)
		return;
	do
		n--;
	while (n > 0 && ((unsigned char)l->query.text[n] & 0xc0) == 0x80);
	cut_query(l, n);
}

void
list_erase_word(struct list *l)
{
	size_t n = strlen(l->query.text);

	while (n > 0 && l->query.text[n - 1] == ' ')
		n--;
	while (n > 0 && l->query.text[n - 1] != ' ')
		n--;
	cut_query(l, n);
}

void
list_hits(const struct list *l, const struct list_row *r, enum list_column column, unsigned char *hits, size_t size)
{
	unsigned char all[4096];
	const char *text = list_text(r, column);
	size_t at = (size_t)(text - r->hay.raw), n = strlen(text);

	memset(hits, 0, size);
	if (l->query.words_n == 0 || column == LIST_WHY || r->hay.n > sizeof(all))
		return;
	query_hits(&l->query, &r->hay, all);
	memcpy(hits, all + at, n < size ? n : size);
}

/* ---- the cursor and the window ---- */

void
list_move_to(struct list *l, size_t index)
{
	l->cursor = l->found_n == 0 ? 0 : index < l->found_n ? index : l->found_n - 1;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + l->height)
		l->top = l->cursor - l->height + 1;
	if (l->top + l->height > l->found_n)
		l->top = l->found_n > l->height ? l->found_n - l->height : 0;
}

bool
list_move_to_name(struct list *l, const char *name)
{
	for (size_t i = 0; i < l->found_n; i++)
		if (strcmp(l->found[i]->name, name) == 0) {
			list_move_to(l, i);
			return true;
		}
	return false;
}

void
list_move(struct list *l, long by)
{
	if (by < 0 && (size_t)-by > l->cursor)
		list_move_to(l, 0);
	else
		list_move_to(l, (size_t)((long)l->cursor + by));
}

void
list_set_height(struct list *l, size_t height)
{
	l->height = height > 0 ? height : 1;
	list_move_to(l, l->cursor);
}

const struct list_row *
list_selected(const struct list *l)
{
	return l->cursor < l->found_n ? l->found[l->cursor] : NULL;
}
