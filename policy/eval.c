/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Decisions.  Each condition of a rule is a function that says why it does not hold; eval asks only whether. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

#define WORDS_MAX   256
#define COMMAND_MAX 65536

/* ---- who, which hosts ---- */

static bool
one_of(const char *name, const struct slice *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(list[i], name))
			return true;
	return false;
}

bool
who_matches(const struct who *w, const struct policy_request *req)
{
	for (; w != NULL; w = w->next) {
		if (w->kind == WHO_ANY || (w->kind == WHO_USER && slice_is(req->user, w->name)) ||
		    (w->kind == WHO_GROUP && one_of(w->name, req->groups, req->groups_n)) ||
		    (w->kind == WHO_CERT && one_of(w->name, req->principals, req->principals_n)) ||
		    (w->kind == WHO_ROLE && who_matches(w->role->members, req)))
			return true;
	}
	return false;
}

static bool
label_matches(const struct expr *x, const struct policy_request *req)
{
	for (size_t i = 0; i < req->labels_n; i++)
		if (slice_is(req->labels[i].key, x->key) &&
		    (x->kind == EXPR_HAS || text_glob(slice_from(x->value), req->labels[i].value)))
			return true;
	return false;
}

bool
expr_matches(const struct expr *x, const struct policy_request *req)
{
	switch (x->kind) {
	case EXPR_ANY:
		return true;
	case EXPR_LABEL:
	case EXPR_HAS:
		return label_matches(x, req);
	case EXPR_NAME:
		return text_glob(slice_from(x->value), req->host);
	case EXPR_SET:
		return expr_matches(x->set->expr, req);
	case EXPR_NOT:
		return !expr_matches(x->a, req);
	case EXPR_AND:
		return expr_matches(x->a, req) && expr_matches(x->b, req);
	case EXPR_OR:
		return expr_matches(x->a, req) || expr_matches(x->b, req);
	}
	return false;
}

/* ---- source address ---- */

static bool
source_matches(const struct cidr *c, struct slice src)
{
	struct net_addr address;

	if (net_parse(src, &address) != 0)
		return false;
	while (c != NULL && !net_prefix_holds(&c->prefix, &address))
		c = c->next;
	return c != NULL;
}

/* ---- time, login, command ---- */

static bool
when_holds(const struct when *w, wall_t now)
{
	int64_t minute = now.us / 60000000 - (now.us % 60000000 < 0) + w->offset_min;
	int64_t day = minute / 1440 - (minute % 1440 < 0);
	int in_day = (int)(minute - day * 1440);
	unsigned weekday = (unsigned)(((day + 3) % 7 + 7) % 7);     /* 1970-01-01 was a Thursday */

	if (w->from_min < w->until_min)
		return (w->days >> weekday & 1) != 0 && in_day >= w->from_min && in_day < w->until_min;
	/* Over midnight: the early hours belong to the day before. */
	if (in_day >= w->from_min)
		return (w->days >> weekday & 1) != 0;
	return in_day < w->until_min && (w->days >> (weekday + 6) % 7 & 1) != 0;
}

bool
login_matches(const struct word *w, struct slice login)
{
	while (w != NULL && !slice_is(login, w->text))
		w = w->next;
	return w != NULL;
}

static bool
any_pattern(const struct command *c, const struct slice *argv, size_t n)
{
	const struct pattern *p = c->patterns;

	while (p != NULL && !pattern_matches(p, argv, n))
		p = p->next;
	return p != NULL;
}

/* simple: false if the string is none that can be judged without a shell. */
static bool
command_matches(const struct command *c, const struct policy_request *req, bool *simple)
{
	struct slice words[WORDS_MAX];
	struct buf store;
	bool match;
	int n;

	*simple = true;
	if (req->argv_n > 0)
		return any_pattern(c, req->argv, req->argv_n);
	buf_init(&store, COMMAND_MAX);
	n = policy_split(req->command, &store, words, WORDS_MAX);
	*simple = n > 0;
	match = n > 0 && any_pattern(c, words, (size_t)n);
	buf_done(&store);
	return match;
}

/* ---- rules ---- */

const char *
rule_name(const struct rule *r)
{
	return r->id;
}

