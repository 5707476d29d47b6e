/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Why.  A permit names its rule, a deny its rule and reason; the default names how many
 * permits were considered and the one that came nearest: for this user, then verb, then
 * hosts, and what stopped it.  In brief only that, of the asker's side: "no permit for env=prod".
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/match.h"

/* Of a permit that is for this user: the verb counts for more than the host. */
static int
nearness(const struct rule *r, struct asked *a)
{
	const struct condition *c = rule_conditions;

	return 1 + (condition_stops(&c[CONDITION_VERB], r, a) ? 0 : 2) + (condition_stops(&c[CONDITION_HOST], r, a) ? 0 : 1);
}

/* Of a denial by default: the permit that came nearest, NULL: none is for this user; and how many there are. */
struct near { const struct rule *best; unsigned considered; };

static struct near
nearest_permit(struct asked *a)
{
	struct near ret = { 0 };
	int best_near = 0, n;

	for (size_t w = 0; w * 64 < a->p->rules_n; w++)
		for (uint64_t bits = a->scope->rules[w]; bits != 0; bits &= bits - 1) {
			size_t number = w * 64 + (size_t)__builtin_ctzll(bits);

			if (number >= a->p->rules_n || !index_rule(a->p, number)->permit)
				continue;
			n = nearness(index_rule(a->p, number), a);
			ret.considered++;
			if (n > best_near) {
				ret.best = index_rule(a->p, number);
				best_near = n;
			}
		}
	return ret;
}

/* One that is for other verbs or hosts says no more than that. */
static int
say_what_fails(const struct rule *r, struct asked *a, struct buf *out)
{
	bool any = false;
	int e = 0;

	for (const struct condition *c = rule_conditions; e == 0 && c->fits != NULL; c++) {
		if (!condition_stops(c, r, a))
			continue;
		if (any)
			e = buf_text(out, "; ");
		if (e == 0)
			e = c->say(r, a, out);
		any = true;
		if (c <= &rule_conditions[CONDITION_HOST])
			break;
	}
	return e;
}

static int
explain_default(struct asked *a, const struct near *near, struct buf *out)
{
	const struct rule *best = near->best;
	int e;

	if (best == NULL)
		return buf_text(out, "DENY (default): no permit is for this user");
	e = buf_printf(out, "DENY (default): %u permit%s considered; %s fails: ", near->considered, near->considered == 1 ? "" : "s", best->id);
	if (e == 0)
		e = say_what_fails(best, a, out);
	return e == 0 ? buf_printf(out, " (%s:%u); nearest permit: %s", best->at.file, best->at.line, best->id) : e;
}

static const struct rule *
rule_find(const struct rule *r, const char *id)
{
	while (r != NULL && r->id != id)
		r = r->next;
	return r;
}

static int
explain_needs(const struct policy *p, const struct policy_decision *d, struct buf *out)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < d->needs_n; i++) {
		const struct rule *r = rule_find(p->requires, d->needs[i]->id);

		e = buf_text(out, i == 0 ? "; requires " : ", ");
		if (e == 0)
			e = text_escape(out, slice_from(d->needs[i]->words));
		if (e == 0)
			e = buf_printf(out, " (%s, %s:%u)", r->id, r->at.file, r->at.line);
	}
	return e;
}

static int
explain_digests(const struct policy_decision *d, struct buf *out)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < d->digests_n; i++)
		e = buf_printf(out, "%s%s", i == 0 ? "; the program must have the SHA-256 " : " or ", d->digests[i]);
	return e;
}

/* A deny that matched only because the command could not be judged says that first. */
static int
explain_rule(const struct rule *r, struct asked *a, struct buf *out)
{
	int e = 0;

	for (const struct condition *c = rule_conditions; e == 0 && c->fits != NULL; c++)
		if (c->fits(r, a) == FIT_UNKNOWN && (e = buf_text(out, ": ")) == 0)
			e = c->say(r, a, out);
	return e;
}

static int
explain(struct asked *a, const struct policy_decision *d, const struct near *near, struct buf *out)
{
	const struct rule *r = a->by;
	int e;

	if (a->verb == 0)
		return buf_text(out, "DENY (default): there is no such verb");
	if (d->by_default)
		return explain_default(a, near, out);
	if (d->rule[0] == '\0')
		e = buf_text(out, "PERMIT: it needs no rule");
	else
		e = buf_printf(out, "%s: %s", d->permit ? "PERMIT" : "DENY", d->rule);
	if (e == 0 && r != NULL)
		e = buf_printf(out, " (%s:%u)", r->at.file, r->at.line);
	if (e == 0 && r != NULL)
		e = explain_rule(r, a, out);
	if (e == 0 && d->reason[0] != '\0')
		e = buf_printf(out, ": %s", d->reason);
	if (e == 0)
		e = policy_options_print(out, d->options);
	if (e == 0)
		e = explain_digests(d, out);
	return e == 0 ? explain_needs(a->p, d, out) : e;
}

