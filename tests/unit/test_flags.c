/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The command line of our own programs: all of it is understood, or none. */
#include <errno.h>
#include <string.h>

#include "base/flags.h"
#include "tests/tap.h"

struct options {
	const char *state;
	struct flag_texts keys;
	uint64_t window, level;
	bool strict;
};

static const char *const levels[] = { "error", "debug", NULL };
static const struct flag flags[] = {
	{ "state", FLAG_TEXT, offsetof(struct options, state), .needed = true },
	{ "key", FLAG_TEXTS, offsetof(struct options, keys) },
	{ "window", FLAG_NUMBER, offsetof(struct options, window), .max = 100 },
	{ "level", FLAG_WORD, offsetof(struct options, level), .words = levels },
	{ "strict", FLAG_YES, offsetof(struct options, strict) },
};

static int
read_words(struct options *o, struct err *e, const char *const *words, int n)
{
	return flags_read(flags, sizeof(flags) / sizeof(flags[0]), o, n, (char **)(uintptr_t)words, e);
}

#define READ(o, e, ...) read_words(o, e, (const char *const[]){ "program", __VA_ARGS__ }, \
    (int)(sizeof((const char *const[]){ "program", __VA_ARGS__ }) / sizeof(char *)))

int
main(void)
{
	static const struct { const char *words[3]; const char *why; } bad[] = {
		{ { "--window", "101" }, "--window" }, { { "--window", "12x" }, "--window" }, { { "--window", "" }, "--window" },
		{ { "--window", "-1" }, "--window" }, { { "--level", "loud" }, "--level" }, { { "--strict=yes", "--strict" }, "no value" },
		{ { "--debug", "--strict" }, "--debug" }, { { "word", "--strict" }, "word" }, { { "-s", "x" }, "-s" },
		{ { "--strict", "--window" }, "missing" }, { { "--", "--strict" }, "--" }, { { "=", "x" }, "=" }, { { "", "x" }, "option" },
	};
	struct options o = { .window = 7 };
	struct err e = { 0 };
	int r;

	ok(READ(&o, &e, "--state", "/x=y", "--key=a", "--key", "b", "--window", "100", "--level=debug", "--strict") == 0, "all kinds");
	ok(strcmp(o.state, "/x=y") == 0 && o.keys.n == 2 && strcmp(o.keys.items[1], "b") == 0 && o.window == 100 &&
	    o.level == 1 && o.strict, "are where they belong");
	o = (struct options){ .window = 7 };
	ok(READ(&o, &e, "--state=") == 0 && o.state[0] == '\0' && o.window == 7 && !o.strict, "an empty text, and defaults");
	ok(READ(&(struct options){ 0 }, &e, "--strict") == -EINVAL && strstr(e.text, "--state") != NULL, "what is needed: %s", e.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o = (struct options){ 0 };
		r = READ(&o, &e, "--state=x", bad[i].words[0], bad[i].words[1]);
		ok(r == -EINVAL && strstr(e.text, bad[i].why) != NULL, "%s %s: %s", bad[i].words[0], bad[i].words[1], e.text);
	}
	o = (struct options){ .state = "x" };
	for (r = 0; r == 0 && o.keys.n <= FLAG_TEXTS_MAX;)
		r = READ(&o, &e, "--key", "k");
	ok(r == -EINVAL && o.keys.n == FLAG_TEXTS_MAX, "a list has an end");
	return tap_done();
}
