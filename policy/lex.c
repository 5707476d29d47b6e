/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Inputs form a stack: files, and the text of a macro where $NAME stands (it joins what is
 * around it, so /srv/$app/x is one word).  A macro's text keeps the place of its use, and may itself use those that were
 * defined before it: none can contain itself.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/lex.h"

#define DEPTH_MAX  (LEX_FILES_MAX + 16)   /* the files of one Include lie on it all at once */
#define MACROS_MAX 256
#define TOTAL_MAX  (8u << 20)            /* bytes of files read in all */
#define MACRO_MAX  (1u << 20)            /* of macros' texts: they cannot explode */
#define NO_MACRO   MACROS_MAX

struct input {
	char *text;
	size_t n, at;
	struct place place;
	unsigned macro;                  /* whose text it is, or NO_MACRO: a file's */
};

/* A name that was taken for an attribute: no macro may have it later. */
struct reference {
	struct reference *next;
	const char *name;
};

struct lex {
	struct pool *pool;
	struct err *e;
	struct input stack[DEPTH_MAX];
	unsigned depth;
	struct { char *name, *text; } macros[MACROS_MAX];
	unsigned macros_n;
	struct reference *references;
	size_t total, macro_total;
	bool raw;
};

struct lex *
lex_new(struct pool *pool, struct err *e)
{
	struct lex *l = calloc(1, sizeof(*l));

	if (l != NULL)
		*l = (struct lex){ .pool = pool, .e = e };
	return l;
}

static void
lex_pop(struct lex *l)
{
	free(l->stack[--l->depth].text);
}

void
lex_free(struct lex *l)
{
	if (l == NULL)
		return;
	while (l->depth > 0)
		lex_pop(l);
	free(l);
}

static int
push(struct lex *l, struct slice text, struct place place, unsigned macro)
{
	struct input *in = &l->stack[l->depth];

	*(macro == NO_MACRO ? &l->total : &l->macro_total) += text.n;
	if (l->depth == DEPTH_MAX || l->total > TOTAL_MAX || l->macro_total > MACRO_MAX)
		return -E2BIG;
	*in = (struct input){ .text = slice_dup(text), .n = text.n, .place = place, .macro = macro };
	if (in->text == NULL)
		return -ENOMEM;
	l->depth++;
	return 0;
}

static int
fail(struct lex *l, struct place at, const char *what, const char *word)
{
	return err_set(l->e, -EINVAL, "%s:%u:%u: %s%s%s%s", at.file, at.line, at.col, what, word != NULL ? " \"" : "",
	    word != NULL ? word : "", word != NULL ? "\"" : "");
}

/* U+200C and U+200D join letters of a text that is read, and have no business in a rule. */
static bool
is_seen(uint32_t rune)
{
	return (text_rune_is_safe(rune) && rune != 0x200c && rune != 0x200d) || rune == '\n' || rune == '\t' || rune == '\r';
}

/* Whoever reads a policy must see what it says: nothing that has no width, turns the line around, or is no text at all. */
static int
text_check(struct lex *l, struct place at, struct slice text)
{
	struct slice left = text;
	char shown[20];
	uint32_t rune;
	bool good;

	while (text_rune(&left, &rune, &good)) {
		size_t n = text.n - left.n;

		if (!good || !is_seen(rune))
			return fail(l, at, "a character that cannot be seen:", text_escaped(slice_of(text.p, n), shown, sizeof(shown)));
		at.line += rune == '\n';
		at.col = rune == '\n' ? 1 : at.col + (unsigned)n;
		text = left;
	}
	return 0;
}

int
lex_push(struct lex *l, const char *name, struct slice text)
{
	struct place place = { pool_text(l->pool, slice_from(name)), 1, 1 };
	int r = place.file != NULL ? text_check(l, place, text) : -ENOMEM;

	return r == 0 ? push(l, text, place, NO_MACRO) : r;
}

