/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What ps shows is the memory in which the kernel laid out argv and, right behind it, the
 * environment.  Both are copied away first; then the whole area holds the title.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/text.h"

static struct {
	char *p;
	size_t size;
} area;

/* Copies of n strings with a NULL behind them, or NULL. */
static char **
copy_strings(char **strings, size_t n)
{
	char **copy = calloc(n + 1, sizeof(*copy));

	for (size_t i = 0; copy != NULL && i < n; i++) {
		copy[i] = strdup(strings[i]);
		if (copy[i] == NULL) {
			while (i > 0)
				free(copy[--i]);
			free(copy);
			copy = NULL;
		}
	}
	return copy;
}

void
sandbox_title_init(int argc, char **argv)
{
	char *first = argv[0], *end = argv[0], **args, **env;
	size_t n = 0;

	if (area.p != NULL || argc < 1)
		return;
	for (int i = 0; i < argc && argv[i] == end; i++)
		end += strlen(argv[i]) + 1;
	while (environ != NULL && environ[n] != NULL) {
		if (environ[n] == end)
			end += strlen(environ[n]) + 1;
		n++;
	}
	args = copy_strings(argv, (size_t)argc);
	env = args == NULL || environ == NULL ? NULL : copy_strings(environ, n);
	if (args == NULL || (env == NULL && environ != NULL)) {
		/* No memory: keep the names as they are. */
		for (int i = 0; args != NULL && i < argc; i++)
			free(args[i]);
		free(args);
		return;
	}
	for (int i = 0; i < argc; i++)
		argv[i] = args[i];
	free(args);
	environ = env;
	area.p = first;
	area.size = (size_t)(end - first);
}

void
sandbox_title(const char *fmt, ...)
{
	char raw[512], text[512];
	va_list ap;

	if (area.size < 2)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	(void)text_cleaned(slice_from(raw), text, sizeof(text));
	memset(area.p, 0, area.size);
	snprintf(area.p, area.size, "%s", text);
}
