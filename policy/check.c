/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* After parsing: every name must mean something, nothing may contain itself, and nothing may unfold without end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

#define NAMES_MAX 512
#define NEST_MAX  64
#define NODES_MAX 4096                 /* of a rule's hosts, with the sets in it written out */

/* ---- words ---- */

static int
fail(struct err *e, struct place at, const char *what, const char *name, const char *why)
{
	return err_set(e, -EINVAL, "%s:%u:%u: %s \"%s\" %s", at.file, at.line, at.col, what, name, why);
}

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

static void
names_of(const struct policy *p, unsigned kind, struct names *ret)
{
	ret->n = 0;
	if (kind == NAME_ROLE)
		for (const struct role *x = p->roles; x != NULL; x = x->next)
			names_add(ret, x->name);
	if (kind == NAME_SET)
		for (const struct set *x = p->sets; x != NULL; x = x->next)
			names_add(ret, x->name);
	if (kind == NAME_COMMAND)
		for (const struct command *x = p->commands; x != NULL; x = x->next)
			names_add(ret, x->name);
	if (kind == NAME_TIME)
		for (const struct when *x = p->times; x != NULL; x = x->next)
			names_add(ret, x->name);
}

static const char *const kinds[] = { [NAME_ROLE] = "role", [NAME_SET] = "hosts set", [NAME_COMMAND] = "command", [NAME_TIME] = "time" };

/* NULL with e. */
static void *
resolve(const struct policy *p, unsigned kind, const char *name, struct place at, struct err *e)
{
	void *found = dict_find(p->names, kind, slice_from(name));
	struct names known;
	const char *near;

	if (found != NULL)
		return found;
	names_of(p, kind, &known);
	near = text_nearest(name, known.words, known.n);
	(void)err_set(e, -EINVAL, "%s:%u:%u: unknown %s \"%s\": %s%s%s", at.file, at.line, at.col, kinds[kind], name,
	    near != NULL ? "did you mean " : "define it first", near != NULL ? near : "", near != NULL ? "?" : "");
	return NULL;
}

/* ---- names ---- */

static int
resolve_who(const struct policy *p, struct who *w, struct err *e)
{
	for (; w != NULL; w = w->next)
		if (w->kind == WHO_ROLE && (w->role = resolve(p, NAME_ROLE, w->name, w->at, e)) == NULL)
			return e->code;
	return 0;
}

/* In a set a bare word is a label unless a set has that name; one that almost is a set's name is an error. */
static int
resolve_set(const struct policy *p, struct expr *x, struct err *e)
{
	struct set *s = dict_find(p->names, NAME_SET, slice_from(x->key));
	struct names known;

	if (s == NULL && x->kind == EXPR_HAS) {
		names_of(p, NAME_SET, &known);
		if (text_nearest(x->key, known.words, known.n) == NULL)
			return 0;
	}
	if (s == NULL)
		s = resolve(p, NAME_SET, x->key, x->at, e);
	x->kind = EXPR_SET;
	x->set = s;
	return s != NULL ? 0 : e->code;
}

static int
resolve_expr(const struct policy *p, struct expr *x, struct err *e)
{
	int r;

	if (x == NULL)
		return 0;
	if (x->kind == EXPR_SET || x->kind == EXPR_HAS)
		return resolve_set(p, x, e);
	r = resolve_expr(p, x->a, e);
	return r == 0 ? resolve_expr(p, x->b, e) : r;
}

static int
resolve_when(const struct policy *p, const char *name, struct place at, struct when **ret, struct err *e)
{
	if (name == NULL)
		return 0;
	*ret = resolve(p, NAME_TIME, name, at, e);
	return *ret != NULL ? 0 : e->code;
}

static int
resolve_unless(const struct policy *p, struct except *x, struct err *e)
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
resolve_rule(const struct policy *p, struct rule *x, struct err *e)
{
	int r = resolve_who(p, x->who, e);

	if (r == 0)
		r = resolve_who(p, x->people, e);
	if (r == 0)
		r = resolve_unless(p, x->unless, e);
	if (r == 0)
		r = resolve_expr(p, x->on, e);
	if (r == 0 && x->cmd_name != NULL && (x->cmd = resolve(p, NAME_COMMAND, x->cmd_name, x->at, e)) == NULL)
		r = e->code;
	return r == 0 ? resolve_when(p, x->when_name, x->at, &x->when, e) : r;
}

