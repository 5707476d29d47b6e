/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The policy language: verdicts with their words, errors with their places, and its laws. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "tests/tap.h"

/* 2026-11-24 is a Tuesday; 12:00 UTC. */
#define TUESDAY_NOON 1795521600000000

static const char text[] =
    "team = \"web\"\n"
    "role oncall { bob }   role sre { carol, role oncall, :ops }\n"
    "role dba { alice, :dba }   hosts proddb { env=prod & tier=db & !quarantine }\n"
    "time office Mon-Fri 09:00-18:00 +08:00\n"
    "time night Mon-Fri 22:00-06:00\n"
    "command pgro { /usr/bin/psql -XAt -c \"select pg_is_in_recovery()\" ; /usr/bin/pg_lsclusters [ -h ] }\n"
    "permit role dba exec on proddb as postgres cmd pgro id dba-ro\n"
    "permit role sre shell on env=prod as ops id sre-shell\n"
    "permit :dev shell,exec on app=$team from 10.8.0.0/24, 2001:db8::/32 id dev-web\n"
    "permit dave shell on any when office id dave-day\n"
    "permit erin shell on any when night id erin-night\n"
    "deny any exec on any cmd { /usr/bin/dd ** } unless role oncall id no-dd reason \"use plugin disk.format\"\n"
    "permit bob,erin exec on any id free\n"
    "permit frank exec on name ~ \"db-*\" cmd { /bin/cat <path:/var/log/**> ; /bin/kill <int:2..9> <ident> } id typed\n";

struct ask {
	const char *user, *group, *verb, *host, *labels, *login, *command, *src;
	int64_t now;
	const char *want;
};

static const struct ask asks[] = {
	{ "alice", "", "exec", "db-7", "env=prod tier=db", "postgres", "/usr/bin/pg_lsclusters -h", "10.0.0.1", 0,
	    "PERMIT: dba-ro (p:7)" },
	{ "alice", "", "exec", "db-7", "env=prod tier=db", "postgres",
	    "/usr/bin/psql -XAt -c 'select pg_is_in_recovery()'", "", 0, "PERMIT: dba-ro (p:7)" },
	{ "alice", "", "exec", "db-7", "env=prod tier=db", "root", "/usr/bin/psql -c x", "", 0,
	    "DENY (default): 1 permit considered; dba-ro fails: login root is not in {postgres} (p:7); nearest permit: dba-ro" },
	{ "alice", "", "exec", "db-7", "env=prod tier=db", "postgres", "/usr/bin/pg_lsclusters; id", "", 0,
	    "DENY (default): 1 permit considered; dba-ro fails: it is not a simple command, so no pattern can match it (p:7); "
	    "nearest permit: dba-ro" },
	{ "alice", "", "exec", "db-7", "env=prod tier=db", "postgres", "/usr/bin/pg_lsclusters -x", "", 0,
	    "DENY (default): 1 permit considered; dba-ro fails: the command matches no pattern (p:7); nearest permit: dba-ro" },
	{ "alice", "", "exec", "db-8", "env=prod tier=db quarantine=1", "postgres", "/usr/bin/pg_lsclusters", "", 0,
	    "DENY (default): 1 permit considered; dba-ro fails: it is for other hosts (p:7); nearest permit: dba-ro" },
	{ "bob", "", "shell", "w", "env=prod", "ops", "", "", 0, "PERMIT: sre-shell (p:8)" },
	{ "x", "ops", "shell", "w", "env=prod", "ops", "", "", 0, "PERMIT: sre-shell (p:8)" },
	{ "x", "dev", "shell", "w", "app=web", "root", "", "10.8.0.77", 0, "PERMIT: dev-web (p:9)" },
	{ "x", "dev", "shell", "w", "app=web", "root", "", "10.8.1.77", 0,
	    "DENY (default): 1 permit considered; dev-web fails: the source address is in none of its networks (p:9); "
	    "nearest permit: dev-web" },
	{ "x", "dev", "exec", "w", "app=web", "root", "true", "2001:db8:1::9", 0, "PERMIT: dev-web (p:9)" },
	{ "dave", "", "shell", "w", "", "root", "", "", TUESDAY_NOON - 3 * 3600000000, "PERMIT: dave-day (p:10)" },
	{ "dave", "", "shell", "w", "", "root", "", "", TUESDAY_NOON,
	    "DENY (default): 1 permit considered; dave-day fails: it is not \"office\" now (p:10); nearest permit: dave-day" },
	{ "erin", "", "shell", "w", "", "root", "", "", TUESDAY_NOON - 9 * 3600000000, "PERMIT: erin-night (p:11)" },
	{ "erin", "", "exec", "w", "", "root", "/usr/bin/dd if=/dev/zero", "", 0, "DENY: no-dd (p:12): use plugin disk.format" },
	{ "bob", "", "exec", "w", "", "root", "/usr/bin/dd if=/dev/zero", "", 0, "PERMIT: free (p:13)" },
	{ "erin", "", "exec", "w", "", "root", "/usr/bin/id", "", 0, "PERMIT: free (p:13)" },
	{ "frank", "", "exec", "db-1", "", "root", "/bin/cat /var/log/a/b", "", 0, "PERMIT: typed (p:14)" },
	{ "frank", "", "exec", "db-1", "", "root", "/bin/kill 9 init", "", 0, "PERMIT: typed (p:14)" },
	{ "mallory", "", "shell", "w", "", "root", "", "", 0, "DENY (default): no permit is for this user" },
	{ "bob", "", "dance", "w", "", "root", "", "", 0, "DENY (default): there is no such verb" },
};

