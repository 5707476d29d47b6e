/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Globs and patterns against what they mean, said plainly (and slowly); and what hostile arguments cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/ast.h"
#include "tests/tap.h"

#define CASES 300000

/* The meaning of a glob: a star stands for this much, or for more. */
static bool
plain_glob(const char *g, const char *s)
{
	bool deep = g[0] == '*' && g[1] == '*';

	if (*g == '\0')
		return *s == '\0';
	if (*g != '*')
		return *s != '\0' && (*g == '?' ? *s != '/' : *g == *s) && plain_glob(g + 1, s + 1);
	return plain_glob(g + (deep ? 2 : 1), s) || (*s != '\0' && (deep || *s != '/') && plain_glob(g, s + 1));
}

/* The meaning of a pattern, of words that are one byte. */
static bool
plain_pattern(const struct arg *a, const char *words)
{
	if (a == NULL)
		return *words == '\0';
	if (!a->quoted && strcmp(a->text, "**") == 0)
		return true;
	if (*words != '\0' && ((!a->quoted && strcmp(a->text, "*") == 0 && *words != '-') ||
	    (a->text[0] == *words && a->text[1] == 0)) &&
	    plain_pattern(a->next, words + 1))
		return true;
	return a->optional && plain_pattern(a->next, words);
}

static void
random_text(char *text, size_t max, const char *letters)
{
	size_t n = (size_t)rand() % max;

	for (size_t i = 0; i < n; i++)
		text[i] = letters[(size_t)rand() % strlen(letters)];
	text[n] = '\0';
}

static void
test_globs(void)
{
	unsigned matches = 0, wrong = 0;
	char g[10], s[12];

	for (unsigned i = 0; i < CASES; i++) {
		random_text(g, sizeof(g), "ab/***?");
		random_text(s, sizeof(s), "aab/");
		matches += plain_glob(g, s);
		if (glob_path(slice_from(g), slice_from(s)) != plain_glob(g, s) && wrong++ == 0)
			printf("# glob \"%s\" path \"%s\"\n", g, s);
	}
	ok(wrong == 0 && matches > CASES / 100, "%d random globs match what they mean (%u of them)", CASES, matches);
}

static void
test_patterns(void)
{
	static const char *const texts[] = { "a", "b", "*", "a", "-", "**" };
	unsigned matches = 0, wrong = 0;

	for (unsigned i = 0; i < CASES; i++) {
		struct arg args[7] = { { .text = NULL } };
		struct pattern p = { .args = args };
		struct slice argv[8];
		char words[8];
		size_t n = 1 + (size_t)rand() % 6;

		for (size_t k = 0; k < n; k++)
			args[k] = (struct arg){ .next = k + 1 < n ? &args[k + 1] : NULL, .optional = rand() % 2 == 0,
				.quoted = rand() % 8 == 0, .text = texts[(size_t)rand() % (k + 1 < n ? 5 : 6)] };
		random_text(words, sizeof(words), "aab-*");
		for (size_t k = 0; words[k] != '\0'; k++)
			argv[k] = slice_of(words + k, 1);
		matches += plain_pattern(args, words);
		if (pattern_matches(&p, argv, strlen(words), false) != plain_pattern(args, words))
			wrong++;
	}
	ok(wrong == 0 && matches > CASES / 100, "%d random patterns match what they mean (%u of them)", CASES, matches);
}

static double
seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* What took a quarter of a second each, and for ever. */
static void
test_cost(void)
{
	struct arg args[41];
	struct pattern p = { .args = args };
	struct slice argv[30];
	char path[1001];
	unsigned matches = 0;
	double from = seconds();

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[1000] = '\0';
	for (unsigned i = 0; i < 100; i++)
		matches += glob_path(slice_from("/**a**a**a**a**b"), slice_from(path));
	ok(matches == 0 && seconds() - from < 2.0, "100 times a path against five ** in %.3f s", seconds() - from);
	from = seconds();
	for (size_t i = 0; i < 41; i++)
		args[i] = (struct arg){ .next = i < 40 ? &args[i + 1] : NULL, .text = i < 40 ? "*" : "z", .optional = i < 40 };
	for (size_t i = 0; i < 30; i++)
		argv[i] = slice_from("a");
	ok(!pattern_matches(&p, argv, 30, false) && seconds() - from < 2.0, "40 arguments that may be left out in %.3f s", seconds() - from);
	argv[29] = slice_from("z");
	ok(pattern_matches(&p, argv, 30, false), "and still matched where they are");
}

int
main(void)
{
	char glob[GLOB_MAX + 2];

	srand(20261124);
	test_globs();
	test_patterns();
	test_cost();
	memset(glob, '*', sizeof(glob));
	ok(glob_path(slice_of(glob, GLOB_MAX), slice_from("/a/b")) && !glob_path(slice_of(glob, GLOB_MAX + 1), slice_from("/a/b")),
	    "globs have a largest size");
	return tap_done();
}
