/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What holds for every policy, tried on made-up ones from fixed seeds: the evaluator says what a reading of every rule says;
 * explain never says otherwise; what is printed reads and prints the same, and decides alike; the order of statements
 * changes nothing; a rule that does not match changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/match.h"
#include "tests/tap.h"

#define POLICIES  300
#define QUESTIONS 40
#define LINES     40

#define DIGEST_ONE "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define DIGEST_TWO "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"

static uint64_t seed;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

static const char *
pick(const char *const *words, size_t n)
{
	return words[below((unsigned)n)];
}
#define PICK(words) pick(words, sizeof(words) / sizeof((words)[0]))

/* ---- policies ---- */

static const char *const whos[] = { "alice", "bob", "carol", ":dev", ":ops", "cert:robot", "role r0", "role r1", "role r2", "any",
	"alice, :ops", "role r0, cert:ci, dave" };
static const char *const verbs[] = { "shell", "exec", "shell,exec", "any", "get,put", "forward" };
static const char *const exprs[] = { "any", "env=prod", "env=dev & app=web", "env=prod | app=db", "env=p*", "!(env=prod)", "s0", "s1 & env=prod",
	"host h1", "name ~ \"h*\"", "app=\"web\" & !s1" };
static const char *const inner[] = { "env=prod", "app & env=dev", "!quarantine", "app=$team", "name ~ \"h?\" | env=prod" };
static const char *const conditions[] = { " as root", " as ops, root", " from 10.0.0.0/8", " when t0", " when t1" };
static const char *const excepts[] = { " unless role r0", " unless alice", " unless from 10.1.0.0/16", " unless when t0", " unless :dev unless bob" };
static const char *const needs[] = { "mfa", "record io", "record full", "record meta", "approval 1 from role r0", "approval 2 from :ops within 5m",
	"ticket /^OPS-[0-9]+$/", "notify pager", "notify chat", "moderator role r1" };
static const char *const options[] = { " options { timeout 10s }", " options { timeout 5s; mem 1G }", " options { parallel 5 }", " options { procs 9; nofile 20 }",
	" options { cpu 30s; fsize 1G; timeout 1m }", " options { idle 5m; timeout 1h }" };
static const char *const commands[] = { " cmd c0", " cmd c1", " cmd c2", " cmd c3", " cmd { /bin/id ; /bin/ls ** }", " cmd { /bin/cat <path:/var/**> }" };

struct text { char lines[LINES][400]; size_t n; };

static void
add(struct text *t, const char *line)
{
	if (t->n < LINES)
		(void)snprintf(t->lines[t->n++], sizeof(t->lines[0]), "%s", line);
}

static void
make_rule(struct text *t, size_t i)
{
	char line[400];
	unsigned kind = below(6);
	bool cmd = below(3) == 0;
	const char *verb = cmd ? "exec" : PICK(verbs), *condition = below(2) == 0 ? PICK(conditions) : "", *expr = PICK(exprs),
	    *who = PICK(whos), *c = cmd ? PICK(commands) : "",
	    *limits = below(3) > 0 ? "" : strcmp(verb, "forward") == 0 ? options[0] : PICK(options);

	if (kind < 3)
		(void)snprintf(line, sizeof(line), "permit %s %s on %s%s%s%s id p%zu", who, verb, expr, condition, c, limits, i);
	else if (kind == 3)
		(void)snprintf(line, sizeof(line), "deny %s %s on %s%s%s%s id d%zu", who, verb, expr, condition, c, below(2) == 0 ? PICK(excepts) : "", i);
	else
		(void)snprintf(line, sizeof(line), "require %s for %s %s on %s%s%s%s id n%zu", PICK(needs), who, verb, expr, condition, c,
		    below(2) == 0 ? PICK(excepts) : "", i);
	add(t, line);
}

