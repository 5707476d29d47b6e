/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/tap.h"

static int ran, failed;

bool
tap_ok(bool cond, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", cond ? "" : "not ", ++ran);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!cond) {
		failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return cond;
}

bool
tap_is(const char *got, const char *want, const char *file, int line, const char *what)
{
	bool same = got != NULL && strcmp(got, want) == 0;

	tap_ok(same, file, line, "%s", what);
	if (!same)
		printf("#  got: %s\n# want: %s\n", got != NULL ? got : "(null)", want);
	return same;
}

void
tap_skip(const char *why)
{
	printf("ok %d # SKIP %s\n", ++ran, why);
}

int
tap_done(void)
{
	printf("1..%d\n", ran);
	return failed != 0;
}
