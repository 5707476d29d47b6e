/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The picker's model: what is found, in which order, and where cursor and window stand. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tests/tap.h"
#include "ui/list.h"

static void
add(struct list *l, const char *name, const char *labels, bool allowed)
{
	struct list_fields f = { .name = slice_from(name), .addr = slice_from("10.0.0.1"), .logins = slice_from("root"),
		.labels = slice_from(labels), .brief = slice_from("why"), .why = slice_from("a sentence"), .allowed = allowed };

	(void)list_add(l, &f);
}

static const char *
found(const struct list *l)
{
	static char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < l->found_n && n < sizeof(text) - 1; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i > 0 ? " " : "", l->found[i]->name);
	return text;
}

static void
test_search(void)
{
	static const struct { const char *query, *want; } cases[] = {
		{ "", "db-1 my-web web web-10 web-2 webserver 支付-1 aweb" },
		{ "web", "web web-10 web-2 webserver my-web aweb" },
		{ "WEB", "" },
		{ "web 10", "web-10 web web-2 webserver my-web aweb" },
		{ "prod web", "web-10 web-2" },
		{ "prod", "db-1 web-10 web-2" },
		{ "wsrv", "webserver" },
		{ "支", "支付-1" },
		{ "nothing", "" },
		{ "  ", "db-1 my-web web web-10 web-2 webserver 支付-1 aweb" },
	};
	struct list_fields bad = { .allowed = true };
	struct list l;

	list_init(&l);
	add(&l, "web-2", "env=prod", true);
	add(&l, "aweb", "", false);
	add(&l, "web", "", true);
	add(&l, "my-web", "", true);
	add(&l, "webserver", "", true);
	add(&l, "db-1", "env=prod", true);
	add(&l, "web-10", "env=prod", true);
	add(&l, "支付-1", "", true);
	list_refresh(&l);
	is(found(&l), "db-1 my-web web web-10 web-2 webserver 支付-1", "what may not be reached is not shown");
	ok(list_shown(&l) == 7 && list_selected(&l) == l.found[0], "nor counted");
	list_move_to(&l, 2);
	list_show_others(&l, true);
	is(list_selected(&l)->name, "web", "shown on demand; the cursor stays");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list_set_query(&l, cases[i].query);
		is(found(&l), cases[i].want, cases[i].query);
	}
	list_set_query(&l, "web");
	list_show_others(&l, false);
	is(found(&l), "web web-10 web-2 webserver my-web", "and hidden again, in the middle of a search");
	bad.name = slice_of("a\0b", 3);
	ok(list_add(&l, &bad) < 0, "a name with a NUL is refused");
	list_set_query(&l, "");
	for (const char *p = "prod web"; *p != '\0'; p++)
		list_type(&l, (uint32_t)*p);
	is(found(&l), "web-10 web-2", "typed letter by letter: the same");
	list_erase_word(&l);
	is(l.query.text, "prod ", "a word is erased");
	list_set_query(&l, "支付");
	list_erase(&l);
	is(l.query.text, "支", "a letter is erased whole");
	list_type(&l, 0x1b);
	is(l.query.text, "支", "control characters do not type");
	list_done(&l);
}

static void
test_case(void)
{
	struct list l;

	list_init(&l);
	add(&l, "Mail-Oslo", "", true);
	add(&l, "mail-oslo", "", true);
	add(&l, "old-web", "owner=Web", true);
	add(&l, "aweb-web", "", true);
	add(&l, "cobweb", "", true);
	list_set_query(&l, "mail");
	is(found(&l), "Mail-Oslo mail-oslo", "small letters find both");
	list_set_query(&l, "Mail");
	is(found(&l), "Mail-Oslo", "a capital is looked for as it stands");
	list_set_query(&l, "MO");
	is(found(&l), "Mail-Oslo", "in order too");
	list_set_query(&l, "mail Os");
	is(found(&l), "Mail-Oslo", "each word for itself");
	list_set_query(&l, "Web");
	is(found(&l), "old-web", "in the labels too");
	list_set_query(&l, "web");
	is(found(&l), "aweb-web old-web cobweb", "the best place in a name counts, not the first");
	for (const char *p = "Mai"; *p != '\0'; p++)
		list_type(&l, (uint32_t)*p);
	is(found(&l), "", "typed behind another word");
	list_done(&l);
}

