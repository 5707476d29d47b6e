/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What a terminal says by itself is no key; each row in one go, byte by byte, and between two keys. */
#include <stdio.h>
#include <string.h>

#include "front/answers.h"
#include "tests/tap.h"

#define ESC "\033"

static const struct {
	const char *name, *bytes;
	size_t keys;
} rows[] = {
	{ "letters", "ls -l\r", 6 }, { "an arrow", ESC "[A", 3 }, { "an arrow in application mode", ESC "OA", 3 },
	{ "a function key", ESC "[15~", 5 }, { "Shift-Tab", ESC "[Z", 3 }, { "Alt-x", ESC "x", 2 }, { "Ctrl-C", "\003", 1 },
	{ "a mouse", ESC "[<0;10;20M", 11 }, { "what is pasted", ESC "[200~two" ESC "[201~", 15 }, { "a key of kitty's protocol", ESC "[97;5u", 7 },
	{ "the place of the cursor", ESC "[24;80R", 0 }, { "and of DECXCPR", ESC "[?24;80R", 0 }, { "that all is well", ESC "[0n", 0 },
	{ "what it is", ESC "[?62;22c", 0 }, { "what it is, in version", ESC "[>41;354;0c", 0 }, { "a mode", ESC "[?2004;1$y", 0 },
	{ "the size of its window", ESC "[8;24;80t", 0 }, { "the focus that comes and goes", ESC "[I" ESC "[O", 0 },
	{ "kitty's flags", ESC "[?1u", 0 }, { "a colour", ESC "]11;rgb:0000/0000/0000" ESC "\\", 0 }, { "a colour, by BEL", ESC "]11;rgb:00/00/00\a", 0 },
	{ "a setting", ESC "P1$r0m" ESC "\\", 0 }, { "its name", ESC "P>|xterm(389)" ESC "\\", 0 },
	{ "Alt-] and a command", ESC "]ls\r", 5 }, { "Alt-P and a command", ESC "Pq\n", 4 }, { "Alt-[ and a command", ESC "[1\r", 4 },
};

static size_t
keys_of(const char *bytes, size_t step)
{
	struct answers a = { 0 };
	size_t n = 0, len = strlen(bytes);

	for (size_t i = 0; i < len; i += step)
		n += answers_keys(&a, slice_of(bytes + i, len - i < step ? len - i : step));
	return n;
}

int
main(void)
{
	char all[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t whole = keys_of(rows[i].bytes, sizeof(all)), by_one = keys_of(rows[i].bytes, 1), between;

		snprintf(all, sizeof(all), "a%sb", rows[i].bytes);
		between = keys_of(all, 3);
		ok(whole == rows[i].keys && by_one == whole && between == whole + 2, "%s: %zu keys (%zu, %zu, %zu)", rows[i].name, rows[i].keys, whole,
		    by_one, between);
	}
	return tap_done();
}
