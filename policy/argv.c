/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Patterns over the argument vector, never over a joined string.
 *
 *	text  "quoted"   exactly this          *              one argument, not starting with -
 *	--               exactly --            **             the rest, whatever it is (last only)
 *	<int:1..100>  <enum:a,b>  <host>  <ident>  <path:GLOB>  <re:ERE>        one argument of that kind
 *	[ -f ]           may be left out
 *
 * The first argument is the program; a plain sshd gets one string, which counts only if it
 * is a simple command, because the target's shell would read anything else its own way.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

/* "<kind:rest>" → kind and rest; false when it is not typed. */
static bool
typed(const char *text, struct slice *kind, struct slice *rest)
{
	size_t n = strlen(text), k;

	if (n < 3 || text[0] != '<' || text[n - 1] != '>')
		return false;
	k = strcspn(text, ":>");
	*kind = slice_of(text + 1, k - 1);
	*rest = text[k] == ':' ? slice_of(text + k + 1, n - k - 2) : slice_of(text + n - 1, 0);
	return true;
}

static bool
int_range(struct slice rest, uint64_t *low, uint64_t *high)
{
	for (size_t i = 0; i + 1 < rest.n; i++)
		if (rest.p[i] == '.' && rest.p[i + 1] == '.')
			return text_u64(slice_of(rest.p, i), INT64_MAX, low) &&
			    text_u64(slice_of(rest.p + i + 2, rest.n - i - 2), INT64_MAX, high) && *low <= *high;
	return false;
}

static bool
is_int(struct slice rest, struct slice arg)
{
	uint64_t low, high, v;

	return int_range(rest, &low, &high) && text_u64(arg, INT64_MAX, &v) && v >= low && v <= high;
}

static bool
is_enum(struct slice rest, struct slice arg)
{
	size_t from = 0;

	for (size_t i = 0; i <= rest.n; i++)
		if (i == rest.n || rest.p[i] == ',') {
			if (slice_eq(slice_of(rest.p + from, i - from), arg))
				return true;
			from = i + 1;
		}
	return false;
}

static bool
is_host(struct slice rest, struct slice arg)
{
	(void)rest;
	for (size_t i = 0; i < arg.n; i++)
		if (!isalnum(arg.p[i]) && strchr(".-:", arg.p[i]) == NULL)
			return false;
	return arg.n > 0 && arg.n <= 253 && arg.p[0] != '-';
}

static bool
is_ident(struct slice rest, struct slice arg)
{
	(void)rest;
	return text_is_name(arg);
}

static bool
is_path(struct slice rest, struct slice arg)
{
	return path_is_plain(arg) && (rest.n == 0 || glob_path(rest, arg));
}

static const struct kind {
	const char *name;
	bool (*is)(struct slice rest, struct slice arg);
} kinds[] = {
	{ "int", is_int }, { "enum", is_enum }, { "host", is_host }, { "ident", is_ident }, { "path", is_path },
	{ "re", NULL },                /* compiled beforehand: ere_hits */
};

