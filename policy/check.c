/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* After parsing: every name must mean something, and nothing may contain itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

#define NAMES_MAX 512

struct names {
	const char *words[NAMES_MAX];
	size_t n;
};

static void
names_add(struct names *n, const char *word)
{
	if (n->n < NAMES_MAX)
		n->words[n->n++] = word;
}

static int
unknown(struct err *e, struct place at, const char *what, const char *word, const struct names *known)
{
	const char *near = text_nearest(word, known->words, known->n);

	return err_set(e, -EINVAL, "%s:%u:%u: unknown %s \"%s\": %s%s%s", at.file, at.line, at.col, what, word,
	    near != NULL ? "did you mean " : "define it first", near != NULL ? near : "", near != NULL ? "?" : "");
}

static int
twice(struct err *e, struct place at, const char *what, const char *name)
{
	return err_set(e, -EINVAL, "%s:%u:%u: %s \"%s\" is defined twice", at.file, at.line, at.col, what, name);
}

static int
cycle(struct err *e, struct place at, const char *what, const char *name)
{
	return err_set(e, -EINVAL, "%s:%u:%u: %s \"%s\" contains itself", at.file, at.line, at.col, what, name);
}

static int
resolve_who(struct policy *p, struct who *w, struct err *e)
{
	struct names known = { .n = 0 };
	struct role *r;

	for (; w != NULL; w = w->next) {
		if (w->kind != WHO_ROLE)
			continue;
		for (r = p->roles; r != NULL && strcmp(r->name, w->name) != 0; r = r->next)
			names_add(&known, r->name);
		if (r == NULL)
			return unknown(e, w->at, "role", w->name, &known);
		w->role = r;
	}
	return 0;
}

/* In a set a bare word is a label unless a set has that name; one that almost is a set's name is an error. */
static int
resolve_set(struct policy *p, struct expr *x, struct err *e)
{
	struct names known = { .n = 0 };
	struct set *s;

	for (s = p->sets; s != NULL && strcmp(s->name, x->key) != 0; s = s->next)
		names_add(&known, s->name);
	if (s != NULL) {
		x->kind = EXPR_SET;
		x->set = s;
		return 0;
	}
	if (x->kind == EXPR_HAS && text_nearest(x->key, known.words, known.n) == NULL)
		return 0;
	return unknown(e, x->at, "hosts set", x->key, &known);
}

static int
resolve_expr(struct policy *p, struct expr *x, struct err *e)
{
	int r;

	if (x == NULL)
		return 0;
	if (x->kind == EXPR_SET || x->kind == EXPR_HAS)
		return resolve_set(p, x, e);
	r = resolve_expr(p, x->a, e);
	return r == 0 ? resolve_expr(p, x->b, e) : r;
}

static int role_cycle(struct role *r, struct err *e);

static int
who_cycle(struct who *w, struct err *e)
{
	int r = 0;

	for (; r == 0 && w != NULL; w = w->next)
		if (w->role != NULL)
			r = role_cycle(w->role, e);
	return r;
}

/* mark: 1 on the way, 2 done. */
static int
role_cycle(struct role *r, struct err *e)
{
	int err;

	if (r->mark == 2)
		return 0;
	if (r->mark == 1)
		return cycle(e, r->at, "role", r->name);
	r->mark = 1;
	err = who_cycle(r->members, e);
	r->mark = 2;
	return err;
}

static int set_cycle(struct set *s, struct err *e);

static int
expr_cycle(struct expr *x, struct err *e)
{
	int r;

	if (x == NULL)
		return 0;
	if (x->set != NULL)
		return set_cycle(x->set, e);
	r = expr_cycle(x->a, e);
	return r == 0 ? expr_cycle(x->b, e) : r;
}

static int
set_cycle(struct set *s, struct err *e)
{
	int r;

	if (s->mark == 2)
		return 0;
	if (s->mark == 1)
		return cycle(e, s->at, "hosts set", s->name);
	s->mark = 1;
	r = expr_cycle(s->expr, e);
	s->mark = 2;
	return r;
}

static int
resolve_when(struct policy *p, const char *name, struct place at, struct when **ret, struct err *e)
{
	struct names known = { .n = 0 };
	struct when *w;

	if (name == NULL)
		return 0;
	for (w = p->times; w != NULL && strcmp(w->name, name) != 0; w = w->next)
		names_add(&known, w->name);
	*ret = w;
	return w != NULL ? 0 : unknown(e, at, "time", name, &known);
}

