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

static const struct policy_source here = { .able = &policy_able_here };

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
	    "DENY (default): 1 permit considered; dba-ro fails: login root is not in {postgres}; "
	    "the command matches no pattern: arg 1 \"-c\" is not -XAt (p:7); nearest permit: dba-ro" },
	{ "alice", "", "exec", "db-7", "env=prod tier=db", "postgres", "/usr/bin/pg_lsclusters; id", "", 0,
	    "DENY: no-dd (p:12): it is not a simple command, so it may be one of these: use plugin disk.format" },
	{ "bob", "", "exec", "db-7", "", "root", "/usr/bin/uptime | cat", "", 0, "PERMIT: free (p:13)" },
	{ "frank", "", "exec", "db-7", "", "root", "dd if=/dev/zero", "", 0, "DENY: no-dd (p:12): use plugin disk.format" },
	{ "frank", "", "exec", "db-7", "", "root", "../bin/dd", "", 0, "DENY: no-dd (p:12): use plugin disk.format" },
	{ "alice", "", "exec", "db-7", "env=prod tier=db", "postgres", "/usr/bin/pg_lsclusters -x", "", 0,
	    "DENY (default): 1 permit considered; dba-ro fails: the command matches no pattern: arg 1 \"-x\" is not [ -h ] "
	    "(p:7); nearest permit: dba-ro" },
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
	struct policy_request req = { .who = { .name = slice_from(a->user), .groups = &group, .groups_n = group.n > 0 },
		.verb = slice_from(a->verb), .host = slice_from(a->host), .login = slice_from(a->login), .labels = labels,
		.labels_n = labels_of(a->labels, labels), .command = slice_from(a->command), .src = slice_from(a->src),
		.now = { a->now } };
	struct policy_decision d;
	struct buf b;

	buf_init(&b, 4096);
	(void)policy_tell(p, &req, &d, brief ? NULL : &b, brief ? &b : NULL);
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
		{ "require aproval 1", "p:1:9: unknown obligation \"aproval\": did you mean approval?" },
		{ "permit a exec on any options { timeout 1s; parallel 5 }",
		    "p:1:44: the option parallel is not available yet: a policy that needs it cannot be loaded" },
		{ "permit a exec,jump on any options { timeout 1s; mem 1G }", "p:1:49: mem is about shell exec put get plugin: other verbs need a rule of their own" },
		{ "permit a shell", "p:1:15: the text ends where more is needed: on HOSTS belongs here" },
		{ "role a { role b } role b { role a }", "p:1:6: role \"a\" contains itself" },
		{ "hosts a { b } hosts b { !a }", "p:1:7: hosts set \"a\" contains itself" },
		{ "permit a shell on any from 10.0.0.0/33", "p:1:28: not an address or network \"10.0.0.0/33\": e.g. 10.8.0.0/24, 2001:db8::/32" },
		{ "command c { dd ** }", "p:1:13: a command starts with its absolute path: e.g. /usr/bin/uptime" },
		{ "command c { /bin/dd ** x }", "p:1:13: bad pattern \"**\": ** stands for the rest, so it comes last" },
		{ "command c { /bin/x <int:5..1> }", "p:1:13: bad pattern \"<int:5..1>\": write <int:LOW..HIGH>" },
		{ "time t Mon-Fry 09:00-18:00", "p:1:8: unexpected \"Mon-Fry\": days: Mon-Fri, or Sat,Sun" },
		{ "premit a shell on any", "p:1:1: unknown statement \"premit\": did you mean permit?" },
		{ "command c { /bin/x } when night", "p:1:22: misplaced \"when\": permit WHO VERB,.. on HOSTS when ..." },
		{ "watch any on any match /x/ then alert unless a", "p:1:39: misplaced \"unless\": deny WHO VERB,.. on HOSTS unless ..." },
		{ "mfa for any shell on any", "p:1:1: misplaced \"mfa\": require mfa ... for WHO VERB,.. on HOSTS" },
		{ "permit a exec on any timeout 1h", "p:1:22: misplaced \"timeout\": permit WHO VERB,.. on HOSTS options { timeout ... }" },
		{ "sha256 abc", "p:1:1: misplaced \"sha256\": command NAME sha256 HEX { ... }" },
		{ "command c += sha256 abc { /bin/x }", "p:1:14: misplaced \"sha256\": command NAME sha256 HEX { ... }" },
		{ "permit a shell on any reason \"x", "p:1:30: a string without its closing quote" },
		{ "team = \"web", "p:1:8: a string without its closing quote" },
		{ "Include x", "p:1:9: Include is not possible here" },
		{ "permit a shell on any when nonw", "p:1:1: unknown time \"nonw\": define it first" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct policy *p = policy_parse("p", slice_from(cases[i].text), &here, &e);

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
	again = policy_parse("p", buf_slice(&a), &(struct policy_source){ .able = NULL }, &e);
	ok(again != NULL, "what it prints parses %s", e.text);
	ok(again != NULL && policy_print(again, &b) == 0 && slice_eq(buf_slice(&a), buf_slice(&b)),
	    "and prints the same again");
	policy_free(again);
	buf_done(&a);
	buf_done(&b);
}

