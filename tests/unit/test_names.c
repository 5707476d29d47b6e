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

static const char *const users[] = { "alice", "alice@example.org", "alice+ops", "bob", "bob@corp", "carol#1", "dave:x", "u.v-w_x", NULL };

#define CODE "e-abcdefghijkmnpqr"
#define JS   NAMES_JUMPSERVER
#define WG   NAMES_WARPGATE
#define NO   -EINVAL, "", "", "", ""

static const struct {
	const char *raw;
	unsigned formats;
	int r;
	const char *user, *login, *host, *code;
} cases[] = {
	/* the canonical form */
	{ "alice", 0, 0, "alice", "", "", "" },
	{ "alice+web1", 0, 0, "alice", "", "web1", "" },
	{ "alice+root+web1", 0, 0, "alice", "root", "web1", "" },
	{ "alice+root+web1.example.org", 0, 0, "alice", "root", "web1.example.org", "" },
	{ "alice+bob@corp+web1", 0, 0, "alice", "bob@corp", "web1", "" },
	{ "alice+10.0.0.1", 0, 0, "alice", "", "10.0.0.1", "" },
	{ "alice+10.0.0.1:2222", 0, 0, "alice", "", "10.0.0.1:2222", "" },
	{ "alice+2001:db8::1", 0, 0, "alice", "", "2001:db8::1", "" },
	{ "alice+root+[2001:db8::1]:2222", 0, 0, "alice", "root", "[2001:db8::1]:2222", "" },
	{ "alice+\xe6\x94\xaf\xe4\xbb\x98", 0, 0, "alice", "", "\xe6\x94\xaf\xe4\xbb\x98", "" },
	{ "u.v-w_x+web1", 0, 0, "u.v-w_x", "", "web1", "" },
	{ "nobody", 0, 0, "nobody", "", "", "" },
	{ "nobody+root+web1", 0, 0, "nobody", "root", "web1", "" },
	{ "nobody@example.org+web1", 0, 0, "nobody@example.org", "", "web1", "" },
	/* the longest existing user wins */
	{ "alice@example.org", 0, 0, "alice@example.org", "", "", "" },
	{ "alice@example.org+web1", 0, 0, "alice@example.org", "", "web1", "" },
	{ "alice+ops", 0, 0, "alice+ops", "", "", "" },
	{ "alice+ops+web1", 0, 0, "alice+ops", "", "web1", "" },
	{ "alice+ops+root+web1", 0, 0, "alice+ops", "root", "web1", "" },
	{ "alice+opsx+web1", 0, 0, "alice", "opsx", "web1", "" },
	{ "alice@example.org@root@web1", JS, 0, "alice@example.org", "root", "web1", "" },
	{ "alice@example.org#root#web1", JS, 0, "alice@example.org", "root", "web1", "" },
	{ "bob@corp@web1", JS, 0, "bob", "corp", "web1", "" },
	{ "bob@corp@root@web1", JS, 0, "bob@corp", "root", "web1", "" },
	{ "bob@corp", JS, 0, "bob@corp", "", "", "" },
	{ "bob@corp", 0, 0, "bob@corp", "", "", "" },
	{ "carol#1#root#web1", JS, 0, "carol#1", "root", "web1", "" },
	{ "dave:x:web1", WG, 0, "dave:x", "", "web1", "" },
	{ "dave:x+web1", 0, 0, "dave:x", "", "web1", "" },
	/* other bastions' forms, only where they are switched on */
	{ "alice@root@web1", JS, 0, "alice", "root", "web1", "" },
	{ "alice#root#web1", JS, 0, "alice", "root", "web1", "" },
	{ "alice@ssh@root@web1", JS, 0, "alice", "root", "web1", "" },
	{ "alice#sftp#root#web1", JS, 0, "alice", "root", "web1", "" },
	{ "alice@root@10.0.0.1:2222", JS, 0, "alice", "root", "10.0.0.1:2222", "" },
	{ "nobody@root@web1", JS, 0, "nobody", "root", "web1", "" },
	{ "nobody#root#web1", JS, 0, "nobody", "root", "web1", "" },
	{ "nobody@example.org", JS, 0, "nobody@example.org", "", "", "" },
	{ "alice@root@web1", 0, 0, "alice@root@web1", "", "", "" },
	{ "alice@root@web1", WG, 0, "alice@root@web1", "", "", "" },
	{ "alice#root#web1", 0, NO },
	{ "alice@mysql@root@db1", JS, 0, "alice@mysql@root@db1", "", "", "" },
	{ "alice:web1", WG, 0, "alice", "", "web1", "" },
	{ "alice:root:web1", WG, 0, "alice", "root", "web1", "" },
	{ "alice#web1", WG, 0, "alice", "", "web1", "" },
	{ "alice#web1", WG | JS, 0, "alice", "", "web1", "" },
	{ "alice#root#web1", WG | JS, 0, "alice", "root", "web1", "" },
	{ "alice:10.0.0.1", WG, 0, "alice", "", "10.0.0.1", "" },
	{ "alice:10.0.0.1:2222", WG, 0, "alice", "", "10.0.0.1:2222", "" },
	{ "alice:2001:db8::1", WG, 0, "alice", "", "2001:db8::1", "" },
	{ "alice:root:2001:db8::1", WG, 0, "alice", "root", "2001:db8::1", "" },
	{ "alice:root:[2001:db8::1]:22", WG, 0, "alice", "root", "[2001:db8::1]:22", "" },
	{ "nobody:web1", WG, 0, "nobody", "", "web1", "" },
	{ "alice:web1", 0, NO },
	{ "alice:web1", JS, NO },
	{ "alice#web1", JS, NO },
	{ "alice#root#web1", WG, NO },
	{ "alice:a:b:c", WG, NO },
	{ "alice@root+web1", JS | WG, 0, "alice@root", "", "web1", "" },
	{ "alice+root@web1", JS | WG, 0, "alice", "", "root@web1", "" },
	/* enrolment codes: behind the user, and nowhere else */
	{ "alice+" CODE, 0, 0, "alice", "", "", CODE },
	{ "alice+" CODE "+web1", 0, 0, "alice", "", "web1", CODE },
	{ "alice+" CODE "+root+web1", 0, 0, "alice", "root", "web1", CODE },
	{ "new+" CODE, 0, 0, "new", "", "", CODE },
	{ "new@example.org+" CODE "+web1", JS | WG, 0, "new@example.org", "", "web1", CODE },
	{ "alice+e-short", 0, 0, "alice", "", "e-short", "" },
	{ "alice+root+" CODE, 0, NO },
	{ "alice+web1+" CODE "+web1", 0, NO },
	{ "alice+" CODE "+" CODE, 0, NO },
	{ "alice+" CODE "+a+b+c", 0, NO },
	{ "alice+" CODE "+", 0, NO },
	{ "alice@" CODE "@web1", JS, NO },
	{ "alice:" CODE, WG, NO },
	{ CODE, 0, NO },
	{ CODE "+web1", 0, NO },
	{ "x" CODE "y", 0, NO },
	/* what is no name */
	{ "", 0, NO },
	{ "+", 0, NO },
	{ "++", 0, NO },
	{ "+++", 0, NO },
	{ "a+", 0, NO },
	{ "+a", 0, NO },
	{ "a++b", 0, NO },
	{ "alice+", 0, NO },
	{ "alice++web1", 0, NO },
	{ "alice+root+", 0, NO },
	{ "alice+a+b+c", 0, NO },
	{ "@", JS, NO },
	{ "alice@", JS, 0, "alice@", "", "", "" },
	{ "alice@@web1", JS, 0, "alice@@web1", "", "", "" },
	{ "@root@web1", JS, NO },
	{ "alice##web1", JS | WG, NO },
	{ ":", WG, NO },
	{ "alice:", WG, NO },
	{ ":web1", WG, NO },
	{ "alice::web1", WG, NO },
	{ "alice:root:", WG, NO },
	{ "alice web1", 0, NO },
	{ "alice+web 1", 0, NO },
	{ "alice\n", 0, NO },
	{ "alice+web1\n", 0, NO },
	{ "alice\x1b[2J", 0, NO },
	{ "alice+\x1b]0;x\x07", 0, NO },
	{ "alice+\x7f", 0, NO },
	{ "alice\t+web1", 0, NO },
	{ "alice+\xff", 0, NO },
	{ "alice+\xc0\xaf", 0, NO },
	{ "alice+\xed\xa0\x80", 0, NO },
	{ "\xe6\x94", 0, NO },
	{ "../etc/passwd", 0, NO },
	{ "-oProxyCommand=x", 0, NO },
	{ "alice'--", 0, NO },
	{ "$(id)+web1", 0, NO },
};