/* ---- in brief ---- */

/* The host's label that x fails on, as the host has it.  wanted: what x should be. */
static const struct policy_label *
failing_label(const struct expr *x, const struct asked *a, bool wanted)
{
	const struct policy_request *req = a->req;
	const struct policy_label *l;

	switch (x->kind) {
	case EXPR_LABEL:
	case EXPR_REFERENCE:
	case EXPR_HAS:
		for (size_t i = 0; i < req->labels_n; i++)
			if (slice_is(req->labels[i].key, x->key) && expr_matches(x, a) != wanted)
				return &req->labels[i];
		return NULL;
	case EXPR_SET:
		return failing_label(x->set->expr, a, wanted);
	case EXPR_NOT:
		return failing_label(x->a, a, !wanted);
	case EXPR_AND:
	case EXPR_OR:
		l = failing_label(x->a, a, wanted);
		return l != NULL ? l : failing_label(x->b, a, wanted);
	default:
		return NULL;
	}
}

static int
brief_hosts(const struct rule *r, struct asked *a, struct buf *out)
{
	const struct policy_label *l = failing_label(r->on, a, true);
	int e;

	if (l == NULL)
		return buf_text(out, "no permit for this host");
	e = buf_text(out, "no permit for ");
	if (e == 0)
		e = text_escape(out, l->key);
	if (e == 0)
		e = buf_text(out, "=");
	return e == 0 ? text_escape(out, l->value) : e;
}

/* What stopped r, the nearest permit. */
static int
brief_fails(const struct rule *r, struct asked *a, struct buf *out)
{
	const struct condition *c = rule_conditions;
	const struct policy_request *req = a->req;
	char login[80];

	if (condition_stops(&c[CONDITION_VERB], r, a))
		return buf_printf(out, "no permit for %.*s", (int)req->verb.n, (const char *)req->verb.p);
	if (condition_stops(&c[CONDITION_HOST], r, a))
		return brief_hosts(r, a, out);
	if (r->logins != NULL && !login_matches(r->logins, req->login))
		return buf_printf(out, "no permit as %s", text_escaped(req->login, login, sizeof(login)));
	return say_what_fails(r, a, out);
}

static int
brief_needs(const struct policy_decision *d, struct buf *out)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < d->needs_n; i++) {
		size_t n = strcspn(d->needs[i]->words, " ");

		if (i == 0 || d->needs[i]->kind != d->needs[i - 1]->kind)
			e = buf_printf(out, ", %.*s", (int)n, d->needs[i]->words);
	}
	return e;
}

/* " (policy.conf:7)", a hundred thousand times. */
static int
brief_place(const struct rule *r, struct buf *out)
{
	int e = buf_text(out, " (");

	if (e == 0)
		e = buf_text(out, r->at.file);
	if (e == 0)
		e = buf_text(out, ":");
	if (e == 0)
		e = text_decimal(out, r->at.line);
	return e == 0 ? buf_text(out, ")") : e;
}

static int
brief(struct asked *a, const struct policy_decision *d, const struct near *near, struct buf *out)
{
	const struct rule *r = d->by_default ? near->best : a->by;
	int e;

	if (a->verb == 0)
		return buf_text(out, "there is no such verb");
	if (d->by_default)
		e = r != NULL ? brief_fails(r, a, out) : buf_text(out, "no permit for this user");
	else
		e = buf_text(out, d->reason[0] != '\0' ? d->reason : d->rule);
	if (e == 0 && r != NULL)
		e = brief_place(r, out);
	return e == 0 ? brief_needs(d, out) : e;
}

/* ---- both ---- */

int
policy_tell(const struct policy *p, const struct policy_request *req, struct policy_decision *d, struct buf *sentence,
    struct buf *few)
{
	struct policy_scope scope;
	struct near near = { 0 };
	struct asked a;
	int e = 0;

	asked_init(&a, p, req, &scope);
	asked_decide(&a, d);
	if (d->by_default)
		near = nearest_permit(&a);
	if (sentence != NULL)
		e = explain(&a, d, &near, sentence);
	if (e == 0 && few != NULL)
		e = brief(&a, d, &near, few);
	asked_done(&a);
	return e;
}
