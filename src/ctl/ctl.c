/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What every command needs: failing, times as people write them, the database. */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "db/db.h"

int
ctl_fail(struct ctl *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)err_set(&c->e, -EINVAL, "%s", text);
	return CTL_FAILED;
}

struct out *
ctl_out(const struct ctl *c, const struct out_column *columns, bool one)
{
	struct out *o = out_new(stdout, c->format, columns, one);

	if (o == NULL) {
		fputs("fortress: out of memory\n", stderr);
		exit(CTL_FAILED);
	}
	return o;
}

bool
ctl_parse_duration(const char *text, uint64_t *seconds)
{
	static const struct { char unit; uint64_t seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
	};
	struct slice digits = slice_from(text);
	uint64_t factor = 1, v;

	for (size_t i = 0; digits.n > 0 && i < sizeof(units) / sizeof(units[0]); i++)
		if (digits.p[digits.n - 1] == (unsigned char)units[i].unit) {
			factor = units[i].seconds;
			digits.n--;
			break;
		}
	if (!text_u64(digits, 100000000, &v))
		return false;
	*seconds = v * factor;
	return true;
}

bool
ctl_parse_time(const char *text, int64_t *us)
{
	static const char *const forms[] = {
		"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d",
	};
	uint64_t ago;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);

		if (end == NULL || *end != '\0')
			continue;
		*us = (int64_t)(i == 0 ? timegm(&tm) : mktime(&tm)) * 1000000;
		return true;
	}
	if (!ctl_parse_duration(text, &ago))
		return false;
	*us = clock_wall().us - (int64_t)ago * 1000000;
	return true;
}

struct db *
ctl_db(struct ctl *c)
{
	char dir[2100];

	snprintf(dir, sizeof(dir), "%s/db", c->state);
	return db_open_read(dir, &c->e);
}

const char *
ctl_actor(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw != NULL ? pw->pw_name : "unknown";
}
