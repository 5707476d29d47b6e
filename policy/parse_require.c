/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* require, with what each obligation says about itself, and watch. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/parse.h"

/* ---- obligations ---- */

/* N from WHO [within TIME] */
static int
need_approval(struct parse *p, struct rule *x)
{
	int r = parse_next(p);

	if (r == 0)
		r = parse_take_number(p, 1, 9, &x->need.count, "how many people have to approve, 1 to 9");
	if (r == 0 && !parse_at_word(p, "from"))
		return parse_unexpected(p, "from WHO belongs here");
	if (r == 0)
		r = parse_next(p);
	if (r == 0)
		r = parse_who(p, &x->people);
	if (r == 0 && parse_at_word(p, "within")) {
		r = parse_next(p);
		if (r == 0)
			r = parse_take_seconds(p, &x->need.within_s);
	}
	return r;
}

static int
need_mfa(struct parse *p, struct rule *x)
{
	(void)x;
	return parse_next(p);
}

static int
need_record(struct parse *p, struct rule *x)
{
	static const char *const levels[] = { "meta", "io", "full" };
	int r = parse_next(p);

	if (r != 0)
		return r;
	for (unsigned i = 0; i < COUNT(levels); i++)
		if (parse_at_word(p, levels[i])) {
			x->need.record = POLICY_RECORD_META + i;
			return parse_next(p);
		}
	return parse_unexpected(p, "how much is recorded: meta, io or full");
}

static int
need_ticket(struct parse *p, struct rule *x)
{
	return parse_take_ere(p, &x->need.ticket);
}

static int
need_notify(struct parse *p, struct rule *x)
{
	int r = parse_next(p);

	return r == 0 ? parse_take_name(p, &x->need.sink, "the name of who is told") : r;
}

static int
need_moderator(struct parse *p, struct rule *x)
{
	int r = parse_next(p);

	if (r == 0)
		r = parse_who(p, &x->people);
	return r;
}

static const struct obligation {
	const char *word;
	enum policy_obligation kind;
	int (*parse)(struct parse *, struct rule *);          /* the word is in front */
} obligations[] = {
	{ "approval", POLICY_APPROVAL, need_approval }, { "mfa", POLICY_MFA, need_mfa }, { "record", POLICY_RECORD, need_record },
	{ "ticket", POLICY_TICKET, need_ticket }, { "notify", POLICY_NOTIFY, need_notify },
	{ "moderator", POLICY_MODERATOR, need_moderator },
};

static const struct obligation *
obligation_find(const char *word)
{
	for (size_t i = 0; i < COUNT(obligations); i++)
		if (strcmp(word, obligations[i].word) == 0)
			return &obligations[i];
	return NULL;
}

bool
obligation_is(const char *word)
{
	return obligation_find(word) != NULL;
}

static int
unknown_obligation(struct parse *p)
{
	const char *words[COUNT(obligations)];

	if (p->t.kind != TOKEN_WORD)
		return parse_unexpected(p, "an obligation: approval, mfa, record …");
	for (size_t i = 0; i < COUNT(obligations); i++)
		words[i] = obligations[i].word;
	return parse_unknown(p, p->t.at, "unknown obligation", p->t.text, words, COUNT(words));
}

/* ---- require ---- */

static int
need_name(struct parse *p, struct rule *x)
{
	char name[32];
	struct buf words;
	int r;

	if (x->id == NULL) {
		(void)snprintf(name, sizeof(name), "require-%zu", p->p->requires_n);
		x->id = pool_text(p->p->pool, slice_from(name));
	}
	buf_init(&words, 65536);
	r = print_need(&words, x);
	x->need.id = x->id;
	x->need.who = x->people;
	x->need.words = r == 0 ? pool_text(p->p->pool, buf_slice(&words)) : NULL;
	buf_done(&words);
	if (r == -ENOBUFS)
		return parse_fail(p, x->at, "this requirement names too many people", NULL, "make a role of them");
	return x->id != NULL && x->need.words != NULL ? 0 : parse_no_memory(p);
}