/* What a clause has narrowed is printed as it was written: the verbs that no door asks for were not named. */
static void
test_print_any(void)
{
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from("permit any any on any path /srv/** id x"), &here, &e), *again;
	struct buf b;

	buf_init(&b, 4096);
	if (ok(p != NULL && policy_print(p, &b) == 0, "any, narrowed, prints %s", e.text)) {
		is(buf_cstr(&b), "permit any any on any path \"/srv/**\" id x\n", "as any");
		again = policy_parse("p", buf_slice(&b), &here, &e);
		ok(again != NULL, "and a bastion loads it %s", e.text);
		policy_free(again);
	}
	buf_done(&b);
	policy_free(p);
}

/* ---- files that are included ---- */

static int
read_numbered(void *arg, const char *pattern, unsigned index, struct buf *bytes, char *name, size_t size)
{
	(void)pattern;
	(void)snprintf(name, size, "%u.conf", index);
	return index == *(const unsigned *)arg ? 0 : buf_printf(bytes, "permit user-%u shell on any\n", index) == 0 ? 1 : -ENOMEM;
}

static void
test_include(void)
{
	static const char much[] = "p:1:9: too many files for one Include: \"x\": 64 at most";
	static const struct { unsigned files; const char *want; } cases[] = { { 0, "" }, { 15, "" }, { 16, "" }, { 63, "" }, { 64, "" }, { 65, much }, { 100, much } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned files = cases[i].files;
		struct err e = { 0 };
		struct policy *p = policy_parse("p", slice_from("Include x"), &(struct policy_source){ .read = read_numbered, .arg = &files }, &e);

		ok(cases[i].want[0] != '\0' ? p == NULL : p != NULL && policy_size(p).rules == files, "Include of %u files", files);
		is(e.text, cases[i].want, "in these words");
		policy_free(p);
	}
}

/* Wherever memory runs out: the names in front move the place. */
static void
test_too_large(void)
{
	unsigned wordless = 0;

	for (unsigned n = 0; n < 12; n++) {
		struct err e = { 0 };
		struct policy *p;
		struct buf b;

		buf_init(&b, 8 << 20);
		for (unsigned i = 0; i < n; i++)
			(void)buf_printf(&b, "role r%u { a }\n", i);
		(void)buf_text(&b, "permit a get on x=y");
		while (b.len < 6 << 20 && buf_text(&b, "|a=$b|a=$b|a=$b|a=$b|a=$b|a=$b|a=$b|a=$b") == 0)
			;
		p = policy_parse("p", buf_slice(&b), &here, &e);
		wordless += p != NULL || strcmp(e.text, "the policy is too large: 64 MiB at most") != 0;
		policy_free(p);
		buf_done(&b);
	}
	ok(wordless == 0, "a policy that is too large is refused in words");
}