int
lex_define(struct lex *l, const char *name, const char *text)
{
	for (unsigned i = 0; i < l->macros_n; i++)
		if (strcmp(l->macros[i].name, name) == 0)
			return -EEXIST;
	for (const struct reference *x = l->references; x != NULL; x = x->next)
		if (strcmp(x->name, name) == 0)
			return -EEXIST;
	if (l->macros_n == MACROS_MAX)
		return -E2BIG;
	l->macros[l->macros_n].name = pool_text(l->pool, slice_from(name));
	l->macros[l->macros_n].text = pool_text(l->pool, slice_from(text));
	if (l->macros[l->macros_n].name == NULL || l->macros[l->macros_n].text == NULL)
		return -ENOMEM;
	l->macros_n++;
	return 0;
}

/* The character in front, or -1 at the end of everything; inputs at their end are left, files only between tokens. */
static int
peek(struct lex *l, bool in_word)
{
	while (l->depth > 0 && l->stack[l->depth - 1].at == l->stack[l->depth - 1].n) {
		if (in_word && l->stack[l->depth - 1].macro == NO_MACRO)
			return -1;
		if (l->depth == 1)
			return -1;
		lex_pop(l);
	}
	return l->depth > 0 ? (unsigned char)l->stack[l->depth - 1].text[l->stack[l->depth - 1].at] : -1;
}

static void
advance(struct lex *l)
{
	struct input *in = &l->stack[l->depth - 1];

	if (in->text[in->at++] == '\n' && in->macro == NO_MACRO) {
		in->place.line++;
		in->place.col = 1;
	} else if (in->macro == NO_MACRO) {
		in->place.col++;
	}
}

static int
macro_open(struct lex *l)
{
	struct place at = l->stack[l->depth - 1].place;
	unsigned inside = l->stack[l->depth - 1].macro, known = inside == NO_MACRO ? l->macros_n : inside;
	const char *names[MACROS_MAX], *near;
	char name[64], what[160];
	size_t n = 0;
	int c;

	advance(l);
	while ((c = peek(l, true)) >= 0 && (isalnum(c) || c == '_') && n + 1 < sizeof(name)) {
		name[n++] = (char)c;
		advance(l);
	}
	name[n] = '\0';
	for (unsigned i = 0; i < known; i++) {
		if (strcmp(l->macros[i].name, name) == 0) {
			int r = push(l, slice_from(l->macros[i].text), at, i);

			return r == 0 ? 0 : fail(l, at, "macros nest too deep, or become too long, at", name);
		}
		names[i] = l->macros[i].name;
	}
	near = text_nearest(name, names, known);
	(void)snprintf(what, sizeof(what), "unknown macro%s%s%s:", near != NULL ? " (did you mean $" : "",
	    near != NULL ? near : "", near != NULL ? "?)" : "");
	return fail(l, at, what, name);
}

static int
skip_blank(struct lex *l)
{
	int c;

	while ((c = peek(l, false)) >= 0) {
		if (c == '#' && !l->raw)
			while ((c = peek(l, true)) >= 0 && c != '\n')
				advance(l);
		else if (isspace(c))
			advance(l);
		else
			break;
	}
	return c;
}

static int
add(struct lex *l, struct token *t, size_t *n, int c)
{
	if (*n + 1 >= sizeof(t->text))
		return fail(l, t->at, "too long a word", NULL);
	t->text[(*n)++] = (char)c;
	t->text[*n] = '\0';
	return 0;
}

static int
lex_string(struct lex *l, struct token *t)
{
	size_t n = 0;
	int c, r = 0;

	t->kind = TOKEN_STRING;
	advance(l);
	while (r == 0 && (c = peek(l, true)) != '"') {
		if (c < 0 || c == '\n')
			return fail(l, t->at, "a string without its closing quote", NULL);
		if (c == '\\') {
			advance(l);
			c = peek(l, true);
			if (c != '"' && c != '\\')
				return fail(l, t->at, "in a string only \\\" and \\\\ are escapes", NULL);
		}
		if (c < 0x20)
			return fail(l, t->at, "a control character in a string", NULL);
		r = add(l, t, &n, c);
		advance(l);
	}
	if (r == 0)
		advance(l);
	return r;
}

/* In the body of a command only blanks, braces, quotes, ; and $ end a word. */
static bool
is_word(const struct lex *l, int c)
{
	return c > 0x20 && c != 0x7f && strchr(l->raw ? "{};\"$" : "{}(),;&|!=\"#$", c) == NULL;
}

void
lex_set_raw(struct lex *l, bool raw)
{
	l->raw = raw;
}