static void
make_text(struct text *t)
{
	char line[400];
	size_t rules = 2 + below(20);

	t->n = 0;
	add(t, "role r0 { alice, :dev }");
	add(t, "role r1 { role r0, bob }");
	add(t, below(2) == 0 ? "role r2 { cert:robot }" : "role r2 { role r1, cert:ci }");
	if (below(2) == 0)
		add(t, "role r0 += { carol, role r3 }");
	add(t, "role r3 { :ops }");
	(void)snprintf(line, sizeof(line), "hosts s0 { %s }", PICK(inner));
	add(t, line);
	(void)snprintf(line, sizeof(line), "hosts s1 { %s & !(env=dev) }", "app");
	add(t, line);
	if (below(2) == 0)
		add(t, "hosts s1 += { env=lab }");
	add(t, "command c0 { /bin/id [ -u ] ; /bin/kill <int:1..9> }");
	add(t, "command c1 sha256 " DIGEST_ONE " { /bin/id ; /bin/ls -l / }");
	add(t, "command c2 sha256 " DIGEST_TWO " { /bin/id ** ; /bin/kill 9 }");
	add(t, "command c3 sha256 " DIGEST_ONE " { /bin/id }");
	add(t, "time t0 Mon-Fri 09:00-18:00 +08:00");
	add(t, "time t1 Sat-Sun 22:00-06:00");
	if (below(2) == 0)
		add(t, "time t0 += Sat 10:00-12:00");
	for (size_t i = 0; i < rules; i++)
		make_rule(t, i);
}

static struct policy *
load(const struct text *t, const char *more)
{
	struct err e = { 0 };
	struct policy *p;
	struct buf b;

	buf_init(&b, 65536);
	for (size_t i = 0; i < t->n; i++)
		(void)buf_printf(&b, "%s\n", t->lines[i]);
	(void)buf_text(&b, more);
	p = policy_parse("p", buf_slice(&b), &(struct policy_source){ .able = NULL }, &e);
	if (p == NULL && strstr(e.text, "in a permit") == NULL)
		printf("# %s in:\n%s\n", e.text, buf_cstr(&b));
	buf_done(&b);
	return p;
}

static void
shuffle(struct text *t)
{
	char kept[400];

	for (size_t i = t->n; i > 1; i--) {
		size_t j = below((unsigned)i);

		memcpy(kept, t->lines[i - 1], sizeof(kept));
		memcpy(t->lines[i - 1], t->lines[j], sizeof(kept));
		memcpy(t->lines[j], kept, sizeof(kept));
	}
}

/* ---- questions ---- */

struct question {
	struct slice groups[2], principals[1];
	struct policy_label labels[3], attrs[1];
	struct policy_request req;
};

static void
make_question(struct question *q)
{
	static const char *const users[] = { "alice", "bob", "carol", "dave", "eve" }, *const groups[] = { "dev", "ops", "other" },
	    *const principals[] = { "robot", "ci" }, *const asked[] = { "shell", "exec", "exec", "exec", "get", "put", "forward", "jump", "nonsense" },
	    *const envs[] = { "prod", "dev", "lab" }, *const apps[] = { "web", "db" }, *const logins[] = { "root", "ops", "x" },
	    *const lines[] = { "/bin/id", "/bin/id", "/bin/id -u", "/bin/kill 9", "/bin/ls -l /", "/bin/cat /var/x", "/bin/cat /etc/x", "id; x", "", "ls" },
	    *const sources[] = { "10.1.2.3", "10.9.9.9", "192.0.2.1", "" }, *const hosts[] = { "h1", "h2", "x" },
	    *const digests[] = { "", "", "", DIGEST_ONE, DIGEST_TWO };
	size_t l = 0;

	for (int i = 0; i < 2; i++)
		q->groups[i] = slice_from(PICK(groups));
	q->principals[0] = slice_from(PICK(principals));
	if (below(5) > 0)
		q->labels[l++] = (struct policy_label){ slice_from("env"), slice_from(PICK(envs)) };
	if (below(3) > 0)
		q->labels[l++] = (struct policy_label){ slice_from("app"), slice_from(PICK(apps)) };
	if (below(5) == 0)
		q->labels[l++] = (struct policy_label){ slice_from("quarantine"), slice_from("") };
	q->attrs[0] = (struct policy_label){ slice_from("team"), slice_from(PICK(apps)) };
	q->req = (struct policy_request){ .who = { .name = slice_from(PICK(users)), .groups = q->groups, .groups_n = below(3),
		.principals = q->principals, .principals_n = below(2), .attrs = q->attrs, .attrs_n = below(2) },
		.verb = slice_from(PICK(asked)), .host = slice_from(PICK(hosts)), .login = slice_from(PICK(logins)), .labels = q->labels, .labels_n = l,
		.command = slice_from(PICK(lines)), .src = slice_from(PICK(sources)), .to = slice_from("db:1"),
		.agent = below(3) > 0, .sha256 = slice_from(PICK(digests)),
		.now = { INT64_C(1764000000000000) + (int64_t)below(14 * 24) * 3600000000 } };
}