/* What += adds to must be somewhere.  Perhaps under almost the same name. */
static int
only_added_to(const struct policy *p, unsigned kind, const char *name, struct place at, struct err *e)
{
	struct names known;
	const char *near;

	names_of(p, kind, &known);
	for (size_t i = 0; i < known.n; i++)
		if (known.words[i] == name)
			known.words[i] = known.words[--known.n];
	near = text_nearest(name, known.words, known.n);
	return err_set(e, -EINVAL, "%s:%u:%u: %s \"%s\" is only added to: %s%s%s", at.file, at.line, at.col, kinds[kind], name,
	    near != NULL ? "did you mean " : "define it once without +", near != NULL ? near : "", near != NULL ? "?" : "");
}

static int
check_defined(const struct policy *p, struct err *e)
{
	for (const struct role *x = p->roles; x != NULL; x = x->next)
		if (!x->defined)
			return only_added_to(p, NAME_ROLE, x->name, x->at, e);
	for (const struct set *x = p->sets; x != NULL; x = x->next)
		if (!x->defined)
			return only_added_to(p, NAME_SET, x->name, x->at, e);
	for (const struct command *x = p->commands; x != NULL; x = x->next)
		if (!x->defined)
			return only_added_to(p, NAME_COMMAND, x->name, x->at, e);
	for (const struct when *x = p->times; x != NULL; x = x->next)
		if (!x->defined)
			return only_added_to(p, NAME_TIME, x->name, x->at, e);
	return 0;
}

/* What was decided by which rule stands in every record: a name means one. */
static int
check_id(struct policy *p, const char *id, bool named, struct place at, struct err *e)
{
	static char given, made;
	void **slot = dict_at(p->names, NAME_ID, slice_from(id));

	if (slot == NULL)
		return err_set(e, -ENOMEM, "the policy is too large: 64 MiB at most");
	if (*slot != NULL && (named || *slot == &given))
		return err_set(e, -EINVAL, "%s:%u:%u: id \"%s\" is given twice", at.file, at.line, at.col, id);
	*slot = named ? &given : &made;
	return 0;
}

static int
check_ids(struct policy *p, struct err *e)
{
	int r = 0;

	for (const struct rule *x = p->rules; r == 0 && x != NULL; x = x->next)
		r = check_id(p, x->id, x->named, x->at, e);
	for (const struct rule *x = p->requires; r == 0 && x != NULL; x = x->next)
		r = check_id(p, x->id, x->named, x->at, e);
	for (const struct watch *x = p->watches; r == 0 && x != NULL; x = x->next)
		r = check_id(p, x->w.id, x->named, x->at, e);
	return r;
}

/* ---- what contains itself, or unfolds too far ---- */

static int
nests_too_deep(struct err *e, struct place at, const char *what, const char *name)
{
	return fail(e, at, what, name, "nests too deep: 64 levels at most");
}

/* depth: 0 not yet known, NEST_MAX + 1 on the way.  above: how many are on the way. */
static int
role_depth(struct role *r, unsigned above, struct err *e)
{
	unsigned deepest = 0;

	if (r->depth == NEST_MAX + 1)
		return fail(e, r->at, "role", r->name, "contains itself");
	if (r->depth == 0 && above < NEST_MAX) {
		r->depth = NEST_MAX + 1;
		for (const struct who *w = r->members; w != NULL; w = w->next) {
			if (w->role == NULL)
				continue;
			if (role_depth(w->role, above + 1, e) != 0)
				return e->code;
			if (w->role->depth > deepest)
				deepest = w->role->depth;
		}
		r->depth = deepest + 1;
	}
	return r->depth != 0 && r->depth + above <= NEST_MAX ? 0 : nests_too_deep(e, r->at, "role", r->name);
}

static int set_size(struct set *s, unsigned above, struct err *e);

/* What a tree comes to when its sets are written out. */
struct size { unsigned nodes, depth; };