static const char *const not_typed[] = { "/bin/cat /var/log/../../etc/shadow", "/bin/cat /var/log/a /etc/shadow",
	"/bin/cat /var/log//a", "/bin/kill 10 init", "/bin/kill 1 init", "/bin/kill -9 init", "X=1 /bin/cat /var/log/a",
	"/bin/cat $HOME", "/bin/cat \"/var/log/$x\"", "/bin/cat /var/log/a\nid", "/bin/cat '/var/log/a", "" };

/* What a column of a list says. */
static const struct ask briefs[] = {
	{ "bob", "", "shell", "w", "env=prod", "ops", "", "", 0, "sre-shell (p:8)" },
	{ "bob", "", "shell", "w", "env=prod", "root", "", "", 0, "no permit as root (p:8)" },
	{ "bob", "", "shell", "w", "env=staging tier=web", "ops", "", "", 0, "no permit for env=staging (p:8)" },
	{ "bob", "", "shell", "w", "tier=web", "ops", "", "", 0, "no permit for this host (p:8)" },
	{ "alice", "", "exec", "w", "env=prod tier=web", "postgres", "/bin/id", "", 0, "no permit for tier=web (p:7)" },
	{ "alice", "", "exec", "w", "env=prod tier=db quarantine=yes", "postgres", "/bin/id", "", 0, "no permit for quarantine=yes (p:7)" },
	{ "alice", "", "shell", "w", "env=prod tier=db", "postgres", "", "", 0, "no permit for shell (p:7)" },
	{ "x", "dev", "shell", "w", "app=web", "root", "", "192.0.2.1", 0, "the source address is in none of its networks (p:9)" },
	{ "dave", "", "shell", "w", "", "root", "", "", TUESDAY_NOON, "it is not \"office\" now (p:10)" },
	{ "erin", "", "exec", "w", "", "root", "/usr/bin/dd if=/dev/zero", "", 0, "use plugin disk.format (p:12)" },
	{ "mallory", "", "shell", "w", "", "root", "", "", 0, "no permit for this user" },
	{ "bob", "", "dance", "w", "", "root", "", "", 0, "there is no such verb" },
};

static size_t
labels_of(const char *all, struct policy_label *out)
{
	size_t n = 0;

	for (const char *at = all; *at != '\0';) {
		size_t len = strcspn(at, " "), key = strcspn(at, "=");

		out[n++] = (struct policy_label){ slice_of(at, key), slice_of(at + key + 1, len - key - 1) };
		at += len + (at[len] == ' ');
	}
	return n;
}

static bool
answer(const struct policy *p, const struct ask *a, bool brief, char *out, size_t size)
{
	struct policy_label labels[4];
	struct slice group = slice_from(a->group);
	struct policy_request req = { .user = slice_from(a->user), .verb = slice_from(a->verb), .host = slice_from(a->host),
		.login = slice_from(a->login), .groups = &group, .groups_n = group.n > 0, .labels = labels,
		.labels_n = labels_of(a->labels, labels), .command = slice_from(a->command), .src = slice_from(a->src),
		.now = { a->now } };
	struct policy_decision d;
	struct buf b;

	buf_init(&b, 4096);
	(void)(brief ? policy_brief(p, &req, &b) : policy_explain(p, &req, &b));
	(void)snprintf(out, size, "%s", buf_cstr(&b));
	buf_done(&b);
	policy_eval(p, &req, &d);
	return d.permit;
}

