/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* DAYS HOURS [ZONE] of time. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/zone.h"

#define ZONE_MAX 65536

struct zone_known {
	struct zone_known *next;
	const char *name;
	struct zone *zone;
};

static int
day_index(struct slice s)
{
	for (int i = 0; i < 7; i++)
		if (slice_is(s, day_names[i]))
			return i;
	return -1;
}

/* "Mon-Fri", "Sat" */
static int
parse_day(struct parse *p, unsigned *mask)
{
	const char *dash = strchr(p->t.text, '-');
	size_t n = strlen(p->t.text);
	int from, until;

	if (p->t.kind != TOKEN_WORD)
		return parse_unexpected(p, "days: Mon-Fri, or Sat,Sun");
	from = day_index(slice_of(p->t.text, dash != NULL ? (size_t)(dash - p->t.text) : n));
	until = dash != NULL ? day_index(slice_from(dash + 1)) : from;
	if (from < 0 || until < 0)
		return parse_unexpected(p, "days: Mon-Fri, or Sat,Sun");
	for (int i = from;; i = (i + 1) % 7) {
		*mask |= 1u << i;
		if (i == until)
			return parse_next(p);
	}
}

static int
parse_days(struct parse *p, unsigned *mask)
{
	int r;

	do
		r = parse_day(p, mask);
	while (r == 0 && (r = parse_more(p, ',')) == 1);
	return r;
}

static bool
minutes(const char *s, int *min)
{
	if (strlen(s) < 5 || !isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]) || s[2] != ':' ||
	    !isdigit((unsigned char)s[3]) || !isdigit((unsigned char)s[4]))
		return false;
	*min = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] - '0';
	return *min <= 24 * 60 && s[3] < '6';
}

static int
zone_load(struct parse *p, const char *name, struct place at, struct zone **ret)
{
	struct buf bytes;
	int r;

	if (!zone_name_is_good(slice_from(name)))
		return parse_fail(p, at, "not the name of a time zone:", name, "e.g. Asia/Shanghai");
	if (p->from->zone == NULL)
		return parse_fail(p, at, "names of time zones are not known here:", name, "write the distance from UTC, e.g. +08:00");
	buf_init(&bytes, ZONE_MAX);
	r = p->from->zone(p->from->arg, name, &bytes);
	if (r == -ENOENT)
		r = parse_fail(p, at, "unknown time zone", name, "timedatectl list-timezones lists them");
	else if (r != 0)
		r = parse_fail(p, at, "cannot read the time zone", name, strerror(-r));
	else if ((r = zone_parse(p->p->pool, buf_slice(&bytes), ret)) == -EINVAL)
		r = parse_fail(p, at, "the time zone's file is not one of tzfile(5), version 2:", name, NULL);
	else if (r != 0)
		r = parse_no_memory(p);
	buf_done(&bytes);
	return r;
}

/* Each file is read once. */
static int
zone_find(struct parse *p, struct window *w, struct place at)
{
	struct zone_known *k = p->zones;
	struct zone *zone = NULL;
	int r;

	while (k != NULL && strcmp(k->name, w->zone_name) != 0)
		k = k->next;
	if (k == NULL) {
		r = zone_load(p, w->zone_name, at, &zone);
		if (r != 0)
			return r;
		k = pool_get(p->p->pool, sizeof(*k));
		if (k == NULL)
			return parse_no_memory(p);
		*k = (struct zone_known){ p->zones, w->zone_name, zone };
		p->zones = k;
	}
	w->zone = k->zone;
	return 0;
}

/* UTC, the distance as +08:00, or a name with a slash; nothing is UTC. */
static int
parse_zone(struct parse *p, struct window *w)
{
	const char *t = p->t.text;
	struct place at = p->t.at;
	int min, r;

	if (parse_at_word(p, "UTC"))
		return parse_next(p);
	if (p->t.kind == TOKEN_WORD && (t[0] == '+' || t[0] == '-') && strlen(t) == 6 && minutes(t + 1, &min)) {
		w->offset_min = t[0] == '-' ? -min : min;
		return parse_next(p);
	}
	if (p->t.kind != TOKEN_WORD || strchr(t, '/') == NULL)
		return 0;
	r = parse_take_text(p, &w->zone_name, "a time zone");
	return r == 0 ? zone_find(p, w, at) : r;
}

int
parse_window(struct parse *p, struct when *x)
{
	struct window *w = pool_get(p->p->pool, sizeof(*w));
	int r;

	if (w == NULL)
		return parse_no_memory(p);
	*x->windows_end = w;
	x->windows_end = &w->next;
	r = parse_days(p, &w->days);
	if (r == 0 && (p->t.kind != TOKEN_WORD || strlen(p->t.text) != 11 || p->t.text[5] != '-' ||
	    !minutes(p->t.text, &w->from_min) || !minutes(p->t.text + 6, &w->until_min)))
		return parse_unexpected(p, "hours: 09:00-18:00");
	if (r == 0)
		r = parse_next(p);
	return r == 0 ? parse_zone(p, w) : r;
}
