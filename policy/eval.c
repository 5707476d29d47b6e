/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Decisions.  Which rules match says match.c; here is what follows from that, whatever their order. */
#include <string.h>

#include "policy/match.h"

/* ---- what is needed ---- */

static bool
need_is_same(const struct policy_need *a, const struct policy_need *b)
{
	return a->kind == b->kind && (a->kind == POLICY_RECORD || strcmp(a->words, b->words) == 0);
}

/* Of two that are the same: the record that asks more, then the id that comes first. */
static bool
need_is_better(const struct policy_need *a, const struct policy_need *b)
{
	return a->record != b->record ? a->record > b->record : strcmp(a->id, b->id) < 0;
}

static bool
need_comes_before(const struct policy_need *a, const struct policy_need *b)
{
	return a->kind != b->kind ? a->kind < b->kind : strcmp(a->id, b->id) < 0;
}

/* False: they are too many. */
static bool
need_add(struct policy_decision *d, const struct policy_need *need)
{
	size_t i = 0;

	while (i < d->needs_n && !need_is_same(d->needs[i], need))
		i++;
	if (i < d->needs_n && !need_is_better(need, d->needs[i]))
		return true;
	if (i == d->needs_n && d->needs_n++ == POLICY_NEEDS_MAX)
		return false;
	memmove(d->needs + i, d->needs + i + 1, (d->needs_n - 1 - i) * sizeof(*d->needs));
	for (i = d->needs_n - 1; i > 0 && need_comes_before(need, d->needs[i - 1]); i--)
		d->needs[i] = d->needs[i - 1];
	d->needs[i] = need;
	d->obligations |= need->kind;
	return true;
}

const struct policy_need *
policy_decision_need(const struct policy_decision *d, enum policy_obligation kind)
{
	for (size_t i = 0; i < d->needs_n; i++)
		if (d->needs[i]->kind == kind)
			return d->needs[i];
	return NULL;
}

bool
policy_need_takes(const struct policy *p, const struct policy_need *need, const struct policy_person *helper,
    const struct policy_person *asker)
{
	struct policy_scope scope;

	if (helper->name.n == 0 || slice_eq(helper->name, asker->name))
		return false;
	scope_fill(p, helper, true, &scope);
	return who_matches(need->who, helper, &scope);
}

bool
policy_need_fits(const struct policy_need *need, struct slice ticket)
{
	if (need->ticket == NULL || ticket.n == 0 || ticket.n > 256)
		return false;
	for (size_t i = 0; i < ticket.n; i++)
		if (ticket.p[i] < 0x20 || ticket.p[i] == 0x7f)
			return false;
	return ere_hits(need->ticket, ticket);
}

/* ---- the verdict ---- */

/* Calls fn for each rule that matches, of those with numbers from … until.  False: fn had enough. */
static bool
each_match(struct asked *a, size_t from, size_t until, bool (*fn)(void *arg, const struct rule *r), void *arg)
{
	for (size_t w = from / 64; w * 64 < until; w++) {
		uint64_t bits = asked_candidates(a, w);

		for (; bits != 0; bits &= bits - 1) {
			size_t n = w * 64 + (size_t)__builtin_ctzll(bits);

			if (n < from || n >= until)
				continue;
			if (rule_matches(index_rule(a->p, n), a) && !fn(arg, index_rule(a->p, n)))
				return false;
		}
	}
	return true;
}

struct verdict {
	const struct asked *asked;
	const struct rule *permit, *deny;
	bool whole, spared;              /* of somehow: a permit is for all of it, a deny for a part */
	uint64_t options[POLICY_OPTIONS];
	bool any_program;                /* some permit asks for no digest */
	const char *digests[POLICY_DIGESTS_MAX];
	size_t digests_n;                /* one more than they can be: too many */
};