static void
test_asks(const struct policy *p)
{
	char got[1024], what[128];

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		bool permit = answer(p, &asks[i], false, got, sizeof(got));

		(void)snprintf(what, sizeof(what), "%s %s %s %.60s", asks[i].user, asks[i].verb, asks[i].host, asks[i].command);
		is(got, asks[i].want, what);
		ok(permit == (strncmp(got, "PERMIT", 6) == 0), "eval and explain agree");
	}
	for (size_t i = 0; i < sizeof(briefs) / sizeof(briefs[0]); i++) {
		(void)answer(p, &briefs[i], true, got, sizeof(got));
		is(got, briefs[i].want, "in brief");
	}
	for (size_t i = 0; i < sizeof(not_typed) / sizeof(not_typed[0]); i++) {
		struct ask a = { "frank", "", "exec", "db-1", "", "root", not_typed[i], "", 0, NULL };

		ok(!answer(p, &a, false, got, sizeof(got)), "refused: frank %zu", i);
	}
}

static void
test_errors(void)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "permit alice shel on any", "p:1:14: unknown verb \"shel\": did you mean shell?" },
		{ "role dba { alice }\npermit role dbaa shell on any", "p:2:8: unknown role \"dbaa\": did you mean dba?" },
		{ "hosts web { app=web }\npermit a shell on wbe", "p:2:19: unknown hosts set \"wbe\": did you mean web?" },
		{ "permit a shell on $tem", "p:1:19: unknown macro: \"tem\"" },
		{ "team = \"x\" permit a shell on app=$tem", "p:1:34: unknown macro (did you mean $team?): \"tem\"" },
		{ "require approval 1 from role lead for any shell on any",
		    "p:1:1: require approval is not available yet: a policy that needs it cannot be loaded" },
		{ "require aproval 1", "p:1:9: unknown obligation \"aproval\": did you mean approval?" },
		{ "watch any on any match /x/ then kill",
		    "p:1:1: watch is not available yet: a policy that needs it cannot be loaded" },
		{ "permit a exec on any options { timeout 1s }",
		    "p:1:22: not available yet: \"options\": leave the rule out until it is" },
		{ "permit a shell", "p:1:15: the text ends where more is needed: on HOSTS belongs here" },
		{ "role a { role b } role b { role a }", "p:1:6: role \"a\" contains itself" },
		{ "hosts a { b } hosts b { !a }", "p:1:7: hosts set \"a\" contains itself" },
		{ "permit a shell on any from 10.0.0.0/33", "p:1:28: not an address or network \"10.0.0.0/33\": e.g. 10.8.0.0/24, 2001:db8::/32" },
		{ "command c { dd ** }", "p:1:13: a command starts with its absolute path: e.g. /usr/bin/uptime" },
		{ "command c { /bin/dd ** x }", "p:1:13: bad pattern \"**\": ** stands for the rest, so it comes last" },
		{ "command c { /bin/x <int:5..1> }", "p:1:13: bad pattern \"<int:5..1>\": write <int:LOW..HIGH>" },
		{ "time t Mon-Fry 09:00-18:00", "p:1:8: unexpected \"Mon-Fry\": days: Mon-Fri, or Sat,Sun" },
		{ "premit a shell on any", "p:1:1: unknown statement \"premit\": did you mean permit?" },
		{ "permit a shell on any reason \"x", "p:1:30: a string without its closing quote" },
		{ "Include x", "p:1:9: Include is not possible here" },
		{ "permit a shell on any when nonw", "p:1:1: unknown time \"nonw\": define it first" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct policy *p = policy_parse("p", slice_from(cases[i].text), NULL, NULL, &e);

		ok(p == NULL, "refused: %s", cases[i].want);
		is(e.text, cases[i].want, "in these words");
		policy_free(p);
	}
}

static void
test_print(const struct policy *p)
{
	struct err e = { 0 };
	struct buf a, b;
	struct policy *again;

	buf_init(&a, 65536);
	buf_init(&b, 65536);
	ok(policy_print(p, &a) == 0, "it prints");
	again = policy_parse("p", buf_slice(&a), NULL, NULL, &e);
	ok(again != NULL, "what it prints parses %s", e.text);
	ok(again != NULL && policy_print(again, &b) == 0 && slice_eq(buf_slice(&a), buf_slice(&b)),
	    "and prints the same again");
	policy_free(again);
	buf_done(&a);
	buf_done(&b);
}

int
main(void)
{
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from(text), NULL, NULL, &e);

	if (ok(p != NULL, "the policy loads %s", e.text)) {
		ok(policy_rules(p) == 8, "with eight rules");
		test_asks(p);
		test_print(p);
	}
	policy_free(p);
	test_errors();
	return tap_done();
}
