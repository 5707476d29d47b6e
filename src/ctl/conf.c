/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See conf.h.  The parser belongs to the monitor, which is a program of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/spawn.h"
#include "ctl/conf.h"
#include "ctl/run.h"

int
conf_ask(struct ctl *c, struct buf *text)
{
	char path[4096];
	char *argv[] = { path, (char *)(uintptr_t)"--state", c->state, (char *)(uintptr_t)"-T", NULL };
	struct err e = { 0 };
	int r = spawn_path("fortress-monitor", path, sizeof(path));

	if (r == 0)
		r = run_program(argv, text, &e);
	if (r < 0)
		(void)buf_text(text, e.text);
	return r;
}

bool
conf_each(struct ctl *c, const char *key, conf_fn *fn, void *arg)
{
	struct slice rest, line;
	size_t n = strlen(key);
	struct buf text;
	bool good;

	buf_init(&text, CONF_MAX);
	good = conf_ask(c, &text) == 0;
	rest = buf_slice(&text);
	while (good && take_part(&rest, '\n', &line))
		if (line.n > n && memcmp(line.p, key, n) == 0 && line.p[n] == ' ')
			fn(arg, slice_of(line.p + n + 1, line.n - n - 1));
	buf_done(&text);
	return good;
}

struct number { bool found; uint64_t v; };

static void
number_take(void *arg, struct slice value)
{
	struct number *number = arg;
	char text[32] = "";

	(void)slice_copy(value, text, sizeof(text));
	*number = (struct number){ true, strtoull(text, NULL, 10) };
}

bool
conf_number(struct ctl *c, const char *key, uint64_t *v)
{
	struct number number = { false, 0 };

	if (!conf_each(c, key, number_take, &number) || !number.found)
		return false;
	*v = number.v;
	return true;
}
