/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "ui/width.h"

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

bool
width_piece(struct slice *s, struct piece *ret)
{
	struct slice from = *s;
	uint32_t rune;
	bool good;

	if (s->n > 0 && is_plain(*s->p)) {
		*ret = (struct piece){ .text = { (char)*s->p }, .n = 1, .columns = 1 };
		*s = slice_of(s->p + 1, s->n - 1);
		return true;
	}
	if (!text_rune(s, &rune, &good))
		return false;
	(void)text_cleaned(slice_of(from.p, from.n - s->n), ret->text, sizeof(ret->text));
	ret->n = strlen(ret->text);
	ret->columns = ret->n == from.n - s->n && good ? wcwidth((wchar_t)rune) : (int)ret->n;
	if (ret->columns < 0) {                /* shown by some terminals, unknown to this C library */
		*ret = (struct piece){ .text = "\xef\xbf\xbd", .n = 3, .columns = 1 };
	}
	return true;
}

int
width_of(struct slice s)
{
	struct piece p;
	int n = 0;

	while (width_piece(&s, &p))
		n += p.columns;
	return n;
}

size_t
width_fit(struct slice s, int columns, int *taken)
{
	struct slice left = s;
	struct piece p;
	size_t n = 0;

	*taken = 0;
	while (width_piece(&left, &p) && *taken + p.columns <= columns) {
		*taken += p.columns;
		n = s.n - left.n;
	}
	return n;
}

struct slice
width_tail(struct slice s, int columns)
{
	int over = width_of(s) - columns;
	struct piece p;

	while (over > 0 && width_piece(&s, &p))
		over -= p.columns;
	return s;
}

static size_t
blanks(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

size_t
width_line(struct slice s, int columns, struct slice *next)
{
	struct slice rest = s;
	struct piece p;
	int taken;
	size_t n = width_fit(s, columns, &taken), cut = n;

	if (n == 0 && width_piece(&rest, &p))
		n = cut = s.n - rest.n;
	while (n < s.n && cut > 0 && s.p[cut] != ' ' && s.p[cut - 1] != ' ')
		cut--;
	n = cut > 0 ? cut : n;
	rest = slice_of(s.p + n, s.n - n);
	*next = slice_of(rest.p + blanks(rest), rest.n - blanks(rest));
	return n;
}