/* ---- a reading of every rule: no index, every word compared ---- */

static bool
plain_who(const struct who *w, const struct policy_person *who)
{
	bool is = false;

	for (; w != NULL && !is; w = w->next) {
		is = w->kind == WHO_ANY || (w->kind == WHO_USER && slice_is(who->name, w->name)) ||
		    (w->kind == WHO_ROLE && plain_who(w->role->members, who));
		for (size_t i = 0; w->kind == WHO_GROUP && i < who->groups_n; i++)
			is = is || slice_is(who->groups[i], w->name);
		for (size_t i = 0; w->kind == WHO_CERT && i < who->principals_n; i++)
			is = is || slice_is(who->principals[i], w->name);
	}
	return is;
}

static bool
plain_label(const struct expr *x, const struct policy_request *req)
{
	for (size_t i = 0; i < req->labels_n; i++) {
		if (!slice_is(req->labels[i].key, x->key))
			continue;
		if (x->kind == EXPR_HAS || (x->kind == EXPR_LABEL && text_glob(slice_from(x->value), req->labels[i].value)))
			return true;
		for (size_t a = 0; x->kind == EXPR_REFERENCE && a < req->who.attrs_n; a++)
			if (slice_is(req->who.attrs[a].key, x->value) && slice_eq(req->who.attrs[a].value, req->labels[i].value))
				return true;
	}
	return false;
}

static bool
plain_expr(const struct expr *x, const struct policy_request *req)
{
	switch (x->kind) {
	case EXPR_ANY:
		return true;
	case EXPR_NAME:
		return text_glob(slice_from(x->value), req->host);
	case EXPR_SET:
		return plain_expr(x->set->expr, req);
	case EXPR_NOT:
		return !plain_expr(x->a, req);
	case EXPR_AND:
		return plain_expr(x->a, req) && plain_expr(x->b, req);
	case EXPR_OR:
		return plain_expr(x->a, req) || plain_expr(x->b, req);
	default:
		return plain_label(x, req);
	}
}

static bool
plain_matches(const struct rule *r, struct asked *a)
{
	if (!plain_who(r->who, &a->req->who) || (r->verbs & verb_bit(a->req->verb)) == 0 || !plain_expr(r->on, a->req))
		return false;
	for (const struct condition *c = &rule_conditions[CONDITION_HOST + 1]; c->fits != NULL; c++)
		if (condition_stops(c, r, a))
			return false;
	return true;
}

/* "permit p1 mfa record" or "deny d1" or "default" */
static void
plain_decide(const struct policy *p, const struct policy_request *req, char out[400])
{
	const char *permit = NULL, *deny = NULL;
	struct policy_scope scope;
	unsigned bits = 0;
	struct asked a;

	asked_init(&a, p, req, &scope);
	for (const struct rule *r = p->rules; r != NULL; r = r->next) {
		const char **best = r->permit ? &permit : &deny;

		if (plain_matches(r, &a) && (*best == NULL || strcmp(r->id, *best) < 0))
			*best = r->id;
	}
	for (const struct rule *r = p->requires; deny == NULL && permit != NULL && r != NULL; r = r->next)
		bits |= plain_matches(r, &a) ? r->need.kind : 0;
	asked_done(&a);
	(void)snprintf(out, 400, "%s %s %u", deny != NULL ? "deny" : permit != NULL ? "permit" : "default",
	    deny != NULL ? deny : permit != NULL ? permit : "", bits);
}