/* The bytes of a column that are marked, as "^" below the text. */
static const char *
marks(const struct list *l, enum list_column c)
{
	static char text[128];
	unsigned char hits[128];
	size_t n = strlen(list_text(list_selected(l), c));

	list_hits(l, list_selected(l), c, hits, sizeof(hits));
	for (size_t i = 0; i < n; i++)
		text[i] = hits[i] != 0 ? '^' : '.';
	text[n] = '\0';
	return text;
}

static void
test_hits(void)
{
	struct list l;

	list_init(&l);
	add(&l, "aweb-web-1", "env=prod web=1", true);
	list_refresh(&l);
	is(marks(&l, LIST_NAME), "..........", "nothing is marked without a search");
	list_set_query(&l, "web prod");
	is(marks(&l, LIST_NAME), ".....^^^..", "in the name where it counts");
	is(marks(&l, LIST_LABELS), "....^^^^......", "else where it is");
	list_set_query(&l, "aw1");
	is(marks(&l, LIST_NAME), "^^.......^", "the letters in order");
	list_set_query(&l, "root 10.0");
	is(marks(&l, LIST_LOGINS), "^^^^", "in the logins");
	is(marks(&l, LIST_NAME), "..........", "what the address has is not in the name");
	list_set_query(&l, "why");
	ok(l.found_n == 0, "why a host is allowed is not searched");
	list_done(&l);
}

static void
test_late(void)
{
	struct list l;
	char name[16];

	list_init(&l);
	list_set_height(&l, 4);
	for (int i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "m%d", i);
		add(&l, name, "", true);
	}
	list_refresh(&l);
	list_move(&l, 5);
	ok(strcmp(list_selected(&l)->name, "m5") == 0 && l.top == 2, "a host is selected");
	add(&l, "a1", "", true);
	add(&l, "a2", "", true);
	add(&l, "z", "", true);
	list_update(&l);
	ok(strcmp(list_selected(&l)->name, "m5") == 0 && l.cursor == 7, "rows that come late leave the cursor on it");
	ok(l.cursor - l.top == 3, "and it in its line");
	list_set_query(&l, "m");
	list_move(&l, 3);
	add(&l, "m00", "", true);
	list_update(&l);
	is(list_selected(&l)->name, "m3", "in a search too");
	ok(list_move_to_name(&l, "m7") && strcmp(list_selected(&l)->name, "m7") == 0, "a host by its name");
	ok(!list_move_to_name(&l, "a1") && strcmp(list_selected(&l)->name, "m7") == 0, "unless it is not among them");
	list_done(&l);
}

static void
test_rows(void)
{
	struct list_fields f = { .name = slice_from("你好"), .why = slice_from("no permit") };
	struct list l;

	list_init(&l);
	list_show_others(&l, true);
	(void)list_add(&l, &f);
	list_refresh(&l);
	is(list_selected(&l)->brief, "denied: no permit", "a denied row says so, in the policy's words if there are no shorter ones");
	ok(l.widths[LIST_NAME][4] == 1 && l.widths[LIST_LABELS][0] == 1 && l.widths[LIST_WHY][17] == LIST_DENIED,
	    "widths are counted in columns");
	list_done(&l);
}

static void
test_window(void)
{
	struct list l;
	char name[16];

	list_init(&l);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "h%03d", i);
		add(&l, name, "", true);
	}
	list_refresh(&l);
	list_set_height(&l, 10);
	list_move(&l, -5);
	ok(l.cursor == 0 && l.top == 0, "not above the first");
	list_move(&l, 9);
	ok(l.cursor == 9 && l.top == 0, "within the window it stands still");
	list_move(&l, 1);
	ok(l.cursor == 10 && l.top == 1, "beyond, it follows");
	list_move(&l, 1000);
	ok(l.cursor == 99 && l.top == 90, "not below the last");
	list_set_height(&l, 20);
	ok(l.top == 80 && l.cursor == 99, "a taller window shows more");
	list_set_query(&l, "h09");
	ok(strcmp(l.found[0]->name, "h090") == 0 && l.cursor == 0 && l.top == 0, "a search starts at its best");
	list_set_query(&l, "none");
	ok(list_selected(&l) == NULL, "nothing found, nothing selected");
	list_move(&l, 1);
	ok(l.cursor == 0, "and nowhere to go");
	list_done(&l);
}

int
main(void)
{
	(void)setlocale(LC_ALL, "C.UTF-8");
	test_search();
	test_case();
	test_hits();
	test_rows();
	test_late();
	test_window();
	return tap_done();
}
