/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One output, three writers. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/out.h"
#include "ctl/record.h"
#include "tests/tap.h"

static const struct out_column columns[] = {
	{ "name", OUT_STRING, 0 }, { "n", OUT_NUMBER, 0 }, { "list", OUT_LIST, 0 }, { "on", OUT_BOOL, 0 },
	{ "at", OUT_TIME, 1 }, { NULL, 0, 0 },
};

static char *
printed(enum out_format format, bool one, int rows)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct out *o = out_new(f, format, columns, one);

	for (int i = 0; i < rows; i++) {
		out_cstr(o, i == 0 ? "a\x1b[2Jb" : "\xe4\xbd\xa0,\"=1");
		out_number(o, i - 1);
		out_cstr(o, i == 0 ? "" : "x,y");
		out_bool(o, i == 0);
		out_time(o, i == 0 ? 0 : 1500000);
	}
	ok(out_end(o) == 0, "ends well");
	fclose(f);
	return text;
}

static void
expect(enum out_format format, bool one, int rows, const char *want, const char *what)
{
	char *got = printed(format, one, rows);

	is(got, want, what);
	free(got);
}

static void
test_formats(void)
{
	expect(OUT_TEXT, false, 2,
	    "name       n   list  on\na\\x1b[2Jb  -1        yes\n\xe4\xbd\xa0,\"=1     0   x,y   no\n", "text");
	expect(OUT_JSON, false, 0, "[]\n", "JSON, nothing");
	expect(OUT_JSON, false, 2,
	    "[\n{\"name\":\"a\\u001b[2Jb\",\"n\":-1,\"list\":[],\"on\":true,\"at\":null},\n"
	    "{\"name\":\"\xe4\xbd\xa0,\\\"=1\",\"n\":0,\"list\":[\"x\",\"y\"],\"on\":false,\"at\":\"1970-01-01T00:00:01.500000Z\"}\n]\n",
	    "JSON");
	expect(OUT_JSON, true, 1, "{\"name\":\"a\\u001b[2Jb\",\"n\":-1,\"list\":[],\"on\":true,\"at\":null}\n", "one object");
	expect(OUT_TEXT, false, 0, "", "text, nothing");
}

/* What an export writes, verify reads. */
static void
test_records(void)
{
	struct db_event in = { .id = 7, .leaf = 9, .t_us = 1500000, .mono_us = -1, .boot = "b", .class_uid = 3002, .ok = 1,
	    .actor = "al\"ice\\", .session = "", .host = "h\xc3\xa9", .src = "::1", .text = "tab\there\x01", .detail = "{\"a\":1}" };
	struct db_event out = { 0 };
	struct buf line, arena, again;
	struct slice text, one;

	buf_init(&line, 65536);
	buf_init(&arena, 65536);
	buf_init(&again, 65536);
	ok(record_json(&line, record_events, &in) == 0, "a row is written");
	text = buf_slice(&line);
	ok(take_part(&text, '\n', &one) && record_parse(one, record_events, &out, &arena) == 0, "and read again");
	is(out.text, in.text, "text");
	is(out.actor, in.actor, "actor");
	is(out.host, in.host, "host");
	ok(out.id == 7 && out.leaf == 9 && out.mono_us == -1 && out.class_uid == 3002 && out.ok == 1, "with the same numbers");
	ok(record_json(&again, record_events, &out) == 0 && slice_eq(buf_slice(&again), buf_slice(&line)), "and the same again");
	for (size_t n = 0; n < one.n; n++) {
		buf_clear(&arena);
		if (record_parse(slice_of(one.p, n), record_events, &out, &arena) == 0)
			ok(false, "cut to %zu bytes", n);
	}
	buf_done(&line);
	buf_done(&arena);
	buf_done(&again);
}

int
main(void)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	test_formats();
	test_records();
	return tap_done();
}
