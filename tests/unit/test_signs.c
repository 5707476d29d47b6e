/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The agent protocol by hand, whole and byte by byte. */
#include <stdio.h>
#include <string.h>

#include "front/signs.h"
#include "tests/tap.h"

static char seen[2048];

static void
on_sign(void *arg, const char *what, const char *key)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "%s%s%s;", what, key[0] != '\0' ? " " : "", key);
}

/* In pieces of this size; was all of it understood? */
static bool
feed(const void *p, size_t n, size_t piece)
{
	struct signs *s = signs_new(on_sign, NULL);
	bool good = s != NULL;

	seen[0] = '\0';
	for (size_t i = 0; good && i < n; i += piece)
		good = signs_feed(s, slice_of((const unsigned char *)p + i, piece < n - i ? piece : n - i));
	signs_free(s);
	return good;
}

int
main(void)
{
	static const char whole[] = "\0\0\0\1\013" "\0\0\0\026\015\0\0\0\3key\0\0\0\6secret\0\0\0\0" "\0\0\0\3\026xy" "\0\0\0\1\143";
	static const char want[] = "list;sign SHA256:LHDhK3oGRvkiefQnx7OOczTY5Tic/xZ6HcMOc/gmtoM;lock;unknown;";
	static const char *const bad[] = { "\0\0\0\0", "\0\4\0\1\013", "\0\0\0\4\015", "\0\0\0\6\015\0\0\0\2", "\0\0\1\0\015\0\0\377\377" };
	static const size_t lengths[] = { 5, 5, 5, 9, 9 };

	ok(feed(whole, sizeof(whole) - 1, sizeof(whole)), "four requests");
	is(seen, want, "what they are, and the key of the one to sign");
	for (size_t piece = 1; piece < 12; piece++)
		if (!feed(whole, sizeof(whole) - 1, piece) || strcmp(seen, want) != 0)
			break;
		else if (piece == 11)
			ok(true, "in pieces of 1 to 11 bytes as well");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!feed(bad[i], lengths[i], 1), "nonsense %zu is given up", i);
	ok(!feed("\0\0\0\0\0\0\0\0\1\013", 10, 10) && seen[0] == '\0', "and nothing is taken from what follows");
	return tap_done();
}