/* What adds to a role is none more. */
static void
test_roles_max(void)
{
	for (unsigned n = 4096; n <= 4097; n++) {
		struct err e = { 0 };
		struct policy *p;
		struct buf b;

		buf_init(&b, 1 << 20);
		for (unsigned i = 0; i < n; i++)
			(void)buf_printf(&b, "role r%u { a }\n", i);
		(void)buf_text(&b, "role r0 += { b }\n");
		p = policy_parse("p", buf_slice(&b), &here, &e);
		ok((p != NULL) == (n == 4096), "%u roles", n);
		is(e.text, n == 4096 ? "" : "p:4097:6: too many roles: 4096 at most", "in these words");
		policy_free(p);
		buf_done(&b);
	}
}

/* ---- obligations: as data, for those who see to them ---- */

static const char needy[] =
    "role lead { lena, :leads, cert:lead }\n"
    "permit any any on any id all\n"
    "require approval 2 from role lead within 90s for any shell on any id two\n"
    "require ticket /^OPS-[0-9]{1,6}$/ for any shell on any id ticket\n"
    "require record meta for any any on any id meta   require record full for alice any on any id full\n"
    "require moderator any for bob exec on any id beside   require notify pager for bob exec on any id tell\n"
    "watch any on env=prod match /rm +-rf/ then alert id a-rm   watch any on any match /^mkfs[. ]/ then kill id z-mkfs\n"
    "watch alice on any match /(shutdown|reboot)/ then freeze id b-down\n";

static struct policy_decision
needs_of(const struct policy *p, const char *user, const char *verb)
{
	struct policy_request req = { .who = { .name = slice_from(user) }, .verb = slice_from(verb), .host = slice_from("h") };
	struct policy_decision d;

	policy_eval(p, &req, &d);
	return d;
}

static bool
takes(const struct policy *p, const struct policy_need *need, const char *helper, const char *group, const char *principal)
{
	struct slice g = slice_from(group), c = slice_from(principal);
	struct policy_person asker = { .name = slice_from("alice") }, who = { .name = slice_from(helper), .groups = &g,
		.groups_n = g.n > 0, .principals = &c, .principals_n = c.n > 0 };

	return policy_need_takes(p, need, &who, &asker);
}

static void
test_needs(const struct policy *p)
{
	struct policy_decision d = needs_of(p, "alice", "shell");
	const struct policy_need *n = policy_decision_need(&d, POLICY_APPROVAL);

	ok(d.permit && d.obligations == (POLICY_APPROVAL | POLICY_RECORD | POLICY_TICKET) && d.needs_n == 3, "the union");
	ok(n != NULL && n->count == 2 && n->within_s == 90, "two approvals, each good for 90 s");
	is(n->words, "approval 2 from role lead within 90s", "in its words");
	ok(takes(p, n, "lena", "", "") && takes(p, n, "x", "leads", "") && takes(p, n, "x", "", "lead"), "who may approve");
	ok(!takes(p, n, "x", "lead", "leads") && !takes(p, n, "", "leads", ""), "who may not");
	ok(!takes(p, n, "alice", "leads", "lead"), "nobody approves what is one's own");
	ok(policy_decision_need(&d, POLICY_RECORD)->record == POLICY_RECORD_FULL, "the record that asks most");
	is(policy_decision_need(&d, POLICY_RECORD)->id, "full", "by its rule");
	n = policy_decision_need(&d, POLICY_TICKET);
	ok(policy_need_fits(n, slice_from("OPS-12")) && !policy_need_fits(n, slice_from("OPS-1234567")) &&
	    !policy_need_fits(n, slice_from("XOPS-1")) && !policy_need_fits(n, slice_from("")) &&
	    !policy_need_fits(n, slice_from("OPS-1\nx")), "the form of a ticket");
	ok(policy_decision_need(&d, POLICY_MFA) == NULL, "what is not asked for");
	d = needs_of(p, "bob", "exec");
	ok(d.obligations == (POLICY_RECORD | POLICY_NOTIFY | POLICY_MODERATOR), "another's");
	is(policy_decision_need(&d, POLICY_NOTIFY)->sink, "pager", "who is told");
	ok(policy_decision_need(&d, POLICY_RECORD)->record == POLICY_RECORD_META, "a weaker record");
	ok(takes(p, policy_decision_need(&d, POLICY_MODERATOR), "zoe", "", ""), "any may be beside");
}

