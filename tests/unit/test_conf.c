/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress.conf: what is read, and that every mistake is named by place and remedy. */
#include <stdlib.h>
#include <string.h>

#include "monitor/conf.h"
#include "tests/tap.h"

static struct conf *
parse(const char *text, struct err *e)
{
	*e = (struct err){ 0 };
	return conf_parse("f", slice_from(text), "/state", e);
}

static void
test_good(void)
{
	struct err e;
	struct conf *c = parse("# comment\n\nlistenaddress 127.0.0.1:1\nListenAddress = [::1]:2\r\n"
	    "Policy \"my policy.conf\"\nRecordWindow 64K\nLoginGraceTime 2m\nUsePAM Yes\n", &e);

	ok(c != NULL, "it loads %s", e.text);
	ok(c->listen.n == 2 && strcmp(c->listen.items[1], "[::1]:2") == 0, "lists collect");
	is(c->policy, "/state/my policy.conf", "quoted, relative to the state");
	ok(c->record_window == 65536 && c->login_grace_s == 120 && c->use_pam == 1, "units and words");
	ok(c->host_keys.n == 3, "three host keys by default");
	is(c->store_user, "_fortress-store", "defaults fill the rest");
	conf_free(c);
	c = parse("", &e);
	ok(c != NULL && c->listen.n == 1, "an empty file is good");
	conf_free(c);
}

static void
test_bad(void)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "Lisen x\n", "f:1:1: unknown keyword \"Lisen\": see fortress.conf(5)" },
		{ "\n  MaxAuthTrys 3\n", "f:2:3: unknown keyword \"MaxAuthTrys\": did you mean MaxAuthTries?" },
		{ "UsePAM maybe\n", "f:1:8: unknown value \"maybe\": must be one of no yes" },
		{ "MaxAuthTries 0\n", "f:1:14: out of range: \"0\": must be 1 to 100" },
		{ "RecordWindow 4Q\n", "f:1:14: not a number for \"RecordWindow\": write e.g. 64K, 4M" },
		{ "Policy \"a\n", "f:1:8: no closing quote" },
		{ "Policy\n", "f:1:7: no value for \"Policy\"" },
		{ "Policy a\npolicy b\n", "f:2:1: given twice: \"Policy\"" },
		{ "Include x\n", "f:1:9: Include is not possible here" },
	};
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *c = parse(cases[i].text, &e);

		ok(c == NULL, "refused: %s", cases[i].want);
		is(e.text, cases[i].want, "in these words");
		conf_free(c);
	}
}

int
main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
