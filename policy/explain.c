/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Why.  A permit names its rule, a deny its rule and reason; the default names how many
 * permits were considered and the one that came nearest: for this user, then verb, then
 * hosts, and what stopped it.
 */
#include <stdio.h>
#include <string.h>

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

static int
explain_default(const struct policy *p, const struct policy_request *req, struct buf *out)
{
	const struct rule *best = NULL;
	char text[400];
	unsigned considered = 0;
	int r;

	for (const struct rule *x = p->rules; x != NULL; x = x->next) {
		int n = x->permit ? nearness(x, req) : 0;

		considered += n > 0;
		if (n > 0 && (best == NULL || n > nearness(best, req)))
			best = x;
	}
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