static void
test_watches(const struct policy *p)
{
	static const struct { const char *line, *want; } lines[] = { { "rm -rf /", "a-rm" }, { "sudo reboot; rm  -rf /x", "b-down" },
		{ "mkfs.ext4 /dev/sda # rm -rf reboot", "z-mkfs" }, { "ls", NULL }, { "", NULL } };
	struct policy_label prod = { slice_from("env"), slice_from("prod") };
	struct policy_request req = { .who = { .name = slice_from("alice") }, .labels = &prod, .labels_n = 1 };
	const struct policy_watch *w[4], *hit;

	ok(policy_watches(p, &req, w, 4) == 3 && strcmp(w[0]->id, "a-rm") == 0 && strcmp(w[1]->id, "b-down") == 0 &&
	    w[1]->action == POLICY_WATCH_FREEZE, "what is watched, by name");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		hit = policy_watch_line(w, 3, slice_from(lines[i].line));
		ok(lines[i].want == NULL ? hit == NULL : hit != NULL && strcmp(hit->id, lines[i].want) == 0, "%s: the strongest hit", lines[i].line);
	}
	w[1] = NULL;
	ok(policy_watches(p, &req, w, 1) == 3 && w[1] == NULL && strcmp(w[0]->id, "a-rm") == 0, "no more than there is room for");
	req.who.name = slice_from("bob");
	req.labels_n = 0;
	ok(policy_watches(p, &req, w, 4) == 1, "others, elsewhere");
}

/* 33 that differ are too many: nothing is dropped. */
static void
test_too_many(void)
{
	struct err e = { 0 };
	struct policy_decision d;
	struct policy *p;
	struct buf b;

	for (int n = 32; n <= 33; n++) {
		buf_init(&b, 65536);
		(void)buf_text(&b, "permit any any on any");
		for (int i = 0; i < n; i++)
			(void)buf_printf(&b, "\nrequire notify s%d for any any on any\nrequire notify s%d for any any on any", i, i);
		p = policy_parse("p", buf_slice(&b), &(struct policy_source){ .able = NULL }, &e);
		buf_done(&b);
		if (!ok(p != NULL, "%d requirements load %s", n, e.text))
			continue;
		d = needs_of(p, "a", "exec");
		ok(d.permit == (n == 32) && d.needs_n == (n == 32 ? 32u : 0u), "%d of them: %s", n, d.permit ? d.rule : d.reason);
		policy_free(p);
	}
}

/* Whoever reads a policy says what is kept of it. */
static void
test_able(void)
{
	static const struct policy_able little = { .obligations = "mfa record", .verbs = "shell exec", .clauses = "on as options id", .options = "idle" };
	static const struct { const char *text, *want; } cases[] = {
		{ "permit a shell,exec on any as root options { idle 5m } id x\nrequire record io for any any on any", NULL },
		{ "require ticket /x/ for any any on any", "p:1:1: require ticket is not available yet: a policy that needs it cannot be loaded" },
		{ "require recor full for any any on any", "p:1:9: unknown obligation \"recor\": did you mean record?" },
		{ "watch any on any match /x/ then alert", "p:1:1: watch is not available yet: a policy that needs it cannot be loaded" },
		{ "permit a put on any", "p:1:10: the verb put is not available yet: a policy that needs it cannot be loaded" },
		{ "permit a shell on any from 10.0.0.0/8", "p:1:23: from is not available yet: a policy that needs it cannot be loaded" },
		{ "permit a shell on any options { timeout 1s }", "p:1:33: the option timeout is not available yet: a policy that needs it cannot be loaded" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		struct policy *p = policy_parse("p", slice_from(cases[i].text), &(struct policy_source){ .able = &little }, &e);

		ok((p != NULL) == (cases[i].want == NULL), "%s", cases[i].text);
		if (cases[i].want != NULL)
			is(e.text, cases[i].want, "in these words");
		policy_free(p);
	}
}

static void
test_many_labels(void)
{
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from("permit any shell on any id x"), &here, &e);
	struct policy_label labels[POLICY_LABELS_MAX + 1] = { 0 };
	struct policy_request req = { .verb = slice_from("shell"), .labels = labels, .labels_n = POLICY_LABELS_MAX };
	struct policy_decision d = { 0 };

	if (!ok(p != NULL, "a policy loads %s", e.text))
		return;
	for (size_t i = 0; i <= POLICY_LABELS_MAX; i++)
		labels[i] = (struct policy_label){ slice_from("k"), slice_from("v") };
	policy_eval(p, &req, &d);
	ok(d.permit, "64 labels are looked at");
	req.labels_n++;
	policy_eval(p, &req, &d);
	ok(!d.permit && strcmp(d.rule, "too-many-labels") == 0 && !policy_may_reach(p, &req), "65 are a no");
	policy_free(p);
}

