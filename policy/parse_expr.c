/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who, which hosts, which commands: what rules and named things are made of. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/parse.h"

#define EXPR_DEPTH  64

/* ---- who ---- */

static int
parse_who_one(struct parse *p, struct who **ret)
{
	struct who *w = pool_get(p->p->pool, sizeof(*w));
	const char *text = p->t.text;

	if (w == NULL)
		return parse_no_memory(p);
	*ret = w;
	w->at = p->t.at;
	w->kind = WHO_USER;
	if (parse_at_word(p, "any")) {
		w->kind = WHO_ANY;
		return parse_next(p);
	}
	if (parse_at_word(p, "role")) {
		w->kind = WHO_ROLE;
		return parse_next(p) == 0 ? parse_take_name(p, &w->name, "the name of a role") : p->e->code;
	}
	if (p->t.kind == TOKEN_WORD && (text[0] == ':' || strncmp(text, "cert:", 5) == 0)) {
		w->kind = text[0] == ':' ? WHO_GROUP : WHO_CERT;
		text += text[0] == ':' ? 1 : 5;
		if (!text_is_name(slice_from(text)))
			return parse_unexpected(p, "a group is :NAME, a certificate's principal cert:NAME");
		w->name = pool_text(p->p->pool, slice_from(text));
		return w->name != NULL ? parse_next(p) : parse_no_memory(p);
	}
	return parse_take_name(p, &w->name, "a user, :group, cert:principal, role NAME or any");
}

int
parse_who(struct parse *p, struct who **ret)
{
	struct who **end = ret;
	int r;

	do {
		r = parse_who_one(p, end);
		if (r != 0)
			return r;
		end = &(*end)->next;
	} while ((r = parse_more(p, ',')) == 1);
	return r;
}

/* ---- hosts ---- */

static struct expr *
expr_new(struct parse *p, enum expr_kind kind, struct expr *a, struct expr *b)
{
	struct expr *x = pool_get(p->p->pool, sizeof(*x));

	if (x == NULL)
		return NULL;
	*x = (struct expr){ .kind = kind, .a = a, .b = b, .at = p->t.at };
	return x;
}

/* key=glob, or a bare word: a set; inside hosts {} also a label that the host must have. */
static int
parse_label(struct parse *p, struct expr *x, bool in_set)
{
	int r = parse_take_name(p, &x->key, "a label KEY=VALUE, the name of a hosts set, name ~ \"GLOB\", host NAME or any");

	if (r != 0)
		return r;
	if (!parse_at_mark(p, '=')) {
		x->kind = in_set ? EXPR_HAS : EXPR_SET;
		return 0;
	}
	x->kind = EXPR_LABEL;
	r = parse_next_value(p);
	if (r == 0 && p->t.kind == TOKEN_REFERENCE) {
		x->kind = EXPR_REFERENCE;
		x->value = pool_text(p->p->pool, slice_from(p->t.text));
		return x->value != NULL ? parse_next(p) : parse_no_memory(p);
	}
	return r == 0 ? parse_take_text(p, &x->value, "the label's value") : r;
}

static int
parse_atom(struct parse *p, struct expr **ret, bool in_set)
{
	struct expr *x = expr_new(p, EXPR_ANY, NULL, NULL);
	int r;

	if (x == NULL)
		return parse_no_memory(p);
	*ret = x;
	if (parse_at_word(p, "any"))
		return parse_next(p);
	if (parse_at_word(p, "host")) {
		x->kind = EXPR_NAME;
		r = parse_next(p);
		return r == 0 ? parse_take_name(p, &x->value, "a host's name") : r;
	}
	if (!parse_at_word(p, "name"))
		return parse_label(p, x, in_set);
	x->kind = EXPR_NAME;
	r = parse_next(p);
	if (r == 0 && !parse_at_word(p, "~"))
		return parse_unexpected(p, "name ~ \"GLOB\"");
	if (r == 0)
		r = parse_next(p);
	return r == 0 ? parse_take_text(p, &x->value, "a glob in quotes") : r;
}

static int
parse_unary(struct parse *p, struct expr **ret, bool in_set)
{
	struct expr *inner = NULL;
	int r;

	if (++p->depth > EXPR_DEPTH)
		return parse_fail(p, p->t.at, "the expression nests too deep", NULL, "64 levels at most");
	if (parse_at_mark(p, '!')) {
		r = parse_next(p);
		if (r == 0)
			r = parse_unary(p, &inner, in_set);
		if (r == 0 && (*ret = expr_new(p, EXPR_NOT, inner, NULL)) == NULL)
			r = parse_no_memory(p);
	} else if (parse_at_mark(p, '(')) {
		r = parse_next(p);
		if (r == 0)
			r = parse_or(p, ret, in_set);
		if (r == 0)
			r = parse_expect(p, ')');
	} else {
		r = parse_atom(p, ret, in_set);
	}
	p->depth--;
	return r;
}

