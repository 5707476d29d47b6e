/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Decisions.  Which rules match says match.c; here is what follows from that, whatever their order. */
#include <string.h>

#include "policy/ast.h"

static bool
comes_before(const char *a, const char *b)
{
	return b == NULL || strcmp(a, b) < 0;
}

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

static void
needs_find(const struct policy *p, const struct policy_request *req, struct policy_decision *d)
{
	for (const struct rule *r = p->requires; r != NULL; r = r->next)
		if (rule_matches(r, req) && !need_add(d, &r->need)) {
			*d = (struct policy_decision){ .rule = "too-many-needs", .reason = "more requirements match than 32" };
			return;
		}
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
policy_need_takes(const struct policy_need *need, const struct policy_person *helper, const struct policy_person *asker)
{
	return helper->name.n > 0 && !slice_eq(helper->name, asker->name) && need->who != NULL && who_matches(need->who, helper);
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

void
policy_eval(const struct policy *p, const struct policy_request *req, struct policy_decision *ret)
{
	const struct rule *permit = NULL, *deny = NULL;

	for (const struct rule *r = p->rules; r != NULL; r = r->next) {
		const struct rule **best = r->permit ? &permit : &deny;

		if ((*best == NULL || comes_before(r->id, (*best)->id)) && rule_matches(r, req))
			*best = r;
	}
	if (deny != NULL) {
		*ret = (struct policy_decision){ .rule = deny->id, .reason = deny->reason != NULL ? deny->reason : "" };
		return;
	}
	*ret = (struct policy_decision){ .permit = permit != NULL, .by_default = permit == NULL,
		.rule = permit != NULL ? permit->id : "", .reason = "" };
	if (permit != NULL)
		needs_find(p, req, ret);
}

/* ---- before all is known ---- */

static bool
names_one_of(const struct who *w, const struct slice *principals, size_t n)
{
	for (; w != NULL; w = w->next) {
		if (w->kind == WHO_ROLE && names_one_of(w->role->members, principals, n))
			return true;
		for (size_t i = 0; w->kind == WHO_CERT && i < n; i++)
			if (slice_is(principals[i], w->name))
				return true;
	}
	return false;
}

bool
policy_names_principal(const struct policy *p, const struct slice *principals, size_t n)
{
	const struct rule *r = p->rules;

	while (r != NULL && (!r->permit || !names_one_of(r->who, principals, n)))
		r = r->next;
	return r != NULL;
}

bool
policy_may_reach(const struct policy *p, const struct policy_request *req)
{
	for (const struct rule *r = p->rules; r != NULL; r = r->next)
		if (r->permit && (r->verbs & verb_bit(req->verb)) != 0 && who_matches(r->who, &req->who) &&
		    expr_matches(r->on, req))
			return true;
	return false;
}

bool
policy_may_require(const struct policy *p, const struct policy_person *who, enum policy_obligation obligation)
{
	const struct rule *r = p->requires;

	while (r != NULL && (r->need.kind != obligation || !who_matches(r->who, who) || except_person(r->unless, who)))
		r = r->next;
	return r != NULL;
}

/* ---- watches ---- */

size_t
policy_watches(const struct policy *p, const struct policy_request *req, const struct policy_watch **ret, size_t max)
{
	size_t n = 0, have, i;

	for (const struct watch *w = p->watches; w != NULL; w = w->next) {
		if (!who_matches(w->who, &req->who) || !expr_matches(w->on, req))
			continue;
		have = n < max ? n : max;
		n++;
		for (i = have; i > 0 && strcmp(w->w.id, ret[i - 1]->id) < 0; i--)
			if (i < max)
				ret[i] = ret[i - 1];
		if (i < max)
			ret[i] = &w->w;
	}
	return n;
}

const struct policy_watch *
policy_watch_line(const struct policy_watch *const *w, size_t n, struct slice line)
{
	const struct policy_watch *best = NULL;

	for (size_t i = 0; i < n; i++)
		if ((best == NULL || w[i]->action > best->action) &&
		    ere_hits(w[i]->compiled, slice_of(line.p, line.n < 4096 ? line.n : 4096)))
			best = w[i];
	return best;
}