static int
resolve_command(struct policy *p, struct rule *x, struct err *e)
{
	struct names known = { .n = 0 };
	struct command *c;

	if (x->cmd_name == NULL)
		return 0;
	for (c = p->commands; c != NULL && strcmp(c->name, x->cmd_name) != 0; c = c->next)
		names_add(&known, c->name);
	x->cmd = c;
	return c != NULL ? 0 : unknown(e, x->at, "command", x->cmd_name, &known);
}

static int
resolve_unless(struct policy *p, struct except *x, struct err *e)
{
	int r = 0;

	for (; r == 0 && x != NULL; x = x->next) {
		r = resolve_who(p, x->who, e);
		if (r == 0)
			r = resolve_when(p, x->when_name, x->at, &x->when, e);
	}
	return r;
}

static int
resolve_rule(struct policy *p, struct rule *x, struct err *e)
{
	int r = resolve_who(p, x->who, e);

	if (r == 0)
		r = resolve_who(p, x->people, e);
	if (r == 0)
		r = resolve_unless(p, x->unless, e);
	if (r == 0)
		r = resolve_expr(p, x->on, e);
	if (r == 0)
		r = resolve_command(p, x, e);
	return r == 0 ? resolve_when(p, x->when_name, x->at, &x->when, e) : r;
}

static int
check_id(const struct rule *x, const struct rule *list, struct err *e)
{
	for (; list != NULL; list = list->next)
		if ((list->named || x->named) && strcmp(list->id, x->id) == 0)
			return err_set(e, -EINVAL, "%s:%u:%u: id \"%s\" is given twice", list->at.file, list->at.line, list->at.col, x->id);
	return 0;
}

/* What was decided by which rule stands in every record: a name means one. */
static int
check_ids(const struct policy *p, struct err *e)
{
	int r = 0;

	for (const struct rule *x = p->rules; r == 0 && x != NULL; x = x->next) {
		r = check_id(x, x->next, e);
		if (r == 0)
			r = check_id(x, p->requires, e);
	}
	for (const struct rule *x = p->requires; r == 0 && x != NULL; x = x->next)
		r = check_id(x, x->next, e);
	return r;
}

static int
check_twice(const struct policy *p, struct err *e)
{
	for (struct role *a = p->roles; a != NULL; a = a->next)
		for (struct role *b = a->next; b != NULL; b = b->next)
			if (strcmp(a->name, b->name) == 0)
				return twice(e, b->at, "role", b->name);
	for (struct set *a = p->sets; a != NULL; a = a->next)
		for (struct set *b = a->next; b != NULL; b = b->next)
			if (strcmp(a->name, b->name) == 0)
				return twice(e, b->at, "hosts set", b->name);
	for (struct command *a = p->commands; a != NULL; a = a->next)
		for (struct command *b = a->next; b != NULL; b = b->next)
			if (strcmp(a->name, b->name) == 0)
				return twice(e, b->at, "command", b->name);
	for (struct when *a = p->times; a != NULL; a = a->next)
		for (struct when *b = a->next; b != NULL; b = b->next)
			if (strcmp(a->name, b->name) == 0)
				return twice(e, b->at, "time", b->name);
	return 0;
}

int
policy_check(struct policy *p, struct err *e)
{
	int r = check_twice(p, e);

	for (struct role *x = p->roles; r == 0 && x != NULL; x = x->next)
		r = resolve_who(p, x->members, e);
	for (struct set *x = p->sets; r == 0 && x != NULL; x = x->next)
		r = resolve_expr(p, x->expr, e);
	for (struct role *x = p->roles; r == 0 && x != NULL; x = x->next)
		r = role_cycle(x, e);
	for (struct set *x = p->sets; r == 0 && x != NULL; x = x->next)
		r = set_cycle(x, e);
	for (struct rule *x = p->rules; r == 0 && x != NULL; x = x->next)
		r = resolve_rule(p, x, e);
	for (struct rule *x = p->requires; r == 0 && x != NULL; x = x->next)
		r = resolve_rule(p, x, e);
	for (struct watch *x = p->watches; r == 0 && x != NULL; x = x->next) {
		r = resolve_who(p, x->who, e);
		if (r == 0)
			r = resolve_expr(p, x->on, e);
	}
	return r == 0 ? check_ids(p, e) : r;
}