static int
parse_binary(struct parse *p, struct expr **ret, bool in_set, char mark, enum expr_kind kind,
    int (*operand)(struct parse *, struct expr **, bool))
{
	struct expr *right = NULL;
	int r = operand(p, ret, in_set);

	while (r == 0 && parse_at_mark(p, mark)) {
		r = parse_next(p);
		if (r == 0)
			r = operand(p, &right, in_set);
		if (r == 0 && (*ret = expr_new(p, kind, *ret, right)) == NULL)
			r = parse_no_memory(p);
	}
	return r;
}

static int
parse_and(struct parse *p, struct expr **ret, bool in_set)
{
	return parse_binary(p, ret, in_set, '&', EXPR_AND, parse_unary);
}

int
parse_or(struct parse *p, struct expr **ret, bool in_set)
{
	return parse_binary(p, ret, in_set, '|', EXPR_OR, parse_and);
}

int
parse_or_join(struct parse *p, struct expr **x, struct expr *more)
{
	*x = *x == NULL ? more : expr_new(p, EXPR_OR, *x, more);
	return *x != NULL ? 0 : parse_no_memory(p);
}

/* ---- commands ---- */

int
parse_arg(struct parse *p, struct arg ***end, bool optional)
{
	struct arg *a = pool_get(p->p->pool, sizeof(*a));

	if (a == NULL)
		return parse_no_memory(p);
	a->quoted = p->t.kind == TOKEN_STRING;
	a->optional = optional;
	**end = a;
	*end = &a->next;
	return parse_take_text(p, &a->text, "an argument");
}

int
arg_finish(struct parse *p, struct arg *a, struct place at)
{
	const char *wrong = arg_check(a->text, a->next == NULL);
	struct slice ere = arg_ere(a->text);

	if (wrong == NULL && ere.n > 0) {
		a->ere = ere_new(p->p, ere, true, &wrong);
		if (a->ere == NULL && wrong == NULL)
			return parse_no_memory(p);
	}
	return wrong == NULL ? 0 : parse_fail(p, at, "bad pattern", a->text, wrong);
}

static int
pattern_check(struct parse *p, struct pattern *pat, struct place at)
{
	size_t n = 0;
	int r = 0;

	if (pat->args == NULL || pat->args->text[0] != '/' || pat->args->text[strlen(pat->args->text) - 1] == '/' || pat->args->optional)
		return parse_fail(p, at, "a command starts with its absolute path", NULL, "e.g. /usr/bin/uptime");
	for (struct arg *a = pat->args; r == 0 && a != NULL; a = a->next, n++)
		if (!a->quoted)
			r = arg_finish(p, a, at);
	if (r != 0)
		return r;
	if (n > PATTERN_ARGS_MAX)
		return parse_fail(p, at, "a pattern of more than 64 arguments", NULL, "end it with **");
	return 0;
}

static int
parse_pattern(struct parse *p, struct pattern *pat)
{
	struct arg **end = &pat->args;
	struct place at = p->t.at;
	bool optional = false;
	int r = 0;

	while (r == 0 && (p->t.kind == TOKEN_WORD || p->t.kind == TOKEN_STRING)) {
		if (parse_at_word(p, "[") || parse_at_word(p, "]")) {
			if (optional == parse_at_word(p, "["))
				return parse_unexpected(p, "[ and ] come in pairs and do not nest");
			optional = parse_at_word(p, "[");
			r = parse_next(p);
		} else {
			r = parse_arg(p, &end, optional);
		}
	}
	if (r == 0 && optional)
		return parse_unexpected(p, "']' belongs here");
	return r == 0 ? pattern_check(p, pat, at) : r;
}

int
parse_patterns(struct parse *p, struct command *c)
{
	struct pattern **end = c->patterns_end != NULL ? c->patterns_end : &c->patterns;
	int r;

	lex_set_raw(p->lex, true);
	r = parse_expect(p, '{');
	while (r == 0) {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		r = parse_pattern(p, *end);
		end = &(*end)->next;
		c->patterns_end = end;
		if (r != 0 || !parse_at_mark(p, ';'))
			break;
		r = parse_next(p);
		if (r == 0 && parse_at_mark(p, '}'))
			break;
	}
	lex_set_raw(p->lex, false);
	return r == 0 ? parse_expect(p, '}') : r;
}