/* What is permitted by something else than a rule: denies and requirements hold for it all the same. */
static void
test_given(void)
{
	static const char rules[] = "permit a exec on any\ndeny leo approve on any reason \"no\" id leo\nrequire mfa for any approve on any id twice\n";
	struct policy_request req = { .verb = slice_from("approve"), .host = slice_from("h") };
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from(rules), &(struct policy_source){ .able = NULL }, &e);
	struct policy_decision d;

	if (!ok(p != NULL, "rules about approving load %s", e.text))
		return;
	req.who.name = slice_from("lena");
	policy_eval(p, &req, &d);
	ok(!d.permit && d.by_default && d.needs_n == 0, "no permit is none");
	req.given = true;
	policy_eval(p, &req, &d);
	ok(d.permit && !d.by_default && d.obligations == POLICY_MFA, "given, it needs what is required");
	req.who.name = slice_from("leo");
	policy_eval(p, &req, &d);
	ok(!d.permit && strcmp(d.rule, "leo") == 0, "and a deny takes it");
	policy_free(p);
}

/* What the login knows: who it is, and from where. */
static void
test_may_require(void)
{
	static const char rules[] = "role oncall { erin }\ntime night Mon-Sun 22:00-06:00\n"
	    "require mfa for alice,erin any on env=prod unless role oncall unless from 10.0.0.0/8\n"
	    "require mfa for bob shell on any from 192.0.2.0/24\nrequire mfa for carol shell on any unless when night\n";
	static const struct { const char *user, *src; bool want; } cases[] = { { "alice", "192.0.2.1", true }, { "alice", "10.1.2.3", false },
		{ "erin", "192.0.2.1", false }, { "bob", "192.0.2.1", true }, { "bob", "198.51.100.1", false }, { "carol", "192.0.2.1", true },
		{ "dave", "192.0.2.1", false } };
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from(rules), &here, &e);

	if (!ok(p != NULL, "a policy loads %s", e.text))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_request req = { .who = { .name = slice_from(cases[i].user) }, .src = slice_from(cases[i].src) };

		ok(policy_may_require(p, &req, POLICY_MFA) == cases[i].want && !policy_may_require(p, &req, POLICY_APPROVAL), "%s from %s: %s",
		    cases[i].user, cases[i].src, cases[i].want ? "perhaps" : "never");
	}
	policy_free(p);
}

static void
test_obligations(void)
{
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from(needy), &(struct policy_source){ .able = NULL }, &e);

	if (ok(p != NULL, "obligations load %s", e.text)) {
		test_needs(p);
		test_watches(p);
		test_print(p);
	}
	policy_free(p);
	test_too_many();
	test_given();
}

/* Before the path is known: what some path might be permitted, and whether another one may be decided otherwise. */
static void
test_some_path(void)
{
	static const char paths[] = "permit a get on any path /srv/** id reads\npermit b get on any id all\n"
	    "deny b get on any path /etc/** id not-etc\npermit b put on any id writes\n"
	    "deny c get on any id none\npermit c get on any path /srv/** id reads-c\n";
	static const struct { const char *user, *verb, *path; bool permit, by_path; } cases[] = {
		{ "a", "get", NULL, true, true }, { "a", "get", "/srv/x", true, false }, { "a", "get", "/etc/x", false, false },
		{ "a", "put", NULL, false, false }, { "b", "get", NULL, true, true }, { "b", "get", "/etc/x", false, false },
		{ "b", "get", "/x", true, false }, { "b", "put", NULL, true, false }, { "c", "get", NULL, false, true },
		{ "d", "get", NULL, false, false },
	};
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from(paths), &here, &e);

	ok(p != NULL, "a policy with paths loads %s", e.text);
	for (size_t i = 0; p != NULL && i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_request req = { .who = { .name = slice_from(cases[i].user) }, .verb = slice_from(cases[i].verb),
			.host = slice_from("h"), .login = slice_from("root"), .path = slice_from(cases[i].path),
			.some_path = cases[i].path == NULL };
		struct policy_decision d;

		policy_eval(p, &req, &d);
		ok(d.permit == cases[i].permit && d.by_path == cases[i].by_path, "%s, %s of %s", cases[i].user, cases[i].verb,
		    cases[i].path != NULL ? cases[i].path : "some file");
	}
	policy_free(p);
}

