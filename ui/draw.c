/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/text.h"
#include "ui/draw.h"

static int
rune_width(uint32_t rune)
{
	int w = wcwidth((wchar_t)rune);

	return w < 0 ? 1 : w;
}

/* Foreign text in a form that a terminal only shows. */
static const char *
safe(struct slice text, char *out, size_t size)
{
	return text_escaped(text, out, size);
}

int
draw_width(struct slice text)
{
	char out[2048];
	struct slice s = slice_from(safe(text, out, sizeof(out)));
	uint32_t rune;
	bool good;
	int n = 0;

	while (text_rune(&s, &rune, &good))
		n += rune_width(rune);
	return n;
}

/* Bytes of s that fit in width columns, and the columns they take. */
static size_t
fit(struct slice s, int width, int *columns)
{
	struct slice left = s;
	size_t bytes = 0;
	uint32_t rune;
	bool good;

	*columns = 0;
	while (text_rune(&left, &rune, &good)) {
		int w = rune_width(rune);

		if (*columns + w > width)
			break;
		*columns += w;
		bytes = s.n - left.n;
	}
	return bytes;
}

int
draw_text(int y, int x, int width, struct slice text, unsigned long attributes)
{
	char out[2048];
	struct slice s = slice_from(safe(text, out, sizeof(out)));
	int columns;
	size_t n;

	if (width <= 0)
		return 0;
	n = fit(s, width, &columns);
	if (n < s.n && width > 1)
		n = fit(s, width - 1, &columns);
	(void)attrset((attr_t)attributes);
	(void)mvaddnstr(y, x, (const char *)s.p, (int)n);
	if (n < s.n && columns < width) {
		(void)addch('~');
		columns++;
	}
	for (; columns < width; columns++)
		(void)addch(' ');
	(void)attrset(A_NORMAL);
	return width;
}

int
draw_wrapped(int y, int x, int width, int height, struct slice text, unsigned long attributes)
{
	char out[2048];
	struct slice s = slice_from(safe(text, out, sizeof(out)));
	int lines = 0, columns;

	while (s.n > 0 && lines < height && width > 0) {
		size_t n = fit(s, width, &columns), cut = n;

		while (n < s.n && cut > 0 && s.p[cut] != ' ' && s.p[cut - 1] != ' ')
			cut--;
		n = cut > 0 ? cut : n > 0 ? n : s.n;
		(void)draw_text(y + lines++, x, width, slice_of(s.p, n), attributes);
		s = slice_of(s.p + n, s.n - n);
		while (s.n > 0 && *s.p == ' ')
			s = slice_of(s.p + 1, s.n - 1);
	}
	return lines;
}
