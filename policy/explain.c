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
#include "policy/ast.h"

static int
nearness(const struct rule *r, const struct policy_request *req)
{
	int n = 0;

	if (!who_matches(r->who, req))
		return 0;
	n = 4;
	n += (r->verbs & verb_bit(req->verb)) != 0 ? 2 : 0;
	n += expr_matches(r->on, req) ? 1 : 0;
	return n;
}

/* NULL: none is for this user. */
static const struct rule *
nearest_permit(const struct policy *p, const struct policy_request *req, unsigned *considered)
{
	const struct rule *best = NULL;

	*considered = 0;
	for (const struct rule *x = p->rules; x != NULL; x = x->next) {
		int n = x->permit ? nearness(x, req) : 0;

		*considered += n > 0;
		if (n > 0 && (best == NULL || n > nearness(best, req)))
			best = x;
	}
	return best;
}

static int
explain_default(const struct policy *p, const struct policy_request *req, struct buf *out)
{
	char text[400];
	unsigned considered;
	const struct rule *best = nearest_permit(p, req, &considered);
	int r;

	if (best == NULL)
		return buf_printf(out, "DENY (default): no permit is for this user");
	r = buf_printf(out, "DENY (default): %u permit%s considered; %s fails: %s (%s:%u)", considered,
	    considered == 1 ? "" : "s", rule_name(best), rule_fails(best, req, text, sizeof(text)), best->at.file,
	    best->at.line);
	return r == 0 ? buf_printf(out, "; nearest permit: %s", rule_name(best)) : r;
}

static const struct rule *
rule_find(const struct rule *r, const char *name)
{
	while (r != NULL && rule_name(r) != name)
		r = r->next;
	return r;
}

int
policy_explain(const struct policy *p, const struct policy_request *req, struct buf *out)
{
	struct policy_decision d;
	const struct rule *r;
	int e;

	if (verb_bit(req->verb) == 0)
		return buf_printf(out, "DENY (default): there is no such verb");
	policy_eval(p, req, &d);
	if (d.by_default)
		return explain_default(p, req, out);
	r = rule_find(p->rules, d.rule);
	e = buf_printf(out, "%s: %s (%s:%u)%s%s", d.permit ? "PERMIT" : "DENY", d.rule, r->at.file, r->at.line,
	    d.reason[0] != '\0' ? ": " : "", d.reason);
	if (e != 0 || d.obligations == 0)
		return e;
	r = rule_find(p->requires, d.require);
	return buf_printf(out, "; requires mfa (%s, %s:%u)", d.require, r->at.file, r->at.line);
}

/* ---- in brief ---- */

/* The host's label that x fails on, as the host has it.  wanted: what x should be. */
static const struct policy_label *
failing_label(const struct expr *x, const struct policy_request *req, bool wanted)
{
	const struct policy_label *l;

	switch (x->kind) {
	case EXPR_LABEL:
	case EXPR_HAS:
		for (size_t i = 0; i < req->labels_n; i++)
			if (slice_is(req->labels[i].key, x->key) && expr_matches(x, req) != wanted)
				return &req->labels[i];
		return NULL;
	case EXPR_SET:
		return failing_label(x->set->expr, req, wanted);
	case EXPR_NOT:
		return failing_label(x->a, req, !wanted);
	case EXPR_AND:
	case EXPR_OR:
		l = failing_label(x->a, req, wanted);
		return l != NULL ? l : failing_label(x->b, req, wanted);
	default:
		return NULL;
	}
}

static int
brief_hosts(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	const struct policy_label *l = failing_label(r->on, req, true);
	int e;

	if (l == NULL)
		return buf_printf(out, "no permit for this host");
	e = buf_printf(out, "no permit for ");
	if (e == 0)
		e = text_escape(out, l->key);
	if (e == 0)
		e = buf_text(out, "=");
	return e == 0 ? text_escape(out, l->value) : e;
}

/* What stopped r, the nearest permit. */
static int
brief_fails(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	char text[400], login[80];

	if ((r->verbs & verb_bit(req->verb)) == 0)
		return buf_printf(out, "no permit for %.*s", (int)req->verb.n, (const char *)req->verb.p);
	if (!expr_matches(r->on, req))
		return brief_hosts(r, req, out);
	if (r->logins != NULL && !login_matches(r->logins, req->login) && (r->unless == NULL || !who_matches(r->unless, req)))
		return buf_printf(out, "no permit as %s", text_escaped(req->login, login, sizeof(login)));
	return buf_text(out, rule_fails(r, req, text, sizeof(text)));
}

int
policy_brief(const struct policy *p, const struct policy_request *req, struct buf *out)
{
	struct policy_decision d;
	const struct rule *r;
	unsigned considered;
	int e;

	if (verb_bit(req->verb) == 0)
		return buf_text(out, "there is no such verb");
	policy_eval(p, req, &d);
	if (d.by_default) {
		r = nearest_permit(p, req, &considered);
		e = r != NULL ? brief_fails(r, req, out) : buf_text(out, "no permit for this user");
	} else {
		r = rule_find(p->rules, d.rule);
		e = buf_text(out, d.reason[0] != '\0' ? d.reason : d.rule);
	}
	if (e == 0 && r != NULL)
		e = buf_printf(out, " (%s:%u)", r->at.file, r->at.line);
	return e == 0 && d.obligations != 0 ? buf_text(out, ", mfa") : e;
}
