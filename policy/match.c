/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The conditions of a rule: who, where, from where, when; what is done stands in match_what.c.  What cannot be judged is a
 * FIT_UNKNOWN; what follows from that stands in condition_stops.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/match.h"
#include "policy/zone.h"

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

static bool
bit_is_set(const uint64_t *bits, unsigned n)
{
	return (bits[n >> 6] >> (n & 63) & 1) != 0;
}

bool
who_matches(const struct who *w, const struct policy_person *who, const struct policy_scope *scope)
{
	for (; w != NULL; w = w->next) {
		if (w->kind == WHO_ANY || (w->kind == WHO_USER && slice_is(who->name, w->name)) ||
		    (w->kind == WHO_GROUP && one_of(w->name, who->groups, who->groups_n)) ||
		    (w->kind == WHO_CERT && one_of(w->name, who->principals, who->principals_n)) ||
		    (w->kind == WHO_ROLE && bit_is_set(scope->roles, w->role->number)))
			return true;
	}
	return false;
}

/* One of the user's attributes of that name has the label's value, and it is not empty. */
static bool
reference_matches(const char *name, struct slice value, const struct policy_person *who)
{
	for (size_t i = 0; i < who->attrs_n; i++)
		if (value.n > 0 && slice_is(who->attrs[i].key, name) && slice_eq(who->attrs[i].value, value))
			return true;
	return false;
}

static bool
label_matches(const struct expr *x, const struct asked *a)
{
	for (size_t i = 0; i < a->labels_n; i++) {
		const struct seen_label *l = &a->labels[i];

		if (l->key != x->key_id)
			continue;
		if (x->kind == EXPR_HAS)
			return true;
		if (x->kind == EXPR_REFERENCE ? reference_matches(x->value, l->text, &a->req->who) :
		    x->value_id != 0 ? l->value == x->value_id : text_glob(slice_from(x->value), l->text))
			return true;
	}
	return false;
}

bool
expr_matches(const struct expr *x, const struct asked *a)
{
	switch (x->kind) {
	case EXPR_ANY:
		return true;
	case EXPR_LABEL:
	case EXPR_REFERENCE:
	case EXPR_HAS:
		return label_matches(x, a);
	case EXPR_NAME:
		return text_glob(slice_from(x->value), a->req->host);
	case EXPR_SET:
		return expr_matches(x->set->expr, a);
	case EXPR_NOT:
		return !expr_matches(x->a, a);
	case EXPR_AND:
		return expr_matches(x->a, a) && expr_matches(x->b, a);
	case EXPR_OR:
		return expr_matches(x->a, a) || expr_matches(x->b, a);
	}
	return false;
}

static enum fit
fits_who(const struct rule *r, struct asked *a)
{
	return fit_of(bit_is_set(a->scope->rules, r->number));
}

static int
say_who(const struct rule *r, struct asked *a, struct buf *out)
{
	(void)r;
	(void)a;
	return buf_text(out, "it is for other people");
}

static enum fit
fits_verb(const struct rule *r, struct asked *a)
{
	return fit_of((r->verbs & a->verb) != 0);
}

static int
say_verb(const struct rule *r, struct asked *a, struct buf *out)
{
	char verb[40];

	(void)r;
	return buf_printf(out, "it is not for %s", text_escaped(a->req->verb, verb, sizeof(verb)));
}

static enum fit
fits_host(const struct rule *r, struct asked *a)
{
	return fit_of(expr_matches(r->on, a));
}

