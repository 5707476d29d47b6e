/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/list.h"

enum { EXACT = 1000, PREFIX = 800, WORD_START = 600, IN_NAME = 400, IN_ROW = 200, LETTERS = 50 };

void
list_init(struct list *l)
{
	*l = (struct list){ .height = 1 };
}

static void
row_free(struct list_row *r)
{
	free(r->name);
	free(r->addr);
	free(r->logins);
	free(r->labels);
	free(r->why);
	free(r->hay);
	free(r);
}

void
list_done(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		row_free(l->rows[i]);
	free(l->rows);
	free(l->found);
	list_init(l);
}

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

static uint64_t
mask_of(const char *text)
{
	uint64_t m = 0;

	for (; *text != '\0'; text++)
		m |= 1ull << ((unsigned char)*text & 63);
	return m;
}

static char *
hay_of(const struct list_row *r)
{
	struct buf b;
	char *hay;

	buf_init(&b, 65536);
	(void)buf_printf(&b, "%s %s %s %s", r->name, r->addr, r->labels, r->logins);
	hay = slice_dup(buf_slice(&b));
	buf_done(&b);
	for (char *p = hay; p != NULL && *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return hay;
}

static bool
has_nul(struct slice s)
{
	return s.n > 0 && memchr(s.p, '\0', s.n) != NULL;
}

int
list_add(struct list *l, struct slice name, struct slice addr, struct slice logins, struct slice labels, bool allowed,
    struct slice why)
{
	struct list_row *r;
	int e;

	if (has_nul(name) || has_nul(addr) || has_nul(logins) || has_nul(labels) || has_nul(why))
		return -EINVAL;
	e = list_grow(l);
	if (e != 0)
		return e;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	r->name = slice_dup(name);
	r->addr = slice_dup(addr);
	r->logins = slice_dup(logins);
	r->labels = slice_dup(labels);
	r->why = slice_dup(why);
	r->allowed = allowed;
	r->name_n = name.n;
	if (r->name == NULL || r->addr == NULL || r->logins == NULL || r->labels == NULL || r->why == NULL ||
	    (r->hay = hay_of(r)) == NULL) {
		row_free(r);
		return -ENOMEM;
	}
	r->mask = mask_of(r->hay);
	l->rows[l->n++] = r;
	l->sorted = false;
	return 0;
}

/* ---- matching ---- */

static bool
in_order(const char *hay, size_t n, const char *word)
{
	for (size_t i = 0; i < n && *word != '\0'; i++)
		if (hay[i] == *word)
			word++;
	return *word == '\0';
}

static int
word_score(const struct list_row *r, const char *word)
{
	size_t n = strlen(word);
	const char *at = strstr(r->hay, word);

	if (at == NULL)
		return in_order(r->hay, r->name_n, word) ? LETTERS : 0;
	if ((size_t)(at - r->hay) + n > r->name_n)
		return IN_ROW;
	if (at == r->hay)
		return n == r->name_n ? EXACT : PREFIX;
	return isalnum((unsigned char)at[-1]) ? IN_NAME : WORD_START;
}

/* All words, each in lower case and without blanks. */
static int
row_score(const struct list_row *r, char words[][LIST_QUERY_MAX + 1], size_t n, uint64_t mask)
{
	int sum = 1, one;

	if ((mask & ~r->mask) != 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		one = word_score(r, words[i]);
		if (one == 0)
			return 0;
		sum += one;
	}
	return sum;
}

static size_t
words_of(const char *query, char words[][LIST_QUERY_MAX + 1], size_t max)
{
	size_t n = 0, len;

	while (n < max) {
		query += strspn(query, " ");
		len = strcspn(query, " ");
		if (len == 0)
			break;
		for (size_t i = 0; i < len; i++)
			words[n][i] = (char)tolower((unsigned char)query[i]);
		words[n++][len] = '\0';
		query += len;
	}
	return n;
}

static int
by_name(const void *a, const void *b)
{
	const struct list_row *x = *(struct list_row *const *)a, *y = *(struct list_row *const *)b;

	return x->allowed != y->allowed ? (x->allowed ? -1 : 1) : strcmp(x->name, y->name);
}

/* Rows are sorted by name already: equal scores keep that order through their addresses in rows. */
static int
by_score(const void *a, const void *b)
{
	const struct list_row *x = *(struct list_row *const *)a, *y = *(struct list_row *const *)b;

	if (x->allowed != y->allowed)
		return x->allowed ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* narrowing: only what was found before can be found by a longer query. */
static void
filter(struct list *l, bool narrowing)
{
	static char words[16][LIST_QUERY_MAX + 1];
	struct list_row **from = narrowing ? l->found : l->rows;
	size_t from_n = narrowing ? l->found_n : l->n, n = words_of(l->query, words, 16), out = 0;
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= mask_of(words[i]);
	for (size_t i = 0; i < from_n; i++) {
		from[i]->score = row_score(from[i], words, n, mask);
		if (from[i]->score > 0)
			l->found[out++] = from[i];
	}
	l->found_n = out;
	if (n > 0 && l->found_n > 0)
		qsort(l->found, l->found_n, sizeof(*l->found), by_score);
	list_move_to(l, 0);
}

void
list_refresh(struct list *l)
{
	if (!l->sorted && l->n > 0)
		qsort(l->rows, l->n, sizeof(*l->rows), by_name);
	l->sorted = true;
	filter(l, false);
}

void
list_set_query(struct list *l, const char *query)
{
	size_t n = strlen(query);

	if (n > LIST_QUERY_MAX || !text_is_utf8(slice_from(query)))
		return;
	memmove(l->query, query, n + 1);
	list_refresh(l);
}

void
list_type(struct list *l, uint32_t rune)
{
	struct buf b;
	size_t n = strlen(l->query);

	buf_init(&b, 8);
	if (rune >= 0x20 && rune != 0x7f && text_put_rune(&b, rune) == 0 && n + b.len <= LIST_QUERY_MAX) {
		memcpy(l->query + n, b.p, b.len);
		l->query[n + b.len] = '\0';
		filter(l, l->sorted);
	}
	buf_done(&b);
}

void
list_erase(struct list *l)
{
	size_t n = strlen(l->query);

	if (n == 0)
		return;
	do
		n--;
	while (n > 0 && ((unsigned char)l->query[n] & 0xc0) == 0x80);
	l->query[n] = '\0';
	list_refresh(l);
}

void
list_erase_word(struct list *l)
{
	size_t n = strlen(l->query);

	while (n > 0 && l->query[n - 1] == ' ')
		n--;
	while (n > 0 && l->query[n - 1] != ' ')
		n--;
	l->query[n] = '\0';
	list_refresh(l);
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
