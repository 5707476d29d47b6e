/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The picker's model: what is found, in which order, and where cursor and window stand. */
#include <stdio.h>
#include <string.h>

#include "tests/tap.h"
#include "ui/list.h"

static void
add(struct list *l, const char *name, const char *labels, bool allowed)
{
	(void)list_add(l, slice_from(name), slice_from("10.0.0.1"), slice_from("root"), slice_from(labels), allowed,
	    slice_from(""));
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
		{ "WEB", "web web-10 web-2 webserver my-web aweb" },
		{ "web 10", "web-10 web web-2 webserver my-web aweb" },
		{ "prod web", "web-10 web-2" },
		{ "prod", "db-1 web-10 web-2" },
		{ "wsrv", "webserver" },
		{ "支", "支付-1" },
		{ "nothing", "" },
		{ "  ", "db-1 my-web web web-10 web-2 webserver 支付-1 aweb" },
	};
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
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		list_set_query(&l, cases[i].query);
		is(found(&l), cases[i].want, cases[i].query);
	}
	ok(list_add(&l, slice_of("a\0b", 3), slice_from(""), slice_from(""), slice_from(""), true, slice_from("")) < 0,
	    "a name with a NUL is refused");
	list_set_query(&l, "");
	for (const char *p = "prod web"; *p != '\0'; p++)
		list_type(&l, (uint32_t)*p);
	is(found(&l), "web-10 web-2", "typed letter by letter: the same");
	list_erase_word(&l);
	is(l.query, "prod ", "a word is erased");
	list_set_query(&l, "支付");
	list_erase(&l);
	is(l.query, "支", "a letter is erased whole");
	list_type(&l, 0x1b);
	is(l.query, "支", "control characters do not type");
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
	test_search();
	test_window();
	return tap_done();
}
