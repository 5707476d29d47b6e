/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * POSIX extended regular expressions, regex(7), compiled when the policy is read and always in the C locale, so that
 * gate and tools see the same.  regcomp(3) unfolds what is repeated, and back-references make regexec(3) take any time:
 * so the first are counted before, and the second are refused.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

#define UNFOLDED_MAX 1000               /* atoms, after all repetitions are written out */
#define GROUPS_MAX   32

/* Sums of each open group; last: of the atom that a repetition would be about. */
struct sum {
	unsigned long open[GROUPS_MAX + 1], last;
	unsigned depth;
	bool repeated;                         /* the last atom already is */
};

/* Behind a [: where its bracket expression ends. */
static size_t
bracket_end(struct slice s, size_t i)
{
	i += i < s.n && s.p[i] == '^';
	i += i < s.n && s.p[i] == ']';
	while (i < s.n && s.p[i] != ']') {
		unsigned char kind = i + 1 < s.n && s.p[i] == '[' ? s.p[i + 1] : 0;

		i++;
		if (kind != ':' && kind != '.' && kind != '=')
			continue;
		for (i++; i + 1 < s.n && (s.p[i] != kind || s.p[i + 1] != ']'); i++)
			;
		i += 2;
	}
	return i;
}

/* {N,M}: the larger, one more for an open end.  i stands behind the brace, and then on the closing one. */
static unsigned long
repeated(struct slice s, size_t *i)
{
	unsigned long n = 0, largest = 1;

	for (; *i < s.n && s.p[*i] != '}'; (*i)++) {
		if (s.p[*i] == ',' || n > UNFOLDED_MAX)
			n = 0;
		else
			n = n * 10 + (s.p[*i] - '0') % 10u;
		if (n > largest)
			largest = n;
	}
	return largest + 1;
}

static void
add_atom(struct sum *t, unsigned long n)
{
	t->open[t->depth] += n;
	t->last = n;
	t->repeated = false;
}

/* Once the last atom stands in the sum already.  What a repetition of a repetition would be nothing says. */
static const char *
repeat(struct sum *t, unsigned long times)
{
	if (t->repeated)
		return "a repetition behind a repetition; parentheses say what is meant";
	t->repeated = true;
	t->open[t->depth] += t->last * (times - 1);
	t->last *= times;
	return t->open[t->depth] > UNFOLDED_MAX ? "its repetitions are too many" : NULL;
}

/* The group that ends is an atom of the one around it. */
static void
group_close(struct sum *t)
{
	unsigned long n = t->open[t->depth--];

	add_atom(t, n);
}

static const char *
group_open(struct sum *t)
{
	if (t->depth == GROUPS_MAX)
		return "32 nested groups at most";
	t->open[++t->depth] = 1;
	t->repeated = false;
	return NULL;
}

/* i: on the character, and then on the last of what it begins. */
static const char *
count_one(struct sum *t, struct slice s, size_t *i)
{
	switch (s.p[*i]) {
	case '(':
		return group_open(t);
	case ')':
		if (t->depth > 0)
			group_close(t);
		else
			add_atom(t, 1);
		return NULL;
	case '{':
		++*i;
		return repeat(t, repeated(s, i));
	case '+':
		return repeat(t, 2);
	case '*':
	case '?':
		return repeat(t, 1);
	case '\\':
		if (*i + 1 < s.n && s.p[*i + 1] >= '1' && s.p[*i + 1] <= '9')
			return "\\1 and the like are not possible here";
		++*i;
		break;
	case '[':
		*i = bracket_end(s, *i + 1);
		break;
	default:
		break;
	}
	add_atom(t, 1);
	return NULL;
}

static const char *
too_much(struct slice s)
{
	struct sum t = { .last = 1 };
	const char *wrong = NULL;

	if (s.n > ERE_MAX)
		return "an expression is at most 500 bytes";
	if (memchr(s.p, '\0', s.n) != NULL)
		return "it holds a NUL";
	for (size_t i = 0; wrong == NULL && i < s.n; i++)
		wrong = count_one(&t, s, &i);
	return wrong;
}

static int
compile(regex_t *re, const char *text)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
	int r;

	if (c == (locale_t)0)
		return REG_ESPACE;
	before = uselocale(c);
	r = regcomp(re, text, REG_EXTENDED | REG_NOSUB);
	(void)uselocale(before);
	freelocale(c);
	return r;
}

const struct ere *
ere_new(struct policy *p, struct slice text, bool whole, const char **wrong)
{
	char anchored[ERE_MAX + 8];
	struct ere *e;

	*wrong = too_much(text);
	if (*wrong != NULL)
		return NULL;
	e = pool_get(p->pool, sizeof(*e));
	if (e == NULL || (e->text = pool_text(p->pool, text)) == NULL)
		return NULL;
	(void)snprintf(anchored, sizeof(anchored), "^(%s)$", e->text);
	if (compile(&e->re, whole ? anchored : e->text) != 0) {
		*wrong = "not a regular expression (regex(7), extended)";
		return NULL;
	}
	e->next = p->eres;
	p->eres = e;
	return e;
}

void
ere_free_all(struct policy *p)
{
	for (; p->eres != NULL; p->eres = p->eres->next)
		regfree(&p->eres->re);
}

bool
ere_hits(const struct ere *e, struct slice s)
{
	regmatch_t range = { .rm_so = 0, .rm_eo = (regoff_t)s.n };
	char text[ERE_LINE_MAX + 1];

	if (s.n > ERE_LINE_MAX)
		return false;
	if (s.n > 0)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return regexec(&e->re, text, 1, &range, REG_STARTEND) == 0;
}
