/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * So that a decision does not read the whole policy.  Whom a rule names is a tag (a user, a group, a principal, a role, any), and
 * a tag knows its rules; a role is a tag that others lead to.  Keys and values of labels are numbers, so that a label is
 * compared as one; and a rule whose hosts must have a certain label is passed over by one bit where it is not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/match.h"

#define NO_PAIR 256

struct list {
	unsigned *at;
	size_t n, room;
};

struct tag {
	struct list rules, roles;
};

struct key {
	unsigned verbs;
	unsigned short pair;                   /* the bit of asked.pairs that must be set, or NO_PAIR */
};

struct index {
	const struct rule **rules;
	struct key *keys;
	size_t n;
	struct dict *tags, *texts;            /* texts: a word → its number */
	uintptr_t texts_n;
	struct tag **roles;                    /* by their number */
};

/* ---- building ---- */

static int
list_add(struct pool *pool, struct list *l, unsigned v)
{
	size_t room = l->room > 0 ? 2 * l->room : 4;
	unsigned *at = l->at;

	if (l->n == l->room) {
		at = pool_get(pool, room * sizeof(*at));
		if (at == NULL)
			return -ENOMEM;
		if (l->n > 0)
			memcpy(at, l->at, l->n * sizeof(*at));
		l->at = at;
		l->room = room;
	}
	at[l->n++] = v;
	return 0;
}

static struct tag *
tag_of(struct policy *p, const struct who *w)
{
	void **at = dict_at(p->index->tags, w->kind, slice_from(w->name));

	if (at != NULL && *at == NULL)
		*at = pool_get(p->pool, sizeof(struct tag));
	return at != NULL ? *at : NULL;
}

static int
tags_of_rule(struct policy *p, const struct rule *r)
{
	for (const struct who *w = r->who; w != NULL; w = w->next) {
		struct tag *t = tag_of(p, w);

		if (t == NULL || list_add(p->pool, &t->rules, r->number) != 0)
			return -ENOMEM;
	}
	return 0;
}

