/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The glob of a path.  All ways of reading it are followed at once, a character of the path at a time: what a user
 * sends costs its length times the glob's, whatever it is.  can[i]: the glob's bytes below i fit what was read.
 */
#include <string.h>

#include "policy/ast.h"

static bool
is_deep(struct slice glob, size_t i)
{
	return i + 1 < glob.n && glob.p[i] == '*' && glob.p[i + 1] == '*';
}

/* A star may stand for nothing. */
static void
pass_stars(struct slice glob, bool *can)
{
	for (size_t i = 0; i < glob.n; i += is_deep(glob, i) ? 2 : 1)
		if (can[i] && glob.p[i] == '*')
			can[i + (is_deep(glob, i) ? 2 : 1)] = true;
}

static void
take(struct slice glob, const bool *can, unsigned char c, bool *after)
{
	size_t i, n;

	memset(after, 0, glob.n + 1);
	for (i = 0; i < glob.n; i += n) {
		n = is_deep(glob, i) ? 2 : 1;
		if (!can[i])
			continue;
		if (glob.p[i] == '*')
			after[i] = after[i] || n == 2 || c != '/';
		else
			after[i + 1] = glob.p[i] == '?' ? c != '/' : glob.p[i] == c;
	}
	pass_stars(glob, after);
}

bool
glob_path(struct slice glob, struct slice path)
{
	bool can[2][GLOB_MAX + 1] = { { true } };
	size_t now = 0;

	if (glob.n > GLOB_MAX)
		return false;
	pass_stars(glob, can[0]);
	for (size_t i = 0; i < path.n; i++, now ^= 1)
		take(glob, can[now], path.p[i], can[now ^ 1]);
	return can[now][glob.n];
}

bool
path_is_plain(struct slice path)
{
	if (path.n == 0 || path.n > 1024 || path.p[0] != '/')
		return false;
	for (size_t i = 0; i < path.n; i++) {
		size_t n = 0;

		if (path.p[i] == '\0')
			return false;
		if (path.p[i] != '/')
			continue;
		while (i + 1 + n < path.n && path.p[i + 1 + n] != '/')
			n++;
		if ((n == 0 && i + 1 < path.n) || (n == 1 && path.p[i + 1] == '.') ||
		    (n == 2 && path.p[i + 1] == '.' && path.p[i + 2] == '.'))
			return false;
	}
	return true;
}
