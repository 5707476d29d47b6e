/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The grammar of policy(5), by recursive descent: each construct is a function, and an
 * error names the place, the word and what could stand there.  By hand and not by yacc,
 * because what a word means depends on where it stands (a label, a pattern, a time), and
 * because "did you mean" needs the list of what was possible.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/parse.h"

#define FILE_MAX    (1u << 20)

const char *const policy_verbs[] = { "shell", "exec", "put", "get", "forward", "jump", "agent-forward", "x11",
	"plugin", "fetch", "push", "watch", "join", "replay", "approve", "drill", "heal", "admin", NULL };
static const char *const statements[] = { "role", "hosts", "command", "time", "permit", "deny", "require", "watch",
	"Include" };
static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

unsigned
verb_bit(struct slice verb)
{
	for (unsigned i = 0; policy_verbs[i] != NULL; i++)
		if (slice_is(verb, policy_verbs[i]))
			return 1u << i;
	return 0;
}

bool
policy_verb_is_known(struct slice verb)
{
	return verb_bit(verb) != 0;
}

/* ---- statements with a name ---- */

static int
parse_role(struct parse *p)
{
	struct role *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	x->at = p->t.at;
	r = parse_take_name(p, &x->name, "the role's name");
	if (r == 0)
		r = parse_expect(p, '{');
	if (r == 0 && !parse_at_mark(p, '}'))
		r = parse_who(p, &x->members);
	*p->p->roles_end = x;
	p->p->roles_end = &x->next;
	return r == 0 ? parse_expect(p, '}') : r;
}

static int
parse_hosts(struct parse *p)
{
	struct set *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	x->at = p->t.at;
	r = parse_take_name(p, &x->name, "the set's name");
	if (r == 0)
		r = parse_expect(p, '{');
	if (r == 0)
		r = parse_or(p, &x->expr, true);
	*p->p->sets_end = x;
	p->p->sets_end = &x->next;
	return r == 0 ? parse_expect(p, '}') : r;
}

static int
parse_command(struct parse *p)
{
	struct command *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	x->at = p->t.at;
	r = parse_take_name(p, &x->name, "the command's name");
	if (r == 0 && parse_at_word(p, "sha256"))
		return parse_fail(p, p->t.at, "sha256 of an executable is not available yet", NULL, "leave it out");
	*p->p->commands_end = x;
	p->p->commands_end = &x->next;
	return r == 0 ? parse_patterns(p, x) : r;
}

static int
day_index(struct slice s)
{
	for (int i = 0; i < 7; i++)
		if (slice_is(s, days[i]))
			return i;
	return -1;
}

/* "Mon-Fri", "Sat", "Mon,Wed" comes as words and commas. */
static int
parse_days(struct parse *p, unsigned *mask)
{
	const char *dash = strchr(p->t.text, '-');
	size_t n = strlen(p->t.text);
	int from, until;

	if (p->t.kind != TOKEN_WORD)
		return parse_unexpected(p, "days: Mon-Fri, or Sat,Sun");
	from = day_index(slice_of(p->t.text, dash != NULL ? (size_t)(dash - p->t.text) : n));
	until = dash != NULL ? day_index(slice_from(dash + 1)) : from;
	if (from < 0 || until < 0)
		return parse_unexpected(p, "days: Mon-Fri, or Sat,Sun");
	for (int i = from;; i = (i + 1) % 7) {
		*mask |= 1u << i;
		if (i == until)
			return parse_next(p);
	}
}

static bool
minutes(const char *s, int *min)
{
	if (strlen(s) < 5 || !isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]) || s[2] != ':' ||
	    !isdigit((unsigned char)s[3]) || !isdigit((unsigned char)s[4]))
		return false;
	*min = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] - '0';
	return *min <= 24 * 60 && s[3] < '6';
}

/* UTC, or the zone's distance as +08:00. */
static int
parse_zone(struct parse *p, struct when *w)
{
	const char *t = p->t.text;
	int min;

	if (parse_at_word(p, "UTC"))
		return parse_next(p);
	if (p->t.kind == TOKEN_WORD && (t[0] == '+' || t[0] == '-') && strlen(t) == 6 && minutes(t + 1, &min)) {
		w->offset_min = t[0] == '-' ? -min : min;
		return parse_next(p);
	}
	if (p->t.kind == TOKEN_WORD && strchr(t, '/') != NULL)
		return parse_fail(p, p->t.at, "names of time zones are not available yet:", t, "write the distance from UTC, e.g. +08:00");
	return 0;
}

static int
parse_time(struct parse *p)
{
	struct when *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	x->at = p->t.at;
	r = parse_take_name(p, &x->name, "the time's name");
	if (r == 0)
		r = parse_days(p, &x->days);
	while (r == 0 && parse_at_mark(p, ',')) {
		r = parse_next(p);
		if (r == 0)
			r = parse_days(p, &x->days);
	}
	if (r == 0 && (p->t.kind != TOKEN_WORD || strlen(p->t.text) != 11 || p->t.text[5] != '-' ||
	    !minutes(p->t.text, &x->from_min) || !minutes(p->t.text + 6, &x->until_min)))
		return parse_unexpected(p, "hours: 09:00-18:00");
	if (r == 0)
		r = parse_next(p);
	if (r == 0)
		r = parse_zone(p, x);
	*p->p->times_end = x;
	p->p->times_end = &x->next;
	return r;
}