static int
parse_for(struct parse *p, struct rule *x)
{
	int r = 0;

	if (!parse_at_word(p, "for"))
		return parse_unexpected(p, "for WHO VERB,.. on HOSTS belongs here");
	r = parse_next(p);
	if (r == 0)
		r = parse_matchers(p, x);
	if (r == 0 && x->reason != NULL)
		return parse_fail(p, x->at, "reason belongs to deny", NULL, "take it out of this requirement");
	if (r == 0 && (x->clauses & clause_bit("options")) != 0)
		return parse_fail(p, x->at, "options belong to permit", NULL, "take them out of this requirement");
	if (r == 0 && p->p->rules_n + p->p->requires_n >= RULES_MAX)
		return parse_fail(p, x->at, "too many rules", NULL, "16384 at most");
	return r;
}

int
parse_require(struct parse *p, struct place at)
{
	const struct obligation *o = p->t.kind == TOKEN_WORD ? obligation_find(p->t.text) : NULL;
	struct rule *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	if (o == NULL)
		return unknown_obligation(p);
	if (!able_has(p->able->obligations, slice_from(o->word)))
		return parse_not_yet(p, at, "require ", o->word);
	x->at = at;
	x->need.kind = o->kind;
	r = o->parse(p, x);
	if (r == 0)
		r = parse_for(p, x);
	*p->p->requires_end = x;
	p->p->requires_end = &x->next;
	p->p->requires_n++;
	return r == 0 ? need_name(p, x) : r;
}

/* ---- watch ---- */

static int
watch_action(struct parse *p, struct watch *x)
{
	static const char *const actions[] = { "alert", "freeze", "kill" };
	int r = 0;

	if (!parse_at_word(p, "then"))
		return parse_unexpected(p, "then alert, freeze or kill belongs here");
	r = parse_next(p);
	for (unsigned i = 0; r == 0 && i < COUNT(actions); i++)
		if (parse_at_word(p, actions[i])) {
			x->w.action = POLICY_WATCH_ALERT + i;
			return parse_next(p);
		}
	return r == 0 ? parse_unexpected(p, "alert, freeze or kill") : r;
}

static int
watch_name(struct parse *p, struct watch *x)
{
	char name[32];
	int r;

	if (parse_at_word(p, "id")) {
		x->named = true;
		r = parse_next(p);
		return r == 0 ? parse_take_name(p, &x->w.id, "the watch's id") : r;
	}
	(void)snprintf(name, sizeof(name), "watch-%zu", p->p->watches_n);
	x->w.id = pool_text(p->p->pool, slice_from(name));
	return x->w.id != NULL ? 0 : parse_no_memory(p);
}

/* WHO on HOSTS match /ERE/ then ACTION [id NAME] */
int
parse_watch(struct parse *p, struct place at)
{
	struct watch *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	if (!able_has(p->able->obligations, slice_from("watch")))
		return parse_not_yet(p, at, "", "watch");
	x->at = at;
	r = parse_who(p, &x->who);
	if (r == 0 && !parse_at_word(p, "on"))
		return parse_unexpected(p, "on HOSTS belongs here");
	if (r == 0)
		r = parse_next(p);
	if (r == 0)
		r = parse_or(p, &x->on, false);
	if (r == 0 && !parse_at_word(p, "match"))
		return parse_unexpected(p, "match /ERE/ belongs here");
	if (r == 0)
		r = parse_take_ere(p, &x->w.compiled);
	if (r == 0)
		r = watch_action(p, x);
	*p->p->watches_end = x;
	p->p->watches_end = &x->next;
	p->p->watches_n++;
	if (r == 0)
		x->w.ere = x->w.compiled->text;
	return r == 0 ? watch_name(p, x) : r;
}
