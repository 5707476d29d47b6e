/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What SSH user names mean. */
#include <errno.h>
#include <string.h>

#include "gate/names.h"
#include "tests/tap.h"

static bool
is_user(void *arg, struct slice name)
{
	const char *const *users = arg;

	for (; *users != NULL; users++)
		if (slice_is(name, *users))
			return true;
	return false;
}

static const char *const users[] = { "alice", "alice@example.org", "bob", "odd+name", NULL };

static const struct {
	const char *raw;
	int r;
	const char *user, *login, *host, *code;
} cases[] = {
	{ "alice", 0, "alice", "", "", "" },
	{ "alice+web1", 0, "alice", "", "web1", "" },
	{ "alice+root+web1", 0, "alice", "root", "web1", "" },
	{ "alice+e-abcdefghijkmnpqr", 0, "alice", "", "", "e-abcdefghijkmnpqr" },
	{ "alice+e-abcdefghijkmnpqr+web1", 0, "alice", "", "web1", "e-abcdefghijkmnpqr" },
	{ "new+e-abcdefghijkmnpqr", 0, "new", "", "", "e-abcdefghijkmnpqr" },
	{ "alice+e-short", 0, "alice", "", "e-short", "" },
	{ "alice@example.org+web1", 0, "alice@example.org", "", "web1", "" },
	{ "nobody+root+web1", 0, "nobody", "root", "web1", "" },
	{ "alice+10.0.0.1", 0, "alice", "", "10.0.0.1", "" },
	{ "alice+2001:db8::1", 0, "alice", "", "2001:db8::1", "" },
	{ "", -EINVAL, "", "", "", "" },
	{ "alice+", -EINVAL, "", "", "", "" },
	{ "+web1", -EINVAL, "", "", "", "" },
	{ "alice+a+b+c", -EINVAL, "", "", "", "" },
	{ "alice\x1b[2J", -EINVAL, "", "", "", "" },
	{ "alice web1", -EINVAL, "", "", "", "" },
	{ "../etc/passwd", -EINVAL, "", "", "", "" },
	{ "alice+\xff", -EINVAL, "", "", "", "" },
};

static void
test_split(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct names n = { 0 };
		int r = names_split(slice_from(cases[i].raw), is_user, (void *)(uintptr_t)users, &n);

		ok(r == cases[i].r && slice_is(n.user, cases[i].user) && slice_is(n.login, cases[i].login) &&
		    slice_is(n.host, cases[i].host) && slice_is(n.code, cases[i].code), "case %zu", i);
	}
}

static void
test_limits(void)
{
	char raw[NAMES_MAX + 2];
	struct names n;

	memset(raw, 'a', sizeof(raw));
	ok(names_split(slice_of(raw, NAMES_MAX + 1), is_user, (void *)(uintptr_t)users, &n) == -ENAMETOOLONG, "256 bytes");
	ok(names_split(slice_of(raw, NAMES_MAX), is_user, (void *)(uintptr_t)users, &n) == -EINVAL, "255 bytes, not a user name");
	ok(names_split(slice_of("a\0b", 3), is_user, (void *)(uintptr_t)users, &n) == -EINVAL, "a NUL");
}

static void
test_codes(void)
{
	char a[CODE_TEXT + 1], b[CODE_TEXT + 1];

	ok(names_new_code(a) == 0 && names_new_code(b) == 0, "two codes");
	ok(names_is_code(slice_from(a)) && names_is_code(slice_from(b)), "have the form of codes");
	ok(strcmp(a, b) != 0, "and differ");
	ok(!names_is_code(slice_from("e-abcdefghijkmnpq0")), "0 is not in the alphabet");
}

static void
test_lists(void)
{
	struct slice rest = slice_from(",a,,bc,"), word;

	ok(names_next(&rest, &word) && slice_is(word, "a") && names_next(&rest, &word) && slice_is(word, "bc") &&
	    !names_next(&rest, &word), "empty words are skipped");
	ok(names_in_list("ops,root", slice_from("root")) && !names_in_list("ops,root", slice_from("roo")), "whole words only");
}

int
main(void)
{
	test_split();
	test_limits();
	test_codes();
	test_lists();
	return tap_done();
}
