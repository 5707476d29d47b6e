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
conf_number(struct ctl *c, const char *key, uint64_t *v)
{
	size_t n = strlen(key);
	bool found = false;
	struct buf text;

	buf_init(&text, CONF_MAX);
	if (conf_ask(c, &text) == 0)
		for (const char *line = buf_cstr(&text); !found && line != NULL; line = strchr(line, '\n')) {
			line += strspn(line, "\n");
			found = strncmp(line, key, n) == 0 && line[n] == ' ';
			if (found)
				*v = strtoull(line + n, NULL, 10);
		}
	buf_done(&text);
	return found;
}
