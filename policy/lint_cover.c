/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Does one rule match whenever another does?  A yes is sure; a no may be only that it was not seen.  Expressions are compared by
 * their parts, in a bounded number of steps.
 */
#include <string.h>

#include "base/text.h"
#include "policy/lint_cover.h"

#define STEPS_MAX 2000

/* ---- who ---- */

static bool
role_holds(const struct role *r, const struct who *item, unsigned *steps)
{
	for (const struct who *w = r->members; w != NULL && ++*steps < STEPS_MAX; w = w->next)
		if (w->kind == WHO_ANY || (w->kind == item->kind && strcmp(w->name, item->name) == 0) ||
		    (w->kind == WHO_ROLE && role_holds(w->role, item, steps)))
			return true;
	return false;
}

static bool
item_covered(const struct who *a, const struct who *item, unsigned *steps)
{
	for (; a != NULL && ++*steps < STEPS_MAX; a = a->next)
		if (a->kind == WHO_ANY || (item->kind != WHO_ANY && a->kind == item->kind && strcmp(a->name, item->name) == 0) ||
		    (a->kind == WHO_ROLE && item->kind != WHO_ANY && role_holds(a->role, item, steps)))
			return true;
	return false;
}

static bool
who_covers(const struct who *a, const struct who *b, unsigned *steps)
{
	for (; b != NULL; b = b->next)
		if (!item_covered(a, b, steps) &&
		    (b->kind != WHO_ROLE || b->role->members == NULL || ++*steps >= STEPS_MAX || !who_covers(a, b->role->members, steps)))
			return false;
	return true;
}

/* ---- hosts ---- */

static bool
leaf_covers(const struct expr *a, const struct expr *b)
{
	if (a->kind == EXPR_HAS)
		return (b->kind == EXPR_HAS || b->kind == EXPR_LABEL || b->kind == EXPR_REFERENCE) && strcmp(a->key, b->key) == 0;
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case EXPR_LABEL:
		return strcmp(a->key, b->key) == 0 && (strcmp(a->value, b->value) == 0 ||
		    (strpbrk(b->value, "*?") == NULL && text_glob(slice_from(a->value), slice_from(b->value))));
	case EXPR_REFERENCE:
		return strcmp(a->key, b->key) == 0 && strcmp(a->value, b->value) == 0;
	case EXPR_NAME:
		return strcmp(a->value, b->value) == 0 ||
		    (strpbrk(b->value, "*?") == NULL && text_glob(slice_from(a->value), slice_from(b->value)));
	default:
		return false;
	}
}

static bool
expr_covers(const struct expr *a, const struct expr *b, unsigned *steps)
{
	if (++*steps > STEPS_MAX)
		return false;
	if (a == b || a->kind == EXPR_ANY)
		return true;
	if (a->kind == EXPR_SET)
		return expr_covers(a->set->expr, b, steps);
	if (b->kind == EXPR_SET)
		return expr_covers(a, b->set->expr, steps);
	if (a->kind == EXPR_AND)
		return expr_covers(a->a, b, steps) && expr_covers(a->b, b, steps);
	if (b->kind == EXPR_OR)
		return expr_covers(a, b->a, steps) && expr_covers(a, b->b, steps);
	if (a->kind == EXPR_OR && (expr_covers(a->a, b, steps) || expr_covers(a->b, b, steps)))
		return true;
	if (b->kind == EXPR_AND)
		return expr_covers(a, b->a, steps) || expr_covers(a, b->b, steps);
	/* not x covers not y where y covers x */
	if (a->kind == EXPR_NOT && b->kind == EXPR_NOT)
		return expr_covers(b->a, a->a, steps);
	return leaf_covers(a, b);
}

/* ---- conditions ---- */

static bool
word_in(const struct word *w, const char *text)
{
	while (w != NULL && strcmp(w->text, text) != 0)
		w = w->next;
	return w != NULL;
}

/* a: NULL for no condition at all. */
static bool
words_cover(const struct word *a, const struct word *b)
{
	if (a == NULL)
		return true;
	if (b == NULL)
		return false;
	while (b != NULL && word_in(a, b->text))
		b = b->next;
	return b == NULL;
}

static bool
dests_cover(const struct dest *a, const struct dest *b)
{
	const struct dest *x;

	if (a == NULL)
		return true;
	if (b == NULL)
		return false;
	for (; b != NULL; b = b->next) {
		for (x = a; x != NULL && strcmp(x->text, b->text) != 0; x = x->next)
			;
		if (x == NULL)
			return false;
	}
	return true;
}

static bool
networks_cover(const struct cidr *a, const struct cidr *b)
{
	const struct cidr *x;

	if (a == NULL)
		return true;
	if (b == NULL)
		return false;
	for (; b != NULL; b = b->next) {
		for (x = a; x != NULL && (x->prefix.bits > b->prefix.bits || !net_prefix_holds(&x->prefix, &b->prefix.addr)); x = x->next)
			;
		if (x == NULL)
			return false;
	}
	return true;
}

static bool
prints_same(int (*print)(struct buf *, const void *), const void *a, const void *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, 1 << 20);
	buf_init(&y, 1 << 20);
	same = print(&x, a) == 0 && print(&y, b) == 0 && slice_eq(buf_slice(&x), buf_slice(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

static int
patterns_put(struct buf *b, const void *command)
{
	return print_patterns(b, command);
}

static int
plugin_put(struct buf *b, const void *plugin)
{
	return print_plugin(b, plugin);
}

static bool
commands_cover(const struct command *a, const struct command *b)
{
	if (a == NULL || a == b)
		return true;
	return b != NULL && a->sha256 == NULL && prints_same(patterns_put, a, b);
}

static bool
plugins_cover(const struct plugin *a, const struct plugin *b)
{
	return a == NULL || (b != NULL && prints_same(plugin_put, a, b));
}

bool
rule_covers(const struct rule *a, const struct rule *b)
{
	unsigned steps = 0, people_steps = 0;

	return (b->verbs & ~a->verbs) == 0 && a->unless == NULL && (a->when == NULL || a->when == b->when) &&
	    who_covers(a->who, b->who, &people_steps) &&
	    expr_covers(a->on, b->on, &steps) && words_cover(a->logins, b->logins) && words_cover(a->paths, b->paths) &&
	    dests_cover(a->to, b->to) && dests_cover(a->listen, b->listen) && networks_cover(a->from, b->from) &&
	    commands_cover(a->cmd, b->cmd) && plugins_cover(a->plugin, b->plugin);
}