/* ---- what is compared ---- */

static void
decision_text(const struct policy_decision *d, char out[2000], bool whole)
{
	size_t n = (size_t)snprintf(out, 2000, "%s %s %u", d->by_default ? "default" : d->permit ? "permit" : "deny", d->rule, d->obligations);

	for (size_t i = 0; whole && i < d->needs_n && n < 1900; i++)
		n += (size_t)snprintf(out + n, 2000 - n, ", %s %s", d->needs[i]->id, d->needs[i]->words);
	for (size_t i = 0; whole && i < POLICY_OPTIONS && n < 1900; i++)
		n += (size_t)snprintf(out + n, 2000 - n, " %llu", (unsigned long long)d->options[i]);
	for (size_t i = 0; whole && i < d->digests_n && n < 1900; i++)
		n += (size_t)snprintf(out + n, 2000 - n, " %s", d->digests[i]);
}

static void
decide(const struct policy *p, const struct question *q, char out[2000], bool whole)
{
	struct policy_decision d;

	policy_eval(p, &q->req, &d);
	decision_text(&d, out, whole);
}

/* The verdict, the rule, all requirements, limits and digests stand in the sentence. */
static bool
explain_agrees(const struct policy *p, const struct question *q)
{
	struct policy_decision d, told;
	char start[160];
	const char *text;
	struct buf b;
	bool good;

	policy_eval(p, &q->req, &d);
	buf_init(&b, 65536);
	good = policy_tell(p, &q->req, &told, &b, NULL) == 0;
	text = buf_cstr(&b);
	(void)snprintf(start, sizeof(start), d.by_default ? "DENY (default): " : "%s: %s (p:", d.permit ? "PERMIT" : "DENY", d.rule);
	good = good && strncmp(text, start, strlen(start)) == 0;
	for (size_t i = 0; i < d.needs_n; i++)
		good = good && strstr(text, d.needs[i]->id) != NULL;
	for (size_t i = 0; i < d.digests_n; i++)
		good = good && strstr(text, d.digests[i]) != NULL;
	for (size_t i = 0; i < POLICY_OPTIONS; i++)
		good = good && (d.options[i] == 0 || strstr(text, option_rows[i].word) != NULL);
	if (!good)
		printf("# %s, but %s\n", start, text);
	buf_done(&b);
	return good;
}

/* A limit that nobody keeps, and a digest that nobody checks, permit nothing; and a digest that would do, were it known, does. */
static bool
limits_agree(const struct policy *p, struct question *q)
{
	struct policy_decision d, known;

	policy_eval(p, &q->req, &d);
	for (size_t i = 0; i < POLICY_OPTIONS; i++)
		if (d.options[i] != 0 && option_rows[i].agent && !q->req.agent)
			return false;
	if (d.digests_n == 0)
		return true;
	if (!q->req.agent || q->req.sha256.n > 0)
		return false;
	for (size_t i = 0; i < d.digests_n; i++) {
		q->req.sha256 = slice_from(d.digests[i]);
		policy_eval(p, &q->req, &known);
		q->req.sha256 = slice_from("");
		if (!known.permit || known.digests_n != 0)
			return false;
	}
	return true;
}

struct counts { unsigned asked, plain, explain, print, order, other, scope, limits, digests, permits; };

/* What is about somebody, found before, decides alike; and whoever is permitted could be seen to be beforehand. */
static bool
scope_agrees(const struct policy *p, struct question *q)
{
	struct policy_scope *scope = policy_scope_new(p, &q->req.who);
	struct policy_decision d;
	char one[2000], two[2000];

	policy_eval(p, &q->req, &d);
	decide(p, q, one, true);
	q->req.scope = scope;
	decide(p, q, two, true);
	q->req.scope = NULL;
	policy_scope_free(scope);
	return strcmp(one, two) == 0 && (!d.permit || (policy_may_reach(p, &q->req) && policy_may_verb(p, &q->req.who, q->req.verb)));
}