static void
test_split(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct names n = { 0 };
		char shown[600];
		int r = names_split(slice_from(cases[i].raw), cases[i].formats, is_user, (void *)(uintptr_t)users, &n);

		ok(r == cases[i].r && slice_is(n.user, cases[i].user) && slice_is(n.login, cases[i].login) &&
		    slice_is(n.host, cases[i].host) && slice_is(n.code, cases[i].code), "\"%s\" with formats %u: %.*s/%.*s/%.*s %d",
		    names_shown(slice_from(cases[i].raw), shown, sizeof(shown)), cases[i].formats, (int)n.user.n, (const char *)n.user.p,
		    (int)n.login.n, (const char *)n.login.p, (int)n.host.n, (const char *)n.host.p, r);
	}
}

static int
split(const void *raw, size_t n, struct names *ret)
{
	return names_split(slice_of(raw, n), JS | WG, is_user, (void *)(uintptr_t)users, ret);
}

static void
test_limits(void)
{
	char raw[NAMES_MAX + 2];
	struct names n;

	memset(raw, 'a', sizeof(raw));
	ok(split(raw, NAMES_MAX + 1, &n) == -ENAMETOOLONG, "256 bytes");
	ok(split(raw, NAMES_MAX, &n) == -EINVAL, "255 bytes, not a user name");
	memcpy(raw, "alice+", 6);
	ok(split(raw, NAMES_MAX, &n) == 0 && n.host.n == NAMES_MAX - 6, "255 bytes, most of them the host's");
	ok(split(raw, NAMES_MAX + 1, &n) == -ENAMETOOLONG, "256 bytes, of a known user");
	ok(split("a\0b", 3, &n) == -EINVAL, "a name with a NUL in it is refused");
	ok(split("alice\0+web1", 11, &n) == -EINVAL, "a NUL behind a known user");
	ok(split("alice+web1\0", 11, &n) == -EINVAL, "a NUL at the end");
	ok(split("alice+\0", 7, &n) == -EINVAL, "a NUL for a host");
	ok(split(NULL, 0, &n) == -EINVAL, "nothing at all");
}

static void
test_shown(void)
{
	static const struct { const char *raw, *want; } masked[] = {
		{ "alice+" CODE, "alice+e-****************" },
		{ "alice+root+" CODE, "alice+root+e-****************" },
		{ "alice+" CODE "+" CODE, "alice+e-****************+e-****************" },
		{ CODE "x", "e-*****************" },
		{ "alice+e-abcdefghijkmnpq", "alice+e-***************" },
		{ "alice+web1", "alice+web1" },
		{ "alice\x1b[2J", "alice\\x1b[2J" },
		{ "e-abc", "e-abc" },
	};
	char text[600];

	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
		is(names_shown(slice_from(masked[i].raw), text, sizeof(text)), masked[i].want, "shown without its code");
	ok(strlen(names_shown(slice_of(NULL, 0), text, sizeof(text))) == 0, "nothing is shown as nothing");
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
	ok(names_in_list("ops,root", slice_from("root")) && !names_in_list("ops,root", slice_from("roo")), "whole words only");
}

int
main(void)
{
	test_split();
	test_limits();
	test_shown();
	test_codes();
	test_lists();
	return tap_done();
}