static int
say_host(const struct rule *r, struct asked *a, struct buf *out)
{
	(void)r;
	(void)a;
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
window_holds(const struct window *w, int64_t now_s)
{
	int64_t local_s = now_s + (w->zone != NULL ? zone_offset_s(w->zone, now_s) : w->offset_min * 60);
	int64_t minute = local_s / 60 - (local_s % 60 < 0), day = minute / 1440 - (minute % 1440 < 0);
	int in_day = (int)(minute - day * 1440);
	unsigned weekday = (unsigned)(((day + 3) % 7 + 7) % 7);     /* 1970-01-01 was a Thursday */

	if (w->from_min < w->until_min)
		return (w->days >> weekday & 1) != 0 && in_day >= w->from_min && in_day < w->until_min;
	/* Over midnight: the early hours belong to the day before. */
	if (in_day >= w->from_min)
		return (w->days >> weekday & 1) != 0;
	return in_day < w->until_min && (w->days >> (weekday + 6) % 7 & 1) != 0;
}

static bool
when_holds(const struct when *when, wall_t now)
{
	int64_t now_s = now.us / 1000000 - (now.us % 1000000 < 0);
	const struct window *w = when->windows;

	while (w != NULL && !window_holds(w, now_s))
		w = w->next;
	return w != NULL;
}

static enum fit
fits_source(const struct rule *r, struct asked *a)
{
	return fit_of(r->from == NULL || a->req->somehow || source_matches(r->from, a->req->src));
}

static int
say_source(const struct rule *r, struct asked *a, struct buf *out)
{
	(void)r;
	(void)a;
	return buf_text(out, "the source address is in none of its networks");
}

static enum fit
fits_time(const struct rule *r, struct asked *a)
{
	return fit_of(r->when == NULL || a->req->somehow || when_holds(r->when, a->req->now));
}

static int
say_time(const struct rule *r, struct asked *a, struct buf *out)
{
	(void)a;
	return buf_printf(out, "it is not \"%s\" now", r->when->name);
}

/* ---- unless ---- */

/* timeless: times are left aside; of what is permitted somehow all but people. */
static bool
except_holds(const struct except *x, const struct asked *a, bool timeless)
{
	for (; x != NULL; x = x->next) {
		if (x->who != NULL && who_matches(x->who, &a->req->who, a->scope))
			return true;
		if (a->req->somehow)
			continue;
		if ((x->from != NULL && source_matches(x->from, a->req->src)) || (!timeless && x->when != NULL && when_holds(x->when, a->req->now)))
			return true;
	}
	return false;
}

static enum fit
fits_unless(const struct rule *r, struct asked *a)
{
	return fit_of(!except_holds(r->unless, a, false));
}

static int
say_unless(const struct rule *r, struct asked *a, struct buf *out)
{
	(void)r;
	(void)a;
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
fits_login(const struct rule *r, struct asked *a)
{
	return fit_of(r->logins == NULL || login_matches(r->logins, a->req->login));
}

static int
say_login(const struct rule *r, struct asked *a, struct buf *out)
{
	char login[80];
	int e = buf_printf(out, "login %s is not in {", text_escaped(a->req->login, login, sizeof(login)));

	for (const struct word *w = r->logins; e == 0 && w != NULL; w = w->next)
		e = buf_printf(out, "%s%s", w->text, w->next != NULL ? ", " : "}");
	return e;
}

/* ---- limits ---- */

/* NULL: they can all be kept.  Else one that cannot: of processes only a staragent keeps any, and root's the kernel does not count. */
static const struct option_row *
option_lost(const struct rule *r, const struct asked *a)
{
	for (size_t i = 0; i < POLICY_OPTIONS; i++)
		if (r->options[i] != 0 && ((option_rows[i].agent && !a->req->agent) || (i == POLICY_PROCS && slice_is(a->req->login, "root"))))
			return &option_rows[i];
	return NULL;
}

static enum fit
fits_options(const struct rule *r, struct asked *a)
{
	return fit_of(option_lost(r, a) == NULL);
}

static int
say_options(const struct rule *r, struct asked *a, struct buf *out)
{
	const struct option_row *o = option_lost(r, a);

	return buf_printf(out, a->req->agent ? "its limit %s cannot be kept for root" :
	    "its limit %s is kept by a staragent only, and none serves this host", o->word);
}

/* ---- all of them ---- */

const struct condition rule_conditions[] = {
	[CONDITION_WHO] = { fits_who, say_who },
	[CONDITION_VERB] = { fits_verb, say_verb },
	[CONDITION_HOST] = { fits_host, say_host },
	{ fits_unless, say_unless }, { fits_login, say_login }, { what_fits_command, what_say_command }, { what_fits_path, what_say_path },
	{ what_fits_plugin, what_say_plugin }, { what_fits_forward, what_say_forward }, { fits_source, say_source }, { fits_time, say_time },
	{ fits_options, say_options }, { NULL, NULL },
};

bool
condition_stops(const struct condition *c, const struct rule *r, struct asked *a)
{
	enum fit fit = c->fits(r, a);

	return fit == FIT_NO || (fit == FIT_UNKNOWN && r->permit);
}

bool
rule_matches(const struct rule *r, struct asked *a)
{
	for (const struct condition *c = rule_conditions; c->fits != NULL; c++)
		if (condition_stops(c, r, a))
			return false;
	return true;
}

bool
rule_is_partial(const struct rule *r)
{
	const struct except *x = r->unless;

	while (x != NULL && x->who != NULL)
		x = x->next;
	return x != NULL || r->cmd != NULL || r->paths != NULL || r->plugin != NULL || r->to != NULL || r->listen != NULL || r->from != NULL ||
	    r->when != NULL;
}

bool
rule_may_match(const struct rule *r, struct asked *a)
{
	return fits_who(r, a) == FIT_YES && fits_source(r, a) == FIT_YES && !except_holds(r->unless, a, true);
}