static void
compare(const struct policy *a, const struct policy *b, const struct question *q, unsigned *wrong)
{
	char one[2000], two[2000];

	decide(a, q, one, true);
	decide(b, q, two, true);
	if (strcmp(one, two) != 0 && (*wrong)++ < 3)
		printf("# %s, but %s\n", one, two);
}

static bool
demands_digest(const struct policy *p, const struct question *q)
{
	struct policy_decision d;

	policy_eval(p, &q->req, &d);
	return d.digests_n > 0;
}

static void
try_policy(struct counts *c, const struct policy *p, const struct policy *printed, const struct policy *turned, const struct policy *more)
{
	char one[2000], two[400];
	struct question q;

	for (int i = 0; i < QUESTIONS; i++) {
		make_question(&q);
		c->asked++;
		decide(p, &q, one, false);
		plain_decide(p, &q.req, two);
		c->permits += one[0] == 'p';
		if (strcmp(one, two) != 0 && c->plain++ < 3)
			printf("# %s, but read plainly %s\n", one, two);
		c->explain += !explain_agrees(p, &q);
		c->scope += !scope_agrees(p, &q);
		c->limits += !limits_agree(p, &q);
		c->digests += demands_digest(p, &q);
		compare(p, printed, &q, &c->print);
		compare(p, turned, &q, &c->order);
		compare(p, more, &q, &c->other);
	}
}

static struct policy *
print_and_read(const struct policy *p, bool *same)
{
	struct err e = { 0 };
	struct policy *again;
	struct buf a, b;

	buf_init(&a, 65536);
	buf_init(&b, 65536);
	(void)policy_print(p, &a);
	again = policy_parse("p", buf_slice(&a), &(struct policy_source){ .able = NULL }, &e);
	*same = again != NULL && policy_print(again, &b) == 0 && slice_eq(buf_slice(&a), buf_slice(&b));
	if (!*same)
		printf("# %s:\n%s\n%s\n", e.text, buf_cstr(&a), buf_cstr(&b));
	buf_done(&a);
	buf_done(&b);
	return again;
}

int
main(void)
{
	static const char nobody[] = "permit nobody any on any id a\ndeny nobody any on any id b\nrequire mfa for nobody any on any id c\n"
	    "deny any shell on env=nowhere id e\nrequire notify x for any any on any from 203.0.113.0/24 id f\n";
	struct counts c = { 0 };
	unsigned policies = 0, unprinted = 0, unread = 0;
	struct text t;

	for (unsigned n = 1; n <= POLICIES; n++) {
		struct policy *p, *printed, *turned, *more;
		bool same;

		seed = n * UINT64_C(0x9e3779b97f4a7c15);
		make_text(&t);
		p = load(&t, "");
		if (p == NULL)
			continue;              /* !app=$team came into a permit */
		policies++;
		printed = print_and_read(p, &same);
		unprinted += !same;
		more = load(&t, nobody);
		shuffle(&t);
		turned = load(&t, "");
		unread += more == NULL || turned == NULL;
		if (printed != NULL && turned != NULL && more != NULL)
			try_policy(&c, p, printed, turned, more);
		policy_free(p);
		policy_free(printed);
		policy_free(turned);
		policy_free(more);
	}
	ok(policies > POLICIES / 2, "%u policies", policies);
	ok(c.permits > c.asked / 20 && c.permits < c.asked / 2, "%u of %u questions are permitted", c.permits, c.asked);
	ok(c.plain == 0, "the index decides as a reading of every rule does");
	ok(c.explain == 0, "explain says what eval does");
	ok(c.scope == 0, "so does what was found about somebody before, and whoever is permitted may reach");
	ok(c.limits == 0 && c.digests > 10, "no limit and no digest is passed over (%u permits asked for one)", c.digests);
	ok(unread == 0, "whatever loads does so in another order, and with more rules");
	ok(unprinted == 0, "what is printed reads and prints the same");
	ok(c.print == 0, "and decides alike");
	ok(c.order == 0, "the order of statements changes nothing");
	ok(c.other == 0, "rules that do not match change nothing");
	return tap_done();
}