/* They stay in their order, none twice. */
static void
digest_add(struct verdict *v, const char *digest)
{
	size_t at = 0;

	while (at < v->digests_n && at < POLICY_DIGESTS_MAX && strcmp(v->digests[at], digest) < 0)
		at++;
	if (v->digests_n > POLICY_DIGESTS_MAX || (at < v->digests_n && strcmp(v->digests[at], digest) == 0))
		return;
	if (v->digests_n++ == POLICY_DIGESTS_MAX)
		return;
	memmove(v->digests + at + 1, v->digests + at, (v->digests_n - 1 - at) * sizeof(v->digests[0]));
	v->digests[at] = digest;
}

static void
permit_add(struct verdict *v, const struct rule *r)
{
	const char *digest = what_demands(r, v->asked);

	for (size_t i = 0; i < POLICY_OPTIONS; i++)
		if (r->options[i] != 0 && (v->options[i] == 0 || r->options[i] < v->options[i]))
			v->options[i] = r->options[i];
	if (digest != NULL)
		digest_add(v, digest);
	else
		v->any_program = true;
}

/* False: they are too many. */
static bool
digests_put(const struct verdict *v, struct policy_decision *ret)
{
	if (v->digests_n > POLICY_DIGESTS_MAX)
		return false;
	memcpy(ret->digests, v->digests, sizeof(ret->digests));
	ret->digests_n = v->digests_n;
	return true;
}

static bool
rule_matched(void *arg, const struct rule *r)
{
	struct verdict *v = arg;
	const struct rule **best = r->permit ? &v->permit : &v->deny;
	bool partial = v->asked->req->somehow && rule_is_partial(r);

	if (partial && !r->permit) {
		v->spared = true;
		return true;
	}
	v->whole = v->whole || (r->permit && !partial);
	if (*best == NULL || strcmp(r->id, (*best)->id) < 0)
		*best = r;
	if (r->permit)
		permit_add(v, r);
	return true;
}

static bool
require_matched(void *arg, const struct rule *r)
{
	return need_add(arg, &r->need);
}

static void
decide(struct asked *a, struct policy_decision *ret)
{
	struct verdict v = { .asked = a };
	size_t n = a->p->rules_n;
	bool given;

	if (a->req->labels_n > POLICY_LABELS_MAX) {
		*ret = (struct policy_decision){ .rule = "too-many-labels", .reason = "the host has more labels than 64" };
		return;
	}
	(void)each_match(a, 0, n, rule_matched, &v);
	a->by = v.deny != NULL ? v.deny : v.permit;
	if (v.deny != NULL) {
		*ret = (struct policy_decision){ .rule = v.deny->id, .reason = v.deny->reason != NULL ? v.deny->reason : "" };
		return;
	}
	given = a->req->given && a->verb != 0;
	*ret = (struct policy_decision){ .permit = v.permit != NULL || given, .by_default = v.permit == NULL && !given,
		.rule = v.permit != NULL ? v.permit->id : "", .reason = "" };
	if (!ret->permit)
		return;
	ret->in_part = a->req->somehow && (v.spared || (!v.whole && !given));
	memcpy(ret->options, v.options, sizeof(ret->options));
	if (!v.any_program && !given && !digests_put(&v, ret))
		*ret = (struct policy_decision){ .rule = "too-many-digests", .reason = "more programs match by their digest than 8" };
	else if (!each_match(a, n, index_rules(a->p), require_matched, ret))
		*ret = (struct policy_decision){ .rule = "too-many-needs", .reason = "more requirements match than 32" };
	if (!ret->permit)
		a->by = NULL;                    /* that is no rule */
}

void
asked_decide(struct asked *a, struct policy_decision *ret)
{
	decide(a, ret);
	ret->by_path = a->req->some_path && a->met_path;
}

void
policy_eval(const struct policy *p, const struct policy_request *req, struct policy_decision *ret)
{
	struct policy_scope scope;
	struct asked a;

	asked_init(&a, p, req, &scope);
	asked_decide(&a, ret);
	asked_done(&a);
}

/* ---- before all is known ---- */

