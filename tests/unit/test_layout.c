/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The picker without its screen: where its parts stand, how wide columns are, how text is cut, wrapped and scrolled. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tests/tap.h"
#include "ui/layout.h"
#include "ui/page.h"
#include "ui/width.h"

static void
add(struct list *l, const char *name, const char *logins, const char *labels, const char *why)
{
	struct list_fields f = { .name = slice_from(name), .logins = slice_from(logins), .labels = slice_from(labels),
		.why = slice_from(why), .allowed = true };

	(void)list_add(l, &f);
}

/* No two parts share a line, and none is outside. */
static bool
is_whole(const struct layout *l)
{
	const struct span all[] = { l->title, l->search, l->header, l->list, l->pane, l->notice, l->footer };
	int owner, sum = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].n < 0 || all[i].y < 0 || (all[i].n > 0 && all[i].y + all[i].n > l->rows))
			return false;
		sum += all[i].n;
	}
	for (int y = 0; y < l->rows; y++) {
		owner = 0;
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			owner += y >= all[i].y && y < all[i].y + all[i].n;
		if (owner != 1)
			return false;
	}
	return sum == l->rows;
}

static void
test_layout(void)
{
	struct layout l;
	bool whole = true, rows = true, panes = true;
	int line;

	for (int y = 1; y < 80; y++)
		for (int pane = 0; pane < 12; pane += 3)
			for (int notice = 0; notice < 5; notice++) {
				layout_make(&l, y, 80, pane, notice);
				whole = whole && is_whole(&l);
				rows = rows && (pane > 0 || l.list.n > 0);
				panes = panes && (pane == 0 || l.pane.n > 0);
			}
	ok(whole, "parts fill every window and never overlap");
	ok(rows, "there is always a row of the list, if nothing is open over it");
	ok(panes, "and always something of what is open");
	layout_make(&l, 24, 80, 0, 0);
	ok(l.title.n == 1 && l.search.y == 1 && l.header.y == 2 && l.list.y == 3 && l.list.n == 20 && l.footer.y == 23, "of 24 lines each part has its own");
	layout_make(&l, 4, 40, 0, 0);
	ok(l.search.n == 1 && l.list.n == 3 && l.title.n + l.header.n + l.footer.n == 0, "of 4 lines search and list have all");
	layout_make(&l, 24, 80, 1000, 0);
	ok(l.pane.n == 8 && l.list.n == 12 && l.pane.y == 15, "a pane takes two fifths");
	layout_make(&l, 24, 80, 3, 0);
	ok(l.pane.n == 3 && l.list.n == 17, "or what it needs");
	layout_make(&l, 5, 20, 1000, 0);
	ok(l.pane.n == 3 && l.list.n == 0 && l.pane.y == 1, "in a low window all");
	layout_make(&l, 24, 80, 0, 2);
	ok(l.notice.n == 2 && l.footer.n == 0 && l.list.n == 19, "a message takes the footer's place, and more");
	ok(layout_holds(l.list, 3, &line) && line == 0 && !layout_holds(l.list, 22, &line), "a click hits what is there");
}

static const char *
widths_of(const struct list *list, int cols)
{
	static char text[64];
	int w[LIST_COLUMNS], sum = LAYOUT_MARK - COLUMNS_GAP;

	layout_columns(list, cols, w);
	for (int i = 0; i < LIST_COLUMNS; i++)
		sum += w[i] > 0 ? w[i] + COLUMNS_GAP : 0;
	(void)snprintf(text, sizeof(text), "%d %d %d %d%s", w[0], w[1], w[2], w[3], sum > cols ? " too wide" : "");
	return text;
}

