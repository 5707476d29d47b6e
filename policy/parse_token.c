/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One token ahead: what it is, what was wanted instead, and names taken from it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/parse.h"

/* ---- errors and tokens ---- */

int
parse_fail(struct parse *p, struct place at, const char *what, const char *word, const char *hint)
{
	return err_set(p->e, -EINVAL, "%s:%u:%u: %s%s%s%s%s%s", at.file, at.line, at.col, what, word != NULL ? " \"" : "",
	    word != NULL ? word : "", word != NULL ? "\"" : "", hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

int
parse_unexpected(struct parse *p, const char *wanted)
{
	return parse_fail(p, p->t.at, p->t.kind == TOKEN_END ? "the text ends where more is needed" : "unexpected",
	    p->t.kind == TOKEN_END ? NULL : p->t.text, wanted);
}

int
parse_unknown(struct parse *p, struct place at, const char *what, const char *word, const char *const *words, size_t n)
{
	const char *near = text_nearest(word, words, n);
	char hint[128];

	if (near != NULL)
		(void)snprintf(hint, sizeof(hint), "did you mean %s?", near);
	return parse_fail(p, at, what, word, near != NULL ? hint : "see policy(5)");
}

int
parse_not_yet(struct parse *p, struct place at, const char *before, const char *word)
{
	return err_set(p->e, -EINVAL, "%s:%u:%u: %s%s is not available yet: a policy that needs it cannot be loaded", at.file, at.line,
	    at.col, before, word);
}

int
parse_no_memory(struct parse *p)
{
	return err_set(p->e, -ENOMEM, "the policy is too large: 64 MiB at most");
}

int
parse_next(struct parse *p)
{
	return lex_next(p->lex, &p->t);
}

int
parse_next_value(struct parse *p)
{
	int r = lex_next_value(p->lex, &p->t);

	return r == -ENOMEM ? parse_no_memory(p) : r;
}

bool
parse_at_mark(const struct parse *p, char c)
{
	return p->t.kind == TOKEN_MARK && p->t.text[0] == c;
}

bool
parse_at_word(const struct parse *p, const char *word)
{
	return p->t.kind == TOKEN_WORD && strcmp(p->t.text, word) == 0;
}

int
parse_expect(struct parse *p, char c)
{
	char wanted[32];

	if (parse_at_mark(p, c))
		return parse_next(p);
	(void)snprintf(wanted, sizeof(wanted), "'%c' belongs here", c);
	return parse_unexpected(p, wanted);
}

int
parse_more(struct parse *p, char between)
{
	int r;

	if (!parse_at_mark(p, between))
		return 0;
	r = parse_next(p);
	return r == 0 ? 1 : r;
}

/* A word or string, copied, and on to the next token. */
int
parse_take_text(struct parse *p, const char **text, const char *wanted)
{
	if (p->t.kind != TOKEN_WORD && p->t.kind != TOKEN_STRING)
		return parse_unexpected(p, wanted);
	*text = pool_text(p->p->pool, slice_from(p->t.text));
	return *text != NULL ? parse_next(p) : parse_no_memory(p);
}

int
parse_take_name(struct parse *p, const char **name, const char *wanted)
{
	if (p->t.kind != TOKEN_WORD || !text_is_name(slice_from(p->t.text)))
		return parse_unexpected(p, wanted);
	return parse_take_text(p, name, wanted);
}

int
parse_take_ere(struct parse *p, const struct ere **ere)
{
	const char *wrong = NULL;
	int r = lex_next_ere(p->lex, &p->t);

	if (r != 0)
		return r;
	if (p->t.kind != TOKEN_ERE)
		return parse_unexpected(p, "an expression between slashes: /^OPS-[0-9]+$/");
	*ere = ere_new(p->p, slice_from(p->t.text), false, &wrong);
	if (*ere == NULL)
		return wrong != NULL ? parse_fail(p, p->t.at, "bad expression", p->t.text, wrong) : parse_no_memory(p);
	return parse_next(p);
}

int
parse_take_number(struct parse *p, uint64_t min, uint64_t max, unsigned *ret, const char *wanted)
{
	uint64_t v;

	if (p->t.kind != TOKEN_WORD || !text_u64(slice_from(p->t.text), max, &v) || v < min)
		return parse_unexpected(p, wanted);
	*ret = (unsigned)v;
	return parse_next(p);
}

/* 90s 30m 12h 7d; a year at most. */
int
parse_take_seconds(struct parse *p, unsigned *ret)
{
	static const struct { char unit; unsigned seconds; } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t n = strlen(p->t.text);
	uint64_t v;

	for (size_t i = 0; p->t.kind == TOKEN_WORD && n > 1 && i < COUNT(units); i++)
		if (p->t.text[n - 1] == units[i].unit && text_u64(slice_of(p->t.text, n - 1), 31536000 / units[i].seconds, &v) && v > 0) {
			*ret = (unsigned)v * units[i].seconds;
			return parse_next(p);
		}
	return parse_unexpected(p, "a time: 90s, 30m, 12h or 7d");
}
