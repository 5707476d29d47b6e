/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The conditions of a rule, one after another: does it fit, and if not, in what words.  Decisions and explanations
 * both go by this table and by nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

#define WORDS_MAX   256
#define COMMAND_MAX 65536

static enum fit
fit_of(bool yes)
{
	return yes ? FIT_YES : FIT_NO;
}

/* ---- who, which verb, which hosts ---- */

static bool
one_of(const char *name, const struct slice *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(list[i], name))
			return true;
	return false;
}

bool
who_matches(const struct who *w, const struct policy_person *who)
{
	for (; w != NULL; w = w->next) {
		if (w->kind == WHO_ANY || (w->kind == WHO_USER && slice_is(who->name, w->name)) ||
		    (w->kind == WHO_GROUP && one_of(w->name, who->groups, who->groups_n)) ||
		    (w->kind == WHO_CERT && one_of(w->name, who->principals, who->principals_n)) ||
		    (w->kind == WHO_ROLE && who_matches(w->role->members, who)))
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

static enum fit
fits_who(const struct rule *r, const struct policy_request *req)
{
	return fit_of(who_matches(r->who, &req->who));
}

static int
say_who(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	(void)r;
	(void)req;
	return buf_text(out, "it is for other people");
}

static enum fit
fits_verb(const struct rule *r, const struct policy_request *req)
{
	return fit_of((r->verbs & verb_bit(req->verb)) != 0);
}

static int
say_verb(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	(void)r;
	(void)req;
	return buf_text(out, "it is for other verbs");
}

static enum fit
fits_host(const struct rule *r, const struct policy_request *req)
{
	return fit_of(expr_matches(r->on, req));
}

static int
say_host(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	(void)r;
	(void)req;
	return buf_text(out, "it is for other hosts");
}

/* ---- from where, when ---- */

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

static enum fit
fits_source(const struct rule *r, const struct policy_request *req)
{
	return fit_of(r->from == NULL || source_matches(r->from, req->src));
}

static int
say_source(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	(void)r;
	(void)req;
	return buf_text(out, "the source address is in none of its networks");
}

static enum fit
fits_time(const struct rule *r, const struct policy_request *req)
{
	return fit_of(r->when == NULL || when_holds(r->when, req->now));
}

static int
say_time(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	(void)req;
	return buf_printf(out, "it is not \"%s\" now", r->when->name);
}

/* ---- unless ---- */

bool
except_person(const struct except *x, const struct policy_person *who)
{
	for (; x != NULL; x = x->next)
		if (x->who != NULL && who_matches(x->who, who))
			return true;
	return false;
}

static enum fit
fits_unless(const struct rule *r, const struct policy_request *req)
{
	for (const struct except *x = r->unless; x != NULL; x = x->next)
		if ((x->who != NULL && who_matches(x->who, &req->who)) || (x->from != NULL && source_matches(x->from, req->src)) ||
		    (x->when != NULL && when_holds(x->when, req->now)))
			return FIT_NO;
	return FIT_YES;
}

static int
say_unless(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	(void)r;
	(void)req;
	return buf_text(out, "the user is excepted by unless");
}

/* ---- login ---- */

bool
login_matches(const struct word *w, struct slice login)
{
	while (w != NULL && !slice_is(login, w->text))
		w = w->next;
	return w != NULL;
}

static enum fit
fits_login(const struct rule *r, const struct policy_request *req)
{
	return fit_of(r->logins == NULL || login_matches(r->logins, req->login));
}

static int
say_login(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	char login[80];
	int e = buf_printf(out, "login %s is not in {", text_escaped(req->login, login, sizeof(login)));

	for (const struct word *w = r->logins; e == 0 && w != NULL; w = w->next)
		e = buf_printf(out, "%s%s", w->text, w->next != NULL ? ", " : "}");
	return e;
}

/* ---- command ---- */

static bool
any_pattern(const struct command *c, const struct slice *argv, size_t n, bool by_name)
{
	const struct pattern *p = c->patterns;

	while (p != NULL && !pattern_matches(p, argv, n, by_name))
		p = p->next;
	return p != NULL;
}

/* A permit names its program by its whole path; what a deny or a require names is meant wherever it lies. */
static enum fit
fits_command(const struct rule *r, const struct policy_request *req)
{
	struct slice words[WORDS_MAX];
	struct buf store;
	enum fit fit;
	int n;

	if (r->cmd == NULL)
		return FIT_YES;
	if (req->argv_n > 0)
		return fit_of(any_pattern(r->cmd, req->argv, req->argv_n, !r->permit));
	buf_init(&store, COMMAND_MAX);
	n = policy_split(req->command, &store, words, WORDS_MAX);
	fit = n > 0 ? fit_of(any_pattern(r->cmd, words, (size_t)n, !r->permit)) : FIT_UNKNOWN;
	buf_done(&store);
	return fit;
}

static int
say_command(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	if (fits_command(r, req) != FIT_UNKNOWN)
		return buf_text(out, "the command matches no pattern");
	return buf_printf(out, "it is not a simple command, so %s", r->permit ? "no pattern can match it" : "it may be one of these");
}

/* ---- forwards ---- */

/* Which way: a rule that names a destination is not one for listening, nor the other way round. */
static const char *
forward_wrong(const struct rule *r, const struct policy_request *req)
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

static enum fit
fits_forward(const struct rule *r, const struct policy_request *req)
{
	return fit_of(forward_wrong(r, req) == NULL);
}

static int
say_forward(const struct rule *r, const struct policy_request *req, struct buf *out)
{
	return buf_text(out, forward_wrong(r, req));
}

/* ---- all of them ---- */

const struct condition rule_conditions[] = {
	[CONDITION_WHO] = { fits_who, say_who },
	[CONDITION_VERB] = { fits_verb, say_verb },
	[CONDITION_HOST] = { fits_host, say_host },
	{ fits_unless, say_unless }, { fits_login, say_login }, { fits_command, say_command }, { fits_forward, say_forward },
	{ fits_source, say_source }, { fits_time, say_time }, { NULL, NULL },
};

bool
condition_stops(const struct condition *c, const struct rule *r, const struct policy_request *req)
{
	enum fit fit = c->fits(r, req);

	return fit == FIT_NO || (fit == FIT_UNKNOWN && r->permit);
}

bool
rule_matches(const struct rule *r, const struct policy_request *req)
{
	for (const struct condition *c = rule_conditions; c->fits != NULL; c++)
		if (condition_stops(c, r, req))
			return false;
	return true;
}