static int
tags_of_role(struct policy *p, const struct role *role)
{
	struct who self = { .kind = WHO_ROLE, .name = role->name };

	p->index->roles[role->number] = tag_of(p, &self);
	if (p->index->roles[role->number] == NULL)
		return -ENOMEM;
	for (const struct who *w = role->members; w != NULL; w = w->next) {
		struct tag *t = tag_of(p, w);

		if (t == NULL || list_add(p->pool, &t->roles, role->number) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* 0: out of memory. */
static unsigned
text_number(struct policy *p, const char *text)
{
	void **at = dict_at(p->index->texts, 0, slice_from(text));

	if (at != NULL && *at == NULL)
		*at = (void *)++p->index->texts_n;
	return at != NULL ? (unsigned)(uintptr_t)*at : 0;
}

static int
number_expr(struct policy *p, struct expr *x)
{
	bool has_key = x->kind == EXPR_LABEL || x->kind == EXPR_REFERENCE || x->kind == EXPR_HAS;
	int r = 0;

	if (has_key && (x->key_id = text_number(p, x->key)) == 0)
		return -ENOMEM;
	if (x->kind == EXPR_LABEL && strpbrk(x->value, "*?") == NULL && (x->value_id = text_number(p, x->value)) == 0)
		return -ENOMEM;
	if (x->a != NULL)
		r = number_expr(p, x->a);
	return r == 0 && x->b != NULL ? number_expr(p, x->b) : r;
}

static unsigned
pair_bit(unsigned key, unsigned value)
{
	return (key * 31 + value * 7) % NO_PAIR;
}

/* A label without which x cannot be true. */
static unsigned
pair_needed(const struct expr *x)
{
	unsigned a;

	switch (x->kind) {
	case EXPR_LABEL:
		return x->value_id != 0 ? pair_bit(x->key_id, x->value_id) : NO_PAIR;
	case EXPR_SET:
		return pair_needed(x->set->expr);
	case EXPR_AND:
		a = pair_needed(x->a);
		return a != NO_PAIR ? a : pair_needed(x->b);
	default:
		return NO_PAIR;
	}
}

static int
index_list(struct policy *p, struct rule *r, unsigned *number)
{
	struct index *x = p->index;
	int e = 0;

	for (; e == 0 && r != NULL; r = r->next) {
		r->number = (*number)++;
		x->rules[r->number] = r;
		e = number_expr(p, r->on);
		x->keys[r->number] = (struct key){ r->verbs, (unsigned short)pair_needed(r->on) };
		if (e == 0)
			e = tags_of_rule(p, r);
	}
	return e;
}

int
index_build(struct policy *p)
{
	struct index *x = pool_get(p->pool, sizeof(*x));
	unsigned roles = 0, number = 0;
	int e = 0;

	p->index = x;
	for (struct role *r = p->roles; r != NULL; r = r->next)
		r->number = roles++;
	if (x == NULL)
		return -ENOMEM;
	x->n = p->rules_n + p->requires_n;
	x->tags = dict_new(p->pool);
	x->texts = dict_new(p->pool);
	x->rules = pool_get(p->pool, (x->n + 1) * sizeof(const struct rule *));
	x->keys = pool_get(p->pool, (x->n + 1) * sizeof(*x->keys));
	x->roles = pool_get(p->pool, (roles + 1) * sizeof(*x->roles));
	if (x->tags == NULL || x->texts == NULL || x->rules == NULL || x->keys == NULL || x->roles == NULL)
		return -ENOMEM;
	for (const struct role *r = p->roles; e == 0 && r != NULL; r = r->next)
		e = tags_of_role(p, r);
	for (struct set *s = p->sets; e == 0 && s != NULL; s = s->next)
		e = number_expr(p, s->expr);
	for (struct watch *w = p->watches; e == 0 && w != NULL; w = w->next)
		e = number_expr(p, w->on);
	if (e == 0)
		e = index_list(p, p->rules, &number);
	return e == 0 ? index_list(p, p->requires, &number) : e;
}

size_t
index_rules(const struct policy *p)
{
	return p->index->n;
}

const struct rule *
index_rule(const struct policy *p, size_t number)
{
	return p->index->rules[number];
}

/* ---- who somebody is ---- */

static bool
bit_set(uint64_t *bits, unsigned n)
{
	uint64_t bit = UINT64_C(1) << (n & 63), before = bits[n >> 6];

	bits[n >> 6] = before | bit;
	return (before & bit) == 0;
}

/* As deep as roles nest, which check.c bounds. */
static void
tag_mark(const struct policy *p, const struct tag *t, struct policy_scope *s)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->rules.n; i++)
		(void)bit_set(s->rules, t->rules.at[i]);
	for (size_t i = 0; i < t->roles.n; i++)
		if (bit_set(s->roles, t->roles.at[i]))
			tag_mark(p, p->index->roles[t->roles.at[i]], s);
}

void
scope_fill(const struct policy *p, const struct policy_person *who, bool everybody, struct policy_scope *s)
{
	const struct dict *tags = p->index->tags;
	size_t roles = p->roles_n;

	memset(s->rules, 0, (p->index->n + 63) / 64 * sizeof(*s->rules));
	memset(s->roles, 0, (roles + 63) / 64 * sizeof(*s->roles));
	if (everybody)
		tag_mark(p, dict_find(tags, WHO_ANY, slice_from("")), s);
	if (who->name.n > 0)
		tag_mark(p, dict_find(tags, WHO_USER, who->name), s);
	for (size_t i = 0; i < who->groups_n; i++)
		tag_mark(p, dict_find(tags, WHO_GROUP, who->groups[i]), s);
	for (size_t i = 0; i < who->principals_n; i++)
		tag_mark(p, dict_find(tags, WHO_CERT, who->principals[i]), s);
}

struct policy_scope *
policy_scope_new(const struct policy *p, const struct policy_person *who)
{
	struct policy_scope *s = malloc(sizeof(*s));

	if (s != NULL)
		scope_fill(p, who, true, s);
	return s;
}

void
policy_scope_free(struct policy_scope *s)
{
	free(s);
}

/* ---- a request ---- */

static void
labels_see(struct asked *a)
{
	const struct dict *texts = a->p->index->texts;

	for (size_t i = 0; i < a->req->labels_n && i < POLICY_LABELS_MAX; i++) {
		const struct policy_label *l = &a->req->labels[i];
		struct seen_label seen = { (unsigned)(uintptr_t)dict_find(texts, 0, l->key), 0, l->value };
		unsigned pair;

		if (seen.key == 0)
			continue;
		seen.value = (unsigned)(uintptr_t)dict_find(texts, 0, l->value);
		a->labels[a->labels_n++] = seen;
		pair = pair_bit(seen.key, seen.value);
		if (seen.value != 0)
			a->pairs[pair >> 6] |= UINT64_C(1) << (pair & 63);
	}
}

void
asked_init(struct asked *a, const struct policy *p, const struct policy_request *req, struct policy_scope *scope)
{
	a->p = p;
	a->req = req;
	a->scope = req->scope;
	if (a->scope == NULL) {
		scope_fill(p, &req->who, true, scope);
		a->scope = scope;
	}
	a->verb = verb_bit(req->verb);
	a->labels_n = 0;
	memset(a->pairs, 0, sizeof(a->pairs));
	labels_see(a);
	a->split = false;
}

void
asked_done(struct asked *a)
{
	if (a->split)
		buf_done(&a->store);
}

bool
asked_may_match(const struct asked *a, size_t number)
{
	const struct key *k = &a->p->index->keys[number];

	return (k->verbs & a->verb) != 0 && (k->pair == NO_PAIR || (a->pairs[k->pair >> 6] >> (k->pair & 63) & 1) != 0);
}