static const struct kind *
kind_find(struct slice name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (slice_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

const char *
arg_check(const char *text, bool is_last)
{
	struct slice kind, rest;
	uint64_t low, high;

	if (strcmp(text, "**") == 0)
		return is_last ? NULL : "** stands for the rest, so it comes last";
	if (strcmp(text, "*") == 0)
		return NULL;
	if (!typed(text, &kind, &rest))
		return strchr(text, '*') == NULL || text[0] == '<' ? NULL : "* is a whole argument; write <path:GLOB> or \"quotes\"";
	if (kind_find(kind) == NULL)
		return "the kinds are int, enum, host, ident, path, re";
	if (slice_is(kind, "path") && rest.n > GLOB_MAX)
		return "a path's glob is at most 256 bytes";
	if (slice_is(kind, "int") && !int_range(rest, &low, &high))
		return "write <int:LOW..HIGH>";
	return NULL;
}

struct slice
arg_ere(const char *text)
{
	struct slice kind, rest;

	return typed(text, &kind, &rest) && slice_is(kind, "re") ? rest : slice_of("", 0);
}

/* One line of at most 1,023 bytes, whatever the expression says. */
static bool
is_re(const struct ere *e, struct slice arg)
{
	return arg.n < 1024 && memchr(arg.p, '\n', arg.n) == NULL && memchr(arg.p, '\0', arg.n) == NULL && ere_hits(e, arg);
}

bool
arg_matches(const struct arg *a, struct slice arg)
{
	struct slice kind, rest;

	if (a->quoted)
		return slice_is(arg, a->text);
	if (a->ere != NULL)
		return is_re(a->ere, arg);
	if (strcmp(a->text, "*") == 0)
		return arg.n == 0 || arg.p[0] != '-';
	if (typed(a->text, &kind, &rest))
		return kind_find(kind)->is(rest, arg);
	return slice_is(arg, a->text);
}

static bool
is_rest(const struct arg *a)
{
	return !a->quoted && strcmp(a->text, "**") == 0;
}

/* can[i]: the pattern's arguments below i fit the words so far.  True: and the rest is any. */
static bool
pass_optional(const struct arg *a, bool *can)
{
	for (size_t i = 0; a != NULL && i < PATTERN_ARGS_MAX; a = a->next, i++) {
		if (can[i] && is_rest(a))
			return true;
		if (can[i] && a->optional)
			can[i + 1] = true;
	}
	return false;
}

static void
take_word(const struct arg *a, const bool *can, struct slice word, bool *after)
{
	memset(after, 0, PATTERN_ARGS_MAX + 1);
	for (size_t i = 0; a != NULL && i < PATTERN_ARGS_MAX; a = a->next, i++)
		after[i + 1] = can[i] && arg_matches(a, word);
}

static struct slice
last_part(struct slice path)
{
	const unsigned char *slash = path.n > 0 ? memrchr(path.p, '/', path.n) : NULL;

	return slash != NULL ? slice_of(slash + 1, path.n - (size_t)(slash + 1 - path.p)) : path;
}

/* All ways of leaving out what may be left out are followed at once. */
static bool
args_match(const struct arg *a, const struct slice *argv, size_t n)
{
	bool can[2][PATTERN_ARGS_MAX + 1] = { { true } };
	size_t now = 0, args = 0;

	for (const struct arg *x = a; x != NULL; x = x->next)
		args++;
	if (args > PATTERN_ARGS_MAX)
		return false;
	for (size_t i = 0; !pass_optional(a, can[now]); i++, now ^= 1) {
		if (i == n)
			return can[now][args];
		take_word(a, can[now], argv[i], can[now ^ 1]);
	}
	return true;
}

/* The argument that the last of the ways in can would take next; NULL: none would take any. */
static const struct arg *
furthest(const struct arg *a, const bool *can)
{
	const struct arg *last = NULL;

	for (size_t i = 0; a != NULL && i < PATTERN_ARGS_MAX; a = a->next, i++)
		if (can[i])
			last = a;
	return last;
}

static bool
any_way(const bool *can)
{
	size_t i = 0;

	while (i <= PATTERN_ARGS_MAX && !can[i])
		i++;
	return i <= PATTERN_ARGS_MAX;
}

size_t
pattern_reach(const struct pattern *p, const struct slice *argv, size_t n, const struct arg **wanted)
{
	bool can[2][PATTERN_ARGS_MAX + 1] = { { true } };
	size_t now = 0, i = 0;

	for (; !pass_optional(p->args, can[now]); i++, now ^= 1) {
		*wanted = furthest(p->args, can[now]);
		if (i == n)
			return n;
		take_word(p->args, can[now], argv[i], can[now ^ 1]);
		if (!any_way(can[now ^ 1]))
			return i;
	}
	*wanted = NULL;
	return i;
}

bool
pattern_matches(const struct pattern *p, const struct slice *argv, size_t n, bool by_name)
{
	if (!by_name)
		return args_match(p->args, argv, n);
	return n > 0 && slice_eq(last_part(argv[0]), last_part(slice_from(p->args->text))) && args_match(p->args->next, argv + 1, n - 1);
}
