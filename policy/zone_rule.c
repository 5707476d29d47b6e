/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Read from left to right, then asked about a year's two changes. */
#include <ctype.h>
#include <string.h>

#include "policy/zone_rule.h"

#define DAY_S 86400

/* ---- reading ---- */

static bool
take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != (unsigned char)c)
		return false;
	*s = slice_of(s->p + 1, s->n - 1);
	return true;
}

static bool
take_number(struct slice *s, int min, int max, int *ret)
{
	int v = 0;
	size_t n = 0;

	for (; n < s->n && n < 4 && isdigit(s->p[n]); n++)
		v = v * 10 + s->p[n] - '0';
	if (n == 0 || v < min || v > max)
		return false;
	*s = slice_of(s->p + n, s->n - n);
	*ret = v;
	return true;
}

/* [+-]HH[:MM[:SS]] */
static bool
take_time(struct slice *s, int hours_max, int *ret_s)
{
	bool minus = take_char(s, '-');
	int h, m = 0, sec = 0;

	if (!minus)
		(void)take_char(s, '+');
	if (!take_number(s, 0, hours_max, &h))
		return false;
	if (take_char(s, ':') && !take_number(s, 0, 59, &m))
		return false;
	if (take_char(s, ':') && !take_number(s, 0, 59, &sec))
		return false;
	*ret_s = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
	return true;
}

/* CET, or <+03> */
static bool
take_name(struct slice *s)
{
	bool quoted = take_char(s, '<');
	size_t n = 0;

	while (n < s->n && (quoted ? isalnum(s->p[n]) || strchr("+-", s->p[n]) != NULL : isalpha(s->p[n])))
		n++;
	*s = slice_of(s->p + n, s->n - n);
	return n >= 3 && (!quoted || take_char(s, '>'));
}

/* M3.5.0, J60 or 59, then perhaps /TIME; without it 02:00. */
static bool
take_change(struct slice *s, struct zone_change *c)
{
	bool good;

	*c = (struct zone_change){ .time_s = 2 * 3600 };
	if (!take_char(s, ','))
		return false;
	if (take_char(s, 'M')) {
		c->kind = 'M';
		good = take_number(s, 1, 12, &c->month) && take_char(s, '.') && take_number(s, 1, 5, &c->week) && take_char(s, '.') &&
		    take_number(s, 0, 6, &c->day);
	} else {
		c->kind = take_char(s, 'J') ? 'J' : '0';
		good = take_number(s, c->kind == 'J' ? 1 : 0, 365, &c->day);
	}
	return good && (!take_char(s, '/') || take_time(s, 167, &c->time_s));
}

bool
zone_rule_parse(struct slice s, struct zone_rule *ret)
{
	struct zone_rule r = { 0 };
	int west;

	if (!take_name(&s) || !take_time(&s, 24, &west))
		return false;
	r.standard_s = -west;
	r.has_summer = s.n > 0;
	if (r.has_summer) {
		if (!take_name(&s))
			return false;
		r.summer_s = r.standard_s + 3600;
		if (s.n > 0 && s.p[0] != ',') {
			if (!take_time(&s, 24, &west))
				return false;
			r.summer_s = -west;
		}
		if (!take_change(&s, &r.start) || !take_change(&s, &r.end))
			return false;
	}
	if (s.n > 0)
		return false;
	*ret = r;
	return true;
}

/* ---- the calendar ---- */

static int64_t
divide_down(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of January. */
static int64_t
year_start(int64_t year)
{
	int64_t y = year - 1;

	return (year - 1970) * 365 + divide_down(y, 4) - divide_down(y, 100) + divide_down(y, 400) - 477;
}

static int64_t
year_of(int64_t day)
{
	int64_t year = 1970 + divide_down(day * 400, 146097);

	while (year_start(year) > day)
		year--;
	while (year_start(year + 1) <= day)
		year++;
	return year;
}

static int64_t
month_start(int64_t year, int month)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };

	return year_start(year) + before[month - 1] + (month > 2 && is_leap(year));
}

/* Seconds from 1970 to the change, by the clock that holds before it. */
static int64_t
change_in(const struct zone_change *c, int64_t year)
{
	int64_t day, next;

	if (c->kind == 'J') {
		day = year_start(year) + c->day - 1 + (is_leap(year) && c->day >= 60);
	} else if (c->kind == '0') {
		day = year_start(year) + c->day;
	} else {
		day = month_start(year, c->month);
		next = c->month == 12 ? year_start(year + 1) : month_start(year, c->month + 1);
		day += (c->day - (day + 4) % 7 + 14) % 7;      /* 1970-01-01 was a Thursday, and 0 is Sunday */
		day += 7 * (int64_t)(c->week - 1);
		while (day >= next)
			day -= 7;
	}
	return day * DAY_S + c->time_s;
}

int
zone_rule_offset_s(const struct zone_rule *r, int64_t t)
{
	int64_t year, start, end;

	/* Times of request are of this era; beyond it the calendar would not fit. */
	if (!r->has_summer || t < 0 || t > INT64_C(1) << 40)
		return r->standard_s;
	year = year_of(divide_down(t + r->standard_s, DAY_S));
	start = change_in(&r->start, year) - r->standard_s;
	end = change_in(&r->end, year) - r->summer_s;
	if (start < end ? t >= start && t < end : t >= start || t < end)
		return r->summer_s;
	return r->standard_s;
}