/* Whatever hour, address, command, file and destination: what is not permitted always and for all of these is so in part. */
static void
test_somehow(void)
{
	static const char somehow[] = "time night Mon-Sun 00:00-00:01\npermit a exec on any cmd { /bin/x } id one\n"
	    "permit b exec on any from 192.0.2.0/24 id net\npermit b get on any when night id night\n"
	    "permit c any on any id all\ndeny c forward on any to 10.0.0.0/8:* id no-ten\ndeny c jump on any id no-jump\n"
	    "deny c exec on any cmd { /bin/dd ** } id no-dd\ndeny c put on any unless when night id days\n"
	    "deny c shell on any as www unless from 192.0.2.0/24 id no-www\n"
	    "permit d exec on any cmd { /bin/x } id d-one\npermit d exec on any id d-all\ndeny d exec on any from 192.0.2.0/24 unless d id not-d\n"
	    "permit e shell on any options { mem 1G } id limited\npermit f exec on any cmd { /bin/x } id f\n"
	    "permit f get on any id f-get\nrequire mfa for f exec on any from 192.0.2.0/24\nrequire mfa for f get on any unless when night\n";
	static const struct { const char *user, *verb; bool permit, in_part; const char *rule; size_t needs; } cases[] = {
		{ "a", "exec", true, true, "one", 0 }, { "a", "shell", false, false, "", 0 }, { "b", "exec", true, true, "net", 0 },
		{ "b", "get", true, true, "night", 0 }, { "c", "forward", true, true, "all", 0 }, { "c", "jump", false, false, "no-jump", 0 },
		{ "c", "exec", true, true, "all", 0 }, { "c", "put", true, true, "all", 0 }, { "c", "get", true, false, "all", 0 },
		{ "c", "shell", true, false, "all", 0 }, { "d", "exec", true, false, "d-all", 0 }, { "e", "shell", false, false, "", 0 },
		{ "f", "exec", true, true, "f", 1 }, { "f", "get", true, false, "f-get", 1 },
	};
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from(somehow), &here, &e);

	ok(p != NULL, "a policy with conditions loads %s", e.text);
	for (size_t i = 0; p != NULL && i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_request req = { .who = { .name = slice_from(cases[i].user) }, .verb = slice_from(cases[i].verb),
			.host = slice_from("h"), .login = slice_from("root"), .somehow = true };
		struct policy_decision d;

		policy_eval(p, &req, &d);
		ok(d.permit == cases[i].permit && d.in_part == cases[i].in_part && strcmp(d.rule, cases[i].rule) == 0 && d.needs_n == cases[i].needs,
		    "%s, %s somehow: %s%s %s", cases[i].user, cases[i].verb, d.permit ? "permit" : "deny", d.in_part ? " in part" : "", d.rule);
	}
	policy_free(p);
}

int
main(void)
{
	struct err e = { 0 };
	struct policy *p = policy_parse("p", slice_from(text), &here, &e);

	if (ok(p != NULL, "the policy loads %s", e.text)) {
		ok(policy_size(p).rules == 8, "with eight rules");
		test_asks(p);
		test_print(p);
	}
	policy_free(p);
	test_print_any();
	test_include();
	test_roles_max();
	test_too_large();
	test_errors();
	test_some_path();
	test_somehow();
	test_obligations();
	test_able();
	test_may_require();
	test_many_labels();
	return tap_done();
}