static int
parse_include(struct parse *p)
{
	struct place at = p->t.at;
	char names[64][256], pattern[1024];
	struct buf texts[64];
	unsigned n = 0;
	int r = 0;

	if (p->t.kind != TOKEN_WORD && p->t.kind != TOKEN_STRING)
		return parse_unexpected(p, "the files to read: policy.d/*.conf");
	(void)snprintf(pattern, sizeof(pattern), "%s", p->t.text);
	if (p->from->read == NULL)
		return parse_fail(p, at, "Include is not possible here", NULL, NULL);
	for (r = 1; r == 1 && n < 64; n += r == 1) {
		buf_init(&texts[n], FILE_MAX);
		r = p->from->read(p->from->arg, pattern, n, &texts[n], names[n], sizeof(names[n]));
		if (r != 1)
			buf_done(&texts[n]);
	}
	if (r < 0)
		r = parse_fail(p, at, "cannot read", pattern, strerror(-r));
	/* The last is opened first, so that the first is read first. */
	for (unsigned i = n; i > 0; i--) {
		if (r == 0 && lex_push(p->lex, names[i - 1], buf_slice(&texts[i - 1])) != 0)
			r = parse_fail(p, at, "Include nests too deep, or too many files at once:", pattern, "16 at most");
		buf_done(&texts[i - 1]);
	}
	return r == 0 ? parse_next(p) : r;
}

static int
parse_macro(struct parse *p, const char *name, struct place at)
{
	int r = parse_next(p);

	if (r == 0 && p->t.kind != TOKEN_STRING)
		return parse_unexpected(p, "a macro is NAME = \"text\"");
	if (r == 0 && lex_define(p->lex, name, p->t.text) != 0)
		return parse_fail(p, at, "too many macros", NULL, "256 at most");
	return r == 0 ? parse_next(p) : r;
}

static int
parse_statement(struct parse *p)
{
	struct place at = p->t.at;
	char word[sizeof(p->t.text)];
	int r;

	if (p->t.kind != TOKEN_WORD)
		return parse_unexpected(p, "a statement starts here: role, hosts, command, time, permit, deny");
	memcpy(word, p->t.text, sizeof(word));
	r = parse_next(p);
	if (r != 0)
		return r;
	if (parse_at_mark(p, '='))
		return parse_macro(p, word, at);
	if (strcmp(word, "role") == 0)
		return parse_role(p);
	if (strcmp(word, "hosts") == 0)
		return parse_hosts(p);
	if (strcmp(word, "command") == 0)
		return parse_command(p);
	if (strcmp(word, "time") == 0)
		return parse_time(p);
	if (strcmp(word, "permit") == 0 || strcmp(word, "deny") == 0)
		return parse_rule(p, word[0] == 'p', at);
	if (strcmp(word, "require") == 0)
		return parse_require(p, at);
	if (strcmp(word, "watch") == 0)
		return parse_watch(p, at);
	if (strcmp(word, "Include") == 0)
		return parse_include(p);
	return parse_unknown(p, at, "unknown statement", word, statements, COUNT(statements));
}

static struct policy *
policy_new(void)
{
	struct pool *pool = pool_new();
	struct policy *p = pool != NULL ? pool_get(pool, sizeof(*p)) : NULL;

	if (p == NULL) {
		pool_free(pool);
		return NULL;
	}
	p->pool = pool;
	p->roles_end = &p->roles;
	p->sets_end = &p->sets;
	p->commands_end = &p->commands;
	p->times_end = &p->times;
	p->rules_end = &p->rules;
	p->requires_end = &p->requires;
	p->watches_end = &p->watches;
	return p;
}

struct policy *
policy_parse(const char *name, struct slice text, const struct policy_source *from, struct err *e)
{
	static const struct policy_able everything = { 0 };
	struct err ignored = { 0 };
	struct parse p = { .p = policy_new(), .from = from, .able = from->able != NULL ? from->able : &everything,
		.e = e != NULL ? e : &ignored };
	int r = -ENOMEM;

	p.lex = p.p != NULL ? lex_new(p.p->pool, p.e) : NULL;
	if (p.lex != NULL)
		r = lex_push(p.lex, name, text);
	if (r != 0)
		err_set(p.e, r, "%s: out of memory", name);
	if (r == 0)
		r = parse_next(&p);
	while (r == 0 && p.t.kind != TOKEN_END)
		r = parse_statement(&p);
	if (r == 0)
		r = policy_check(p.p, p.e);
	lex_free(p.lex);
	if (r == 0)
		return p.p;
	policy_free(p.p);
	return NULL;
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	ere_free_all(p);
	pool_free(p->pool);
}

size_t
policy_rules(const struct policy *p)
{
	return p->rules_n;
}
