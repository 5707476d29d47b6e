/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* permit and deny, and the conditions that require shares with them, in any order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/parse.h"

/* ---- verbs ---- */

static int
parse_verb(struct parse *p, unsigned *verbs)
{
	unsigned bit = verb_bit(slice_from(p->t.text));
	size_t n = 0;

	if (p->t.kind != TOKEN_WORD)
		return parse_unexpected(p, "verbs: shell, exec, put, get … or any");
	if (parse_at_word(p, "any")) {
		*verbs = POLICY_VERBS_ALL;
		return parse_next(p);
	}
	while (policy_verbs[n] != NULL)
		n++;
	if (bit == 0)
		return parse_unknown(p, p->t.at, "unknown verb", p->t.text, policy_verbs, n);
	if (!able_has(p->able->verbs, slice_from(p->t.text)))
		return parse_not_yet(p, p->t.at, "the verb ", p->t.text);
	*verbs |= bit;
	return parse_next(p);
}

static int
parse_verbs(struct parse *p, unsigned *verbs)
{
	int r;

	for (;;) {
		r = parse_verb(p, verbs);
		if (r != 0 || !parse_at_mark(p, ','))
			return r;
		r = parse_next(p);
		if (r != 0)
			return r;
	}
}

/* ---- clauses ---- */

static int
clause_on(struct parse *p, struct rule *x)
{
	return parse_or(p, &x->on, false);
}

static int
clause_as(struct parse *p, struct rule *x)
{
	struct word **end = &x->logins;
	int r;

	for (;;) {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		r = parse_take_name(p, &(*end)->text, "a login");
		end = &(*end)->next;
		if (r != 0 || !parse_at_mark(p, ','))
			return r;
		r = parse_next(p);
		if (r != 0)
			return r;
	}
}

static int
clause_cmd(struct parse *p, struct rule *x)
{
	if (!parse_at_mark(p, '{'))
		return parse_take_name(p, &x->cmd_name, "the name of a command, or { PATTERN }");
	x->cmd = pool_get(p->p->pool, sizeof(*x->cmd));
	return x->cmd != NULL ? parse_patterns(p, x->cmd) : parse_no_memory(p);
}

static int
clause_to(struct parse *p, struct rule *x)
{
	return parse_take_text(p, &x->to, "HOST:PORT");
}

static int
clause_listen(struct parse *p, struct rule *x)
{
	return parse_take_text(p, &x->listen, "HOST:PORT");
}

static int
parse_networks(struct parse *p, struct cidr **ret)
{
	struct cidr **end = ret;
	int r;

	for (;;) {
		struct place at = p->t.at;

		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		r = parse_take_text(p, &(*end)->text, "an address or network: 10.8.0.0/24");
		if (r == 0 && net_prefix_parse(slice_from((*end)->text), &(*end)->prefix) != 0)
			return parse_fail(p, at, "not an address or network", (*end)->text, "e.g. 10.8.0.0/24, 2001:db8::/32");
		end = &(*end)->next;
		if (r != 0 || !parse_at_mark(p, ','))
			return r;
		r = parse_next(p);
		if (r != 0)
			return r;
	}
}

static int
clause_from(struct parse *p, struct rule *x)
{
	return parse_networks(p, &x->from);
}

static int
clause_when(struct parse *p, struct rule *x)
{
	return parse_take_name(p, &x->when_name, "the name of a time");
}

/* WHO, or from NETWORK,.., or when TIME; may be said more than once. */
static int
clause_unless(struct parse *p, struct rule *x)
{
	struct except **end = &x->unless;
	int r;

	while (*end != NULL)
		end = &(*end)->next;
	*end = pool_get(p->p->pool, sizeof(**end));
	if (*end == NULL)
		return parse_no_memory(p);
	(*end)->at = p->t.at;
	if (!parse_at_word(p, "from") && !parse_at_word(p, "when"))
		return parse_who(p, &(*end)->who);
	if (parse_at_word(p, "from"))
		return (r = parse_next(p)) == 0 ? parse_networks(p, &(*end)->from) : r;
	r = parse_next(p);
	return r == 0 ? parse_take_name(p, &(*end)->when_name, "the name of a time") : r;
}