static void
test_columns(void)
{
	struct list l;
	char name[32];
	bool fits = true;

	list_init(&l);
	is(widths_of(&l, 80), "77 0 0 0", "without rows the name has all");
	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "host-%d", i + 10);
		add(&l, name, "root", "env=prod tier=web", "sre-shell (policy.conf:12), mfa");
	}
	is(widths_of(&l, 200), "7 5 17 31", "as wide as what is in them, or their heads");
	is(widths_of(&l, 69), "7 5 17 31", "no wider than they need");
	is(widths_of(&l, 66), "7 5 15 30", "the labels give way first");
	is(widths_of(&l, 50), "7 5 17 0", "then why goes");
	is(widths_of(&l, 24), "7 5 0 0", "then the labels");
	is(widths_of(&l, 14), "11 0 0 0", "then the logins");
	add(&l, "one-with-a-very-long-name-among-many.internal", "root", "", "");
	is(widths_of(&l, 80), "19 5 17 30", "one long name gets what is left");
	is(widths_of(&l, 66), "7 5 15 30", "and does not take the others' room");
	add(&l, "你好-你好-你好-你好-你好-你好", "root", "", "");
	is(widths_of(&l, 80), "24 5 12 30", "two of 22 may take of the labels'");
	list_set_query(&l, "host");
	is(widths_of(&l, 80), "24 5 12 30", "what is searched changes nothing");
	for (int cols = 1; cols < 300; cols++)
		fits = fits && strstr(widths_of(&l, cols), "too wide") == NULL;
	ok(fits, "they fit in every width");
	list_done(&l);
	list_init(&l);
	add(&l, "a", "root", "", "why");
	is(widths_of(&l, 80), "4 5 0 3", "a column with nothing in it is not there");
	list_done(&l);
}

static void
test_width(void)
{
	struct slice next;
	int taken;

	ok(width_of(slice_from("支付-1")) == 6, "wide characters are two columns");
	ok(width_of(slice_from("a\033[31mb")) == 10, "a control is spelt out");
	ok(width_fit(slice_from("支付"), 3, &taken) == 3 && taken == 2, "half a character does not fit");
	is((const char *)width_tail(slice_from("支付abc"), 4).p, "abc", "the end that fits");
	ok(width_line(slice_from("one two three"), 8, &next) == 8 && slice_is(next, "three"), "a line is broken at a blank");
	ok(width_line(slice_from("longer-than-that x"), 6, &next) == 6 && slice_is(next, "-than-that x"), "a word in itself if it must be");
	ok(width_line(slice_from("支"), 1, &next) == 3 && next.n == 0, "it always goes on");
}

static void
fill(struct page *p, int height, int cols)
{
	page_begin(p, height, cols, 10);
	page_add(p, "", "a sentence over the whole width");
	page_add(p, "access", "allowed");
	page_add(p, "policy", "one two three four five six seven");
	page_end(p);
}

static void
test_page(void)
{
	struct page p = { .top = 0 };
	char place[32];

	fill(&p, 10, 40);
	ok(p.n == 4 && p.lines[3].x == 10 && !page_is_cut(&p), "values stand in their column, wrapped");
	is(page_place(&p, place, sizeof(place)), "", "all is to be seen");
	fill(&p, 3, 20);
	ok(p.n == 5 && p.lines[2].x == 7 && p.lines[4].x == 1, "in a narrow window behind their names");
	page_scroll(&p, 2);
	is(page_place(&p, place, sizeof(place)), "3-5/5", "what is to be seen of more");
	page_scroll(&p, 100);
	ok(p.top == 2, "not beyond the end");
	fill(&p, 4, 20);
	ok(p.top == 1, "a higher window shows more");
	page_scroll(&p, -100);
	ok(p.top == 0, "not before the beginning");
	page_begin(&p, 3, 20, 10);
	for (int i = 0; i < PAGE_LINES_MAX + 10; i++)
		page_add(&p, "x", "y");
	ok(p.n == PAGE_LINES_MAX, "it has an end");
}

int
main(void)
{
	(void)setlocale(LC_ALL, "C.UTF-8");
	test_layout();
	test_columns();
	test_width();
	test_page();
	return tap_done();
}
