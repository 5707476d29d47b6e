/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The calendar is computed here and not by gmtime_r: the C library reads the time zone's
 * file at its first call, and a sandboxed process has no files.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define DAY_S 86400

static int64_t
clock_us(clockid_t which)
{
	struct timespec t;
	int r = clock_gettime(which, &t);

	assert(r == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

wall_t
clock_wall(void)
{
	return (wall_t){ clock_us(CLOCK_REALTIME) };
}

mono_t
clock_mono(void)
{
	return (mono_t){ clock_us(CLOCK_MONOTONIC) };
}

int64_t
clock_ms_since(mono_t then)
{
	return (clock_mono().us - then.us) / 1000;
}

struct date {
	int64_t year;
	unsigned month, day;
};

/* Days since 1970-01-01 to the Gregorian date.  Years begin in March, so that a leap day is
 * a year's last; 400 years have 146097 days, and 719468 lie between 0000-03-01 and 1970. */
static struct date
date_of(int64_t days)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned of_era = (unsigned)(shifted - era * 146097);
	unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * of_year + 2) / 153;
	struct date d;

	d.day = of_year - (153 * month + 2) / 5 + 1;
	d.month = month < 10 ? month + 3 : month - 9;
	d.year = era * 400 + year + (d.month <= 2);
	return d;
}

/* The same the other way round, for a month's first day. */
wall_t
clock_month(int64_t year, unsigned month)
{
	int64_t shifted = month <= 2 ? year - 1 : year;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	unsigned of_era = (unsigned)(shifted - era * 400);
	unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;

	return (wall_t){ (era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468) * DAY_S * 1000000 };
}

const char *
clock_print(wall_t t, char *out, size_t size)
{
	int64_t us = ((t.us % 1000000) + 1000000) % 1000000;
	int64_t s = (t.us - us) / 1000000;
	unsigned of_day = (unsigned)(((s % DAY_S) + DAY_S) % DAY_S);
	struct date d = date_of((s - of_day) / DAY_S);

	snprintf(out, size, "%04lld-%02u-%02uT%02u:%02u:%02u.%06uZ", (long long)d.year, d.month, d.day,
	    of_day / 3600, of_day / 60 % 60, of_day % 60, (unsigned)us);
	return out;
}

const char *
clock_print_second(wall_t t, char *out, size_t size)
{
	char *dot = strchr(clock_print(t, out, size), '.');

	if (dot != NULL)
		memcpy(dot, "Z", 2);
	return out;
}

const char *
clock_print_at(uint64_t ms, char *out, size_t size)
{
	uint64_t s = ms / 1000;

	snprintf(out, size, "%llu:%02u:%02u.%03u", (unsigned long long)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60),
	    (unsigned)(ms % 1000));
	return out;
}

void
clock_boot_id(char out[37])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, 36);

	if (fd >= 0)
		close(fd);
	out[n == 36 ? 36 : 0] = '\0';
}