static int
clause_id(struct parse *p, struct rule *x)
{
	x->named = true;
	return parse_take_name(p, &x->id, "the rule's id");
}

static int
clause_reason(struct parse *p, struct rule *x)
{
	return parse_take_text(p, &x->reason, "the reason in quotes");
}

static const struct clause {
	const char *word;
	int (*parse)(struct parse *, struct rule *);
	bool again;                            /* may be given more than once */
	const char *verbs;                     /* that it can be about; NULL: all */
} clauses[] = {
	{ "on", clause_on, false, NULL }, { "as", clause_as, false, NULL }, { "cmd", clause_cmd, false, "exec" },
	{ "to", clause_to, false, "forward jump" }, { "listen", clause_listen, false, "forward" }, { "from", clause_from, false, NULL },
	{ "when", clause_when, false, NULL }, { "unless", clause_unless, true, NULL }, { "id", clause_id, false, NULL },
	{ "reason", clause_reason, false, NULL }, { "plugin", NULL, false, "plugin" }, { "path", NULL, false, "put get fetch push" },
	{ "options", NULL, false, NULL },
};

/* A clause narrows any to the verbs that it can be about; a verb that was named and is none of them is an error. */
static int
clause_narrow(struct parse *p, struct rule *x, const struct clause *c, struct place at)
{
	char what[96];
	unsigned about = 0;

	for (unsigned i = 0; policy_verbs[i] != NULL; i++)
		if (able_has(c->verbs, slice_from(policy_verbs[i])))
			about |= 1u << i;
	if (x->any_verb)
		x->verbs &= about;
	if (x->verbs != 0 && (x->verbs & ~about) == 0)
		return 0;
	(void)snprintf(what, sizeof(what), "%s is about %s", c->word, c->verbs);
	return parse_fail(p, at, what, NULL, "other verbs need a rule of their own");
}

static const struct clause *
clause_find(const struct parse *p)
{
	for (size_t i = 0; i < COUNT(clauses); i++)
		if (parse_at_word(p, clauses[i].word))
			return &clauses[i];
	return NULL;
}

static int
parse_clause(struct parse *p, struct rule *x, const struct clause *c)
{
	unsigned bit = 1u << (c - clauses);
	struct place at = p->t.at;
	int r;

	if (c->parse == NULL || !able_has(p->able->clauses, slice_from(c->word)))
		return parse_not_yet(p, at, "", c->word);
	if ((x->clauses & bit) != 0 && !c->again)
		return parse_fail(p, at, "given twice:", c->word, NULL);
	x->clauses |= bit;
	r = c->verbs != NULL ? clause_narrow(p, x, c, at) : 0;
	if (r == 0)
		r = parse_next(p);
	return r == 0 ? c->parse(p, x) : r;
}

int
parse_matchers(struct parse *p, struct rule *x)
{
	const struct clause *c;
	int r = parse_who(p, &x->who);

	if (r == 0)
		r = parse_verbs(p, &x->verbs);
	x->any_verb = x->verbs == POLICY_VERBS_ALL;
	if (r == 0 && !parse_at_word(p, "on"))
		return parse_unexpected(p, "on HOSTS belongs here");
	while (r == 0 && (c = clause_find(p)) != NULL)
		r = parse_clause(p, x, c);
	return r;
}

/* ---- permit, deny ---- */

/* Every rule has a name: its id, or its place in the policy, which stands in each decision's audit row. */
static int
name_rule(struct parse *p, struct rule *x)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "rule-%zu", p->p->rules_n);
	x->id = pool_text(p->p->pool, slice_from(name));
	return x->id != NULL ? 0 : parse_no_memory(p);
}

int
parse_rule(struct parse *p, bool permit, struct place at)
{
	struct rule *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	x->permit = permit;
	x->at = at;
	r = parse_matchers(p, x);
	if (r == 0 && permit && (x->unless != NULL || x->reason != NULL))
		return parse_fail(p, at, "unless and reason belong to deny", NULL, "take them out of this permit");
	*p->p->rules_end = x;
	p->p->rules_end = &x->next;
	p->p->rules_n++;
	return r == 0 && x->id == NULL ? name_rule(p, x) : r;
}
