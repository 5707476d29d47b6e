/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * So that a decision does not read the whole policy: sets of rules, a bit each, 64 in a word.  Whom a rule names is a tag (a user, a
 * group, a principal, a role, any), and a tag knows its rules; a role is a tag that others lead to.  Keys and values of labels are
 * numbers, so that a label is compared as one.  For each verb, and for each label that its hosts must have, there is the set of rules
 * that ask for it: what is left when they are laid upon each other is looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/match.h"

#define PAIRS  256                           /* of key and value, folded */
#define ALWAYS PAIRS                         /* of rules that ask for none */
#define NEEDED 2                             /* labels of a rule that are looked at beforehand */
#define VERBS  32

struct list {
	unsigned *at;
	size_t n, room;
};

struct tag {
	struct list rules, roles;
	uint64_t *set;                         /* of rules, when they are so many that it is shorter than the list */
};

struct index {
	const struct rule **rules;
	size_t n, words;                       /* words: of a set */
	uint64_t *verbs[VERBS], *pairs[NEEDED][PAIRS + 1];     /* sets; NULL: empty */
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
set_add(struct policy *p, uint64_t **set, unsigned number)
{
	if (*set == NULL)
		*set = pool_get(p->pool, p->index->words * sizeof(**set));
	if (*set == NULL)
		return -ENOMEM;
	(*set)[number >> 6] |= UINT64_C(1) << (number & 63);
	return 0;
}

/* The first time all that is in the list. */
static int
tag_set_add(struct policy *p, struct tag *t, unsigned number)
{
	uint64_t *set = t->set;
	int e = 0;

	for (size_t i = 0; t->set == NULL && e == 0 && i < t->rules.n; i++)
		e = set_add(p, &set, t->rules.at[i]);
	t->set = set;
	return e == 0 ? set_add(p, &t->set, number) : e;
}

static int
tags_of_rule(struct policy *p, const struct rule *r)
{
	for (const struct who *w = r->who; w != NULL; w = w->next) {
		struct tag *t = tag_of(p, w);

		if (t == NULL)
			return -ENOMEM;
		if (t->rules.n <= p->index->words && list_add(p->pool, &t->rules, r->number) != 0)
			return -ENOMEM;
		if (t->rules.n > p->index->words && tag_set_add(p, t, r->number) != 0)
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

static unsigned short
pair_bit(unsigned key, unsigned value)
{
	return (unsigned short)((key * 31 + value * 7) % PAIRS);
}

/* Up to NEEDED labels without which x cannot be true; the rest of pairs is left. */
static unsigned
pairs_needed(const struct expr *x, unsigned short pairs[NEEDED], unsigned n)
{
	if (n == NEEDED)
		return n;
	if (x->kind == EXPR_LABEL && x->value_id != 0)
		pairs[n++] = pair_bit(x->key_id, x->value_id);
	else if (x->kind == EXPR_SET)
		n = pairs_needed(x->set->expr, pairs, n);
	else if (x->kind == EXPR_AND)
		n = pairs_needed(x->b, pairs, pairs_needed(x->a, pairs, n));
	return n;
}

static int
sets_of_rule(struct policy *p, const struct rule *r)
{
	unsigned short pairs[NEEDED] = { ALWAYS, ALWAYS };
	struct index *x = p->index;
	int e = 0;

	(void)pairs_needed(r->on, pairs, 0);
	for (unsigned i = 0; e == 0 && i < NEEDED; i++)
		e = set_add(p, &x->pairs[i][pairs[i]], r->number);
	for (unsigned i = 0; e == 0 && i < VERBS; i++)
		if ((r->verbs >> i & 1) != 0)
			e = set_add(p, &x->verbs[i], r->number);
	return e;
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
		if (e == 0)
			e = sets_of_rule(p, r);
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
	x->words = (x->n + 63) / 64;
	x->tags = dict_new(p->pool);
	x->texts = dict_new(p->pool);
	x->rules = pool_get(p->pool, (x->n + 1) * sizeof(const struct rule *));
	x->roles = pool_get(p->pool, (roles + 1) * sizeof(*x->roles));
	if (x->tags == NULL || x->texts == NULL || x->rules == NULL || x->roles == NULL)
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
	for (size_t i = 0; t->set != NULL && i < p->index->words; i++)
		s->rules[i] |= t->set[i];
	for (size_t i = 0; t->set == NULL && i < t->rules.n; i++)
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

	memset(s->rules, 0, p->index->words * sizeof(*s->rules));
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

		if (seen.key == 0)
			continue;
		seen.value = (unsigned)(uintptr_t)dict_find(texts, 0, l->value);
		a->labels[a->labels_n++] = seen;
		if (seen.value != 0)
			a->pairs[a->pairs_n++] = pair_bit(seen.key, seen.value);
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
	a->met_path = false;
	a->by = NULL;
	a->labels_n = 0;
	a->pairs_n = 1;
	a->pairs[0] = ALWAYS;
	labels_see(a);
	a->split = false;
}

void
asked_done(struct asked *a)
{
	if (!a->split)
		return;
	buf_done(&a->store);
	free(a->words);
}

/* The rules that ask for one of the labels that there are, or for none. */
static uint64_t
with_labels(const struct asked *a, unsigned needed, size_t word)
{
	uint64_t *const *sets = a->p->index->pairs[needed];
	uint64_t bits = 0;

	for (size_t i = 0; i < a->pairs_n; i++)
		if (sets[a->pairs[i]] != NULL)
			bits |= sets[a->pairs[i]][word];
	return bits;
}

uint64_t
asked_candidates(const struct asked *a, size_t word)
{
	const uint64_t *verb = a->verb != 0 ? a->p->index->verbs[__builtin_ctz(a->verb)] : NULL;
	uint64_t bits = verb != NULL ? a->scope->rules[word] & verb[word] : 0;

	for (unsigned i = 0; bits != 0 && i < NEEDED; i++)
		bits &= with_labels(a, i, word);
	return bits;
}
