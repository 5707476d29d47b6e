/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "base/words.h"

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct slice
words_next(struct slice *line)
{
	size_t n = 0;
	struct slice word;

	while (line->n > 0 && is_blank(line->p[0]))
		*line = slice_of(line->p + 1, line->n - 1);
	while (n < line->n && !is_blank(line->p[n]))
		n++;
	word = slice_of(line->p, n);
	*line = slice_of(line->p + n, line->n - n);
	return word;
}

struct split {
	struct buf *store;
	struct slice *words;
	size_t n, max, from;
	bool open, *patterns;
};

static int
split_end(struct split *s)
{
	if (!s->open)
		return 0;
	if (s->n == s->max)
		return -EINVAL;
	/* Offsets first: the store may move while it grows. */
	s->words[s->n++] = (struct slice){ (const unsigned char *)(uintptr_t)s->from, s->store->len - s->from };
	s->open = false;
	return 0;
}

static void
split_begin(struct split *s)
{
	if (!s->open)
		s->from = s->store->len;
	s->open = true;
}

/* One quoted run; i stands on the quote and ends on the closing one. */
static int
split_quoted(struct split *s, struct slice c, size_t *i)
{
	unsigned char quote = c.p[*i];

	split_begin(s);
	while (++*i < c.n && c.p[*i] != quote) {
		unsigned char ch = c.p[*i];

		if (quote == '"' && (ch == '$' || ch == '`' || ch == '!'))
			return -EINVAL;
		/* fish takes \' in '' for a quote, and csh does not take \" in "" for one. */
		if (ch == '\\' && s->patterns == NULL)
			return -EINVAL;
		if (quote == '"' && ch == '\\') {
			if (++*i == c.n || strchr("\\\"", c.p[*i]) == NULL)
				return -EINVAL;
			ch = c.p[*i];
		}
		if (ch == '\n' || ch == '\0' || buf_u8(s->store, ch) != 0)
			return -EINVAL;
	}
	return *i < c.n ? 0 : -EINVAL;
}

static int
split_char(struct split *s, struct slice c, size_t *i)
{
	unsigned char ch = c.p[*i];

	if (ch == ' ' || ch == '\t')
		return split_end(s);
	if (ch == '\'' || ch == '"')
		return split_quoted(s, c, i);
	if (ch == '\\') {
		if (++*i == c.n)
			return -EINVAL;
		ch = c.p[*i];
	} else if (ch != '\0' && strchr("*?[]{}~", ch) != NULL) {
		if (s->patterns == NULL)
			return -EINVAL;
		*s->patterns = true;
	} else if (ch != '\0' && strchr("$;&|<>()`!#", ch) != NULL) {
		return -EINVAL;
	} else if (s->patterns == NULL && (ch == '^' || (ch == '=' && !s->open))) {
		return -EINVAL;                /* ^ was a pipe, and is a redirection or a pattern; zsh looks =ls up */
	}
	if (ch < 0x20 || ch == 0x7f)
		return -EINVAL;
	/* NAME=value in front is an assignment, not a command. */
	if (ch == '=' && s->n == 0)
		return -EINVAL;
	split_begin(s);
	return buf_u8(s->store, ch);
}

int
words_split(struct slice command, struct buf *store, struct slice *words, size_t max, bool *patterns)
{
	struct split s = { .store = store, .words = words, .max = max, .patterns = patterns };
	int r = 0;

	if (patterns != NULL)
		*patterns = false;
	buf_clear(store);
	for (size_t i = 0; r == 0 && i < command.n; i++)
		r = split_char(&s, command, &i);
	if (r == 0)
		r = split_end(&s);
	if (r != 0 || s.n == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.n; i++)
		words[i].p = store->p + (uintptr_t)words[i].p;
	return (int)s.n;
}