bool
policy_names_principal(const struct policy *p, const struct slice *principals, size_t n)
{
	struct policy_person who = { .principals = principals, .principals_n = n };
	struct policy_scope scope;

	scope_fill(p, &who, false, &scope);
	for (size_t i = 0; i < p->rules_n; i++)
		if ((scope.rules[i / 64] >> i % 64 & 1) != 0 && index_rule(p, i)->permit)
			return true;
	return false;
}

static int
each_principal(const struct who *w, policy_name_fn *fn, void *arg)
{
	int r = 0;

	for (; r == 0 && w != NULL; w = w->next)
		if (w->kind == WHO_CERT)
			r = fn(arg, w->name);
	return r;
}

int
policy_each_principal(const struct policy *p, policy_name_fn *fn, void *arg)
{
	int r = 0;

	for (const struct role *x = p->roles; r == 0 && x != NULL; x = x->next)
		r = each_principal(x->members, fn, arg);
	for (const struct rule *x = p->rules; r == 0 && x != NULL; x = x->next)
		if (x->permit)
			r = each_principal(x->who, fn, arg);
	return r;
}

int
policy_each_login(const struct policy *p, policy_name_fn *fn, void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < index_rules(p); i++)
		for (const struct word *w = index_rule(p, i)->logins; r == 0 && w != NULL; w = w->next)
			r = fn(arg, w->text);
	return r;
}

bool
policy_may_reach(const struct policy *p, const struct policy_request *req)
{
	struct policy_scope scope;
	struct asked a;
	bool found = false;

	asked_init(&a, p, req, &scope);
	for (size_t w = 0; !found && w * 64 < p->rules_n; w++)
		for (uint64_t bits = asked_candidates(&a, w); !found && bits != 0; bits &= bits - 1) {
			size_t n = w * 64 + (size_t)__builtin_ctzll(bits);

			found = n < p->rules_n && index_rule(p, n)->permit && expr_matches(index_rule(p, n)->on, &a);
		}
	asked_done(&a);
	return found && req->labels_n <= POLICY_LABELS_MAX;
}

bool
policy_may_require(const struct policy *p, const struct policy_request *req, enum policy_obligation obligation)
{
	const struct rule *r = p->requires;
	struct policy_scope scope;
	struct asked a;

	asked_init(&a, p, req, &scope);
	while (r != NULL && (r->need.kind != obligation || !rule_may_match(r, &a)))
		r = r->next;
	asked_done(&a);
	return r != NULL;
}

bool
policy_may_verb(const struct policy *p, const struct policy_person *who, struct slice verb)
{
	struct policy_scope scope;
	unsigned bit = verb_bit(verb);

	scope_fill(p, who, true, &scope);
	for (size_t i = 0; i < p->rules_n; i++)
		if ((scope.rules[i / 64] >> i % 64 & 1) != 0 && index_rule(p, i)->permit && (index_rule(p, i)->verbs & bit) != 0)
			return true;
	return false;
}

/* ---- watches ---- */

size_t
policy_watches(const struct policy *p, const struct policy_request *req, const struct policy_watch **ret, size_t max)
{
	struct policy_scope scope;
	struct asked a;
	size_t n = 0, have, i;

	asked_init(&a, p, req, &scope);
	for (const struct watch *w = p->watches; w != NULL; w = w->next) {
		if (!who_matches(w->who, &req->who, a.scope) || !expr_matches(w->on, &a))
			continue;
		have = n < max ? n : max;
		n++;
		for (i = have; i > 0 && strcmp(w->w.id, ret[i - 1]->id) < 0; i--)
			if (i < max)
				ret[i] = ret[i - 1];
		if (i < max)
			ret[i] = &w->w;
	}
	asked_done(&a);
	return n;
}

const struct policy_watch *
policy_watch_line(const struct policy_watch *const *w, size_t n, struct slice line)
{
	const struct policy_watch *best = NULL;

	for (size_t i = 0; i < n; i++)
		if ((best == NULL || w[i]->action > best->action) &&
		    ere_hits(w[i]->compiled, slice_of(line.p, line.n < ERE_LINE_MAX ? line.n : ERE_LINE_MAX)))
			best = w[i];
	return best;
}