static const char *
logins_text(const struct word *w, char *text, size_t size)
{
	size_t n = 0;

	for (text[0] = '\0'; w != NULL && n + 1 < size; w = w->next)
		n += (size_t)snprintf(text + n, size - n, "%s%s", n > 0 ? ", " : "", w->text);
	return text;
}

/* Which way: a rule that names a destination is not one for listening, nor the other way round. */
static const char *
forward_fails(const struct rule *r, const struct policy_request *req)
{
	if (r->to != NULL && req->listen.n > 0)
		return "it is for connecting, not for listening";
	if (r->to != NULL && !text_glob(slice_from(r->to), req->to))
		return "it is for another destination";
	if (r->listen != NULL && req->listen.n == 0)
		return "it is for listening";
	if (r->listen != NULL && !text_glob(slice_from(r->listen), req->listen))
		return "it is for listening elsewhere";
	return NULL;
}

const char *
rule_fails(const struct rule *r, const struct policy_request *req, char *text, size_t size)
{
	char login[80], logins[256];
	const char *why;
	bool simple;

	if (!who_matches(r->who, req))
		return "it is for other people";
	if ((r->verbs & verb_bit(req->verb)) == 0)
		return "it is for other verbs";
	if (!expr_matches(r->on, req))
		return "it is for other hosts";
	if (r->unless != NULL && who_matches(r->unless, req))
		return "the user is excepted by unless";
	if (r->logins != NULL && !login_matches(r->logins, req->login)) {
		(void)snprintf(text, size, "login %s is not in {%s}", text_escaped(req->login, login, sizeof(login)),
		    logins_text(r->logins, logins, sizeof(logins)));
		return text;
	}
	if (r->cmd != NULL && !command_matches(r->cmd, req, &simple))
		return simple ? "the command matches no pattern" : "it is not a simple command, so no pattern can match it";
	why = forward_fails(r, req);
	if (why != NULL)
		return why;
	if (r->from != NULL && !source_matches(r->from, req->src))
		return "the source address is in none of its networks";
	if (r->when != NULL && !when_holds(r->when, req->now)) {
		(void)snprintf(text, size, "it is not \"%s\" now", r->when->name);
		return text;
	}
	return NULL;
}

static void
add_obligations(const struct policy *p, const struct policy_request *req, struct policy_decision *d)
{
	char text[400];

	for (const struct rule *r = p->requires; r != NULL; r = r->next) {
		if (rule_fails(r, req, text, sizeof(text)) != NULL)
			continue;
		if (d->obligations == 0)
			d->require = rule_name(r);
		d->obligations |= r->obligation;
	}
}

void
policy_eval(const struct policy *p, const struct policy_request *req, struct policy_decision *ret)
{
	const struct rule *permit = NULL;
	char text[400];

	for (const struct rule *r = p->rules; r != NULL; r = r->next) {
		if ((r->permit && permit != NULL) || rule_fails(r, req, text, sizeof(text)) != NULL)
			continue;
		if (!r->permit) {
			*ret = (struct policy_decision){ .require = "", .rule = rule_name(r), .reason = r->reason != NULL ? r->reason : "" };
			return;
		}
		permit = r;
	}
	*ret = (struct policy_decision){ .permit = permit != NULL, .by_default = permit == NULL,
		.require = "", .rule = permit != NULL ? rule_name(permit) : "", .reason = "" };
	if (permit != NULL)
		add_obligations(p, req, ret);
}

static bool
names_one_of(const struct who *w, const struct slice *principals, size_t n)
{
	for (; w != NULL; w = w->next)
		if ((w->kind == WHO_CERT && one_of(w->name, principals, n)) ||
		    (w->kind == WHO_ROLE && names_one_of(w->role->members, principals, n)))
			return true;
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
		if (r->permit && (r->verbs & verb_bit(req->verb)) != 0 && who_matches(r->who, req) &&
		    expr_matches(r->on, req))
			return true;
	return false;
}

bool
policy_may_require(const struct policy *p, const struct policy_request *req, enum policy_obligation obligation)
{
	const struct rule *r = p->requires;

	while (r != NULL && (r->obligation != obligation || !who_matches(r->who, req) ||
	    (r->unless != NULL && who_matches(r->unless, req))))
		r = r->next;
	return r != NULL;
}
