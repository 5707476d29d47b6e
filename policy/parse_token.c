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
parse_no_memory(struct parse *p)
{
	return err_set(p->e, -ENOMEM, "the policy is too large: 64 MiB at most");
}

int
parse_next(struct parse *p)
{
	return lex_next(p->lex, &p->t);
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

bool
parse_at_one_of(const struct parse *p, const char *const *words, size_t n)
{
	for (size_t i = 0; p->t.kind == TOKEN_WORD && i < n; i++)
		if (strcmp(p->t.text, words[i]) == 0)
			return true;
	return false;
}