static int
expr_size(const struct expr *x, unsigned above, struct size *ret, struct err *e)
{
	struct size a = { 0 }, b = { 0 };
	int r = 0;

	if (x->kind == EXPR_SET) {
		r = set_size(x->set, above, e);
		*ret = (struct size){ x->set->nodes, x->set->depth };
		return r;
	}
	if (x->a != NULL)
		r = expr_size(x->a, above, &a, e);
	if (r == 0 && x->b != NULL)
		r = expr_size(x->b, above, &b, e);
	*ret = (struct size){ a.nodes + b.nodes + 1, a.depth > b.depth ? a.depth : b.depth };
	if (r == 0 && ret->nodes > NODES_MAX)
		r = err_set(e, -EINVAL, "%s:%u:%u: with its sets written out this is too large: %u parts at most", x->at.file, x->at.line,
		    x->at.col, NODES_MAX);
	return r;
}

/* depth as of a role. */
static int
set_size(struct set *s, unsigned above, struct err *e)
{
	struct size size;

	if (s->depth == NEST_MAX + 1)
		return fail(e, s->at, "hosts set", s->name, "contains itself");
	if (s->depth == 0 && above < NEST_MAX) {
		s->depth = NEST_MAX + 1;
		if (expr_size(s->expr, above + 1, &size, e) != 0)
			return e->code;
		s->nodes = size.nodes;
		s->depth = size.depth + 1;
	}
	return s->depth != 0 && s->depth + above <= NEST_MAX ? 0 : nests_too_deep(e, s->at, "hosts set", s->name);
}

static int
rules_size(const struct rule *x, struct err *e)
{
	struct size size;
	int r = 0;

	for (; r == 0 && x != NULL; x = x->next)
		r = expr_size(x->on, 0, &size, e);
	return r;
}

static int
check_nesting(struct policy *p, struct err *e)
{
	struct size size;
	int r = 0;

	for (struct role *x = p->roles; r == 0 && x != NULL; x = x->next)
		r = role_depth(x, 0, e);
	for (struct set *x = p->sets; r == 0 && x != NULL; x = x->next)
		r = set_size(x, 0, e);
	if (r == 0)
		r = rules_size(p->rules, e);
	if (r == 0)
		r = rules_size(p->requires, e);
	for (struct watch *x = p->watches; r == 0 && x != NULL; x = x->next)
		r = expr_size(x->on, 0, &size, e);
	return r;
}

/* ---- references ---- */

/* A comparison with an attribute is false for those who have none: under a ! a permit would be for just them. */
static int
check_reference(const struct expr *x, bool negated, struct err *e)
{
	int r;

	if (x == NULL)
		return 0;
	if (x->kind == EXPR_REFERENCE && negated)
		return err_set(e, -EINVAL, "%s:%u:%u: !%s=$%s in a permit: it would hold for all who have no %s", x->at.file, x->at.line,
		    x->at.col, x->key, x->value, x->value);
	if (x->kind == EXPR_SET)
		return check_reference(x->set->expr, negated, e);
	r = check_reference(x->a, negated != (x->kind == EXPR_NOT), e);
	return r == 0 ? check_reference(x->b, negated, e) : r;
}

int
policy_check(struct policy *p, struct err *e)
{
	int r = check_defined(p, e);

	for (struct role *x = p->roles; r == 0 && x != NULL; x = x->next)
		r = resolve_who(p, x->members, e);
	for (struct set *x = p->sets; r == 0 && x != NULL; x = x->next)
		r = resolve_expr(p, x->expr, e);
	for (struct rule *x = p->rules; r == 0 && x != NULL; x = x->next)
		r = resolve_rule(p, x, e);
	for (struct rule *x = p->requires; r == 0 && x != NULL; x = x->next)
		r = resolve_rule(p, x, e);
	for (struct watch *x = p->watches; r == 0 && x != NULL; x = x->next) {
		r = resolve_who(p, x->who, e);
		if (r == 0)
			r = resolve_expr(p, x->on, e);
	}
	if (r == 0)
		r = check_nesting(p, e);
	for (struct rule *x = p->rules; r == 0 && x != NULL; x = x->next)
		r = x->permit ? check_reference(x->on, false, e) : 0;
	return r == 0 ? check_ids(p, e) : r;
}
