/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* permit, deny and require: their conditions, in any order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/parse.h"

static const char *const clauses[] = { "on", "as", "cmd", "plugin", "path", "to", "listen", "from", "when", "options", "id",
	"unless", "reason" };
static const char *const obligations[] = { "approval", "mfa", "record", "ticket", "notify", "moderator" };

/* ---- rules ---- */

static int
parse_verbs(struct parse *p, unsigned *verbs)
{
	unsigned bit;
	size_t n = 0;
	int r;

	while (policy_verbs[n] != NULL)
		n++;
	for (;;) {
		if (p->t.kind != TOKEN_WORD)
			return parse_unexpected(p, "verbs: shell, exec, put, get … or any");
		bit = parse_at_word(p, "any") ? POLICY_VERBS_ALL : verb_bit(slice_from(p->t.text));
		if (bit == 0)
			return parse_unknown(p, p->t.at, "unknown verb", p->t.text, policy_verbs, n);
		*verbs |= bit;
		r = parse_next(p);
		if (r != 0 || !parse_at_mark(p, ','))
			return r;
		r = parse_next(p);
		if (r != 0)
			return r;
	}
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
clause_from(struct parse *p, struct rule *x)
{
	struct cidr **end = &x->from;
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
clause_unless(struct parse *p, struct rule *x)
{
	if (!parse_at_word(p, "role"))
		return parse_unexpected(p, "unless role NAME");
	return parse_who(p, &x->unless);
}

static int
parse_clause(struct parse *p, struct rule *x)
{
	char word[16];
	struct place at = p->t.at;
	int r;

	(void)snprintf(word, sizeof(word), "%.15s", p->t.text);
	if (strcmp(word, "plugin") == 0 || strcmp(word, "path") == 0 || strcmp(word, "options") == 0)
		return parse_fail(p, at, "not available yet:", word, "leave the rule out until it is");
	r = parse_next(p);
	if (r != 0)
		return r;
	if (strcmp(word, "on") == 0)
		return x->on == NULL ? parse_or(p, &x->on, false) : parse_fail(p, at, "given twice:", word, NULL);
	if (strcmp(word, "as") == 0)
		return clause_as(p, x);
	if (strcmp(word, "cmd") == 0)
		return clause_cmd(p, x);
	if (strcmp(word, "to") == 0)
		return parse_take_text(p, &x->to, "HOST:PORT");
	if (strcmp(word, "listen") == 0)
		return parse_take_text(p, &x->listen, "HOST:PORT");
	if (strcmp(word, "from") == 0)
		return clause_from(p, x);
	if (strcmp(word, "when") == 0)
		return parse_take_name(p, &x->when_name, "the name of a time");
	if (strcmp(word, "id") == 0)
		return parse_take_name(p, &x->id, "the rule's id");
	if (strcmp(word, "unless") == 0)
		return clause_unless(p, x);
	return parse_take_text(p, &x->reason, "the reason in quotes");
}

/* Every rule has a name: its id, or its place in the policy, which stands in each decision's audit row. */
static int
name_rule(struct parse *p, struct rule *x)
{
	char name[32];

	(void)snprintf(name, sizeof(name), x->obligation != 0 ? "require-%zu" : "rule-%zu",
	    x->obligation != 0 ? p->p->requires_n : p->p->rules_n);
	x->id = pool_text(p->p->pool, slice_from(name));
	return x->id != NULL ? 0 : parse_no_memory(p);
}

/* WHO VERB,.. on HOSTS and what follows. */
static int
parse_matchers(struct parse *p, struct rule *x)
{
	int r = parse_who(p, &x->who);

	if (r == 0)
		r = parse_verbs(p, &x->verbs);
	if (r == 0 && !parse_at_word(p, "on"))
		return parse_unexpected(p, "on HOSTS belongs here");
	while (r == 0 && parse_at_one_of(p, clauses, COUNT(clauses)))
		r = parse_clause(p, x);
	return r;
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

static int
parse_require(struct parse *p, struct place at, unsigned obligation)
{
	struct rule *x = pool_get(p->p->pool, sizeof(*x));
	int r = parse_next(p);

	if (x == NULL)
		return parse_no_memory(p);
	x->obligation = obligation;
	x->at = at;
	if (r == 0 && !parse_at_word(p, "for"))
		return parse_unexpected(p, "for WHO VERB,.. on HOSTS belongs here");
	if (r == 0)
		r = parse_next(p);
	if (r == 0)
		r = parse_matchers(p, x);
	if (r == 0 && x->reason != NULL)
		return parse_fail(p, at, "reason belongs to deny", NULL, "take it out of this requirement");
	*p->p->requires_end = x;
	p->p->requires_end = &x->next;
	p->p->requires_n++;
	return r == 0 && x->id == NULL ? name_rule(p, x) : r;
}

/* What is not there yet is understood so far that a typing error is told apart, and never ignored. */
int
parse_obligation(struct parse *p, struct place at, bool watch)
{
	char what[64];

	if (!watch && parse_at_word(p, "mfa"))
		return parse_require(p, at, POLICY_MFA);
	if (!watch && !parse_at_one_of(p, obligations, COUNT(obligations)))
		return p->t.kind != TOKEN_WORD ? parse_unexpected(p, "an obligation: approval, mfa, record …") :
		    parse_unknown(p, p->t.at, "unknown obligation", p->t.text, obligations, COUNT(obligations));
	(void)snprintf(what, sizeof(what), "%s%.20s is not available yet", watch ? "" : "require ", watch ? "watch" : p->t.text);
	return parse_fail(p, at, what, NULL, "a policy that needs it cannot be loaded");
}