/* <kind:…> runs to its > whatever is inside. */
static int
lex_word(struct lex *l, struct token *t)
{
	bool typed = false;
	size_t n = 0;
	int c, r = 0;

	t->kind = TOKEN_WORD;
	while (r == 0 && (c = peek(l, true)) >= 0) {
		if (c == '$' && !typed) {
			r = macro_open(l);
			continue;
		}
		if (n == 0 && c == '<')
			typed = true;
		if (c == '\n' || (!typed && !is_word(l, c)))
			break;
		if (c < 0x20 || c == 0x7f)
			return fail(l, t->at, "a control character in a word", NULL);
		r = add(l, t, &n, c);
		advance(l);
		if (typed && c == '>')
			return r;
	}
	return r == 0 && typed ? fail(l, t->at, "a < without its closing >", NULL) : r;
}

int
lex_next(struct lex *l, struct token *t)
{
	int c = skip_blank(l);

	t->text[0] = '\0';
	t->kind = TOKEN_END;
	t->at = l->stack[l->depth > 0 ? l->depth - 1 : 0].place;
	if (c < 0)
		return 0;
	if (c == '"')
		return lex_string(l, t);
	if (c == '$' || is_word(l, c))
		return lex_word(l, t);
	if (strchr("{}(),;&|!=", c) == NULL)
		return fail(l, t->at, "a character that means nothing here", NULL);
	t->kind = TOKEN_MARK;
	t->text[0] = (char)c;
	t->text[1] = '\0';
	advance(l);
	return 0;
}

/* ---- where something else may stand ---- */

/* $NAME and nothing behind it that would belong to the word. */
static size_t
name_ahead(const struct lex *l, char name[64])
{
	const struct input *in = &l->stack[l->depth - 1];
	size_t n = 0;

	while (in->at + 1 + n < in->n && n < 63 && (isalnum((unsigned char)in->text[in->at + 1 + n]) || in->text[in->at + 1 + n] == '_'))
		n++;
	memcpy(name, in->text + in->at + 1, n);
	name[n] = '\0';
	if (in->at + 1 + n < in->n && (is_word(l, (unsigned char)in->text[in->at + 1 + n]) || in->text[in->at + 1 + n] == '$'))
		return 0;
	return n;
}

static bool
is_almost_macro(const struct lex *l, const char *name)
{
	const char *names[MACROS_MAX];

	for (unsigned i = 0; i < l->macros_n; i++) {
		names[i] = l->macros[i].name;
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return text_nearest(name, names, l->macros_n) != NULL;
}

int
lex_next_value(struct lex *l, struct token *t)
{
	struct reference *x;
	char name[64];
	size_t n;

	if (skip_blank(l) != '$' || (n = name_ahead(l, name)) == 0 || is_almost_macro(l, name))
		return lex_next(l, t);
	t->kind = TOKEN_REFERENCE;
	t->at = l->stack[l->depth - 1].place;
	memcpy(t->text, name, n + 1);
	for (n++; n > 0; n--)
		advance(l);
	x = pool_get(l->pool, sizeof(*x));
	if (x == NULL || (x->name = pool_text(l->pool, slice_from(name))) == NULL)
		return -ENOMEM;
	x->next = l->references;
	l->references = x;
	return 0;
}

/* A backslash keeps what follows it; only \/ loses it. */
static int
ere_char(struct lex *l, struct token *t, size_t *n)
{
	int c = peek(l, true), r = 0;

	if (c == '\\') {
		advance(l);
		c = peek(l, true);
		if (c != '/')
			r = add(l, t, n, '\\');
	}
	if (r == 0 && (c < 0x20 || c == 0x7f))
		return fail(l, t->at, "an expression without its closing /", NULL);
	if (r == 0)
		r = add(l, t, n, c);
	if (r == 0)
		advance(l);
	return r;
}

int
lex_next_ere(struct lex *l, struct token *t)
{
	size_t n = 0;
	int r = 0;

	t->text[0] = '\0';
	if (skip_blank(l) != '/')
		return lex_next(l, t);
	t->kind = TOKEN_ERE;
	t->at = l->stack[l->depth - 1].place;
	advance(l);
	while (r == 0 && peek(l, true) != '/')
		r = ere_char(l, t, &n);
	if (r == 0)
		advance(l);
	return r;
}
