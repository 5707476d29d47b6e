/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* permit and deny, and what require shares with them: WHO VERB,.. on HOSTS, then clauses in any order. */
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

	do
		r = parse_verb(p, verbs);
	while (r == 0 && (r = parse_more(p, ',')) == 1);
	return r;
}

int
parse_matchers(struct parse *p, struct rule *x)
{
	int r = parse_who(p, &x->who);

	if (r == 0)
		r = parse_verbs(p, &x->verbs);
	x->any_verb = x->verbs == POLICY_VERBS_ALL;
	if (r == 0 && !parse_at_word(p, "on"))
		return parse_unexpected(p, "on HOSTS belongs here");
	if (r == 0)
		r = 1;
	while (r == 1)
		r = parse_clause(p, x);
	if (r == 0 && x->to != NULL && x->listen != NULL)
		return parse_fail(p, x->at, "to and listen in one rule", NULL, "connecting and listening need a rule each");
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
	if (r == 0 && !permit && (x->clauses & clause_bit("options")) != 0)
		return parse_fail(p, at, "options belong to permit", NULL, "take them out of this deny");
	if (r == 0 && p->p->rules_n + p->p->requires_n == RULES_MAX)
		return parse_fail(p, at, "too many rules", NULL, "16384 at most");
	*p->p->rules_end = x;
	p->p->rules_end = &x->next;
	p->p->rules_n++;
	return r == 0 && x->id == NULL ? name_rule(p, x) : r;
}
