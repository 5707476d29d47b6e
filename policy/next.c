/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * When does time alone change a decision?  At the minutes at which a `time` begins or ends, on whatever day, and where a zone's clocks
 * jump.  A zone's offset may change before the next such minute: both offsets are looked at.
 */
#include "policy/ast.h"
#include "policy/zone.h"

enum { DAY_MIN = 1440, DAY_S = 86400 };

/* The next moment after now at which it is minute of the day at this offset. */
static int64_t
next_minute_s(int64_t now_s, int minute, int offset_s)
{
	int64_t here = now_s + offset_s, wait = ((int64_t)minute * 60 - here % DAY_S + 2 * DAY_S) % DAY_S;

	return now_s + (wait > 0 ? wait : DAY_S);
}

/* Where the offset is another than before, if it is within a day; else until. */
static int64_t
next_jump_s(const struct zone *z, int64_t now_s, int64_t until_s)
{
	int before = zone_offset_s(z, now_s);
	int64_t low = now_s, high = now_s + DAY_S;

	if (zone_offset_s(z, high) == before)
		return until_s;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (zone_offset_s(z, middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high < until_s ? high : until_s;
}

static int64_t
window_next_s(const struct window *w, int64_t now_s)
{
	int now_offset = w->zone != NULL ? zone_offset_s(w->zone, now_s) : w->offset_min * 60;
	int then_offset = w->zone != NULL ? zone_offset_s(w->zone, now_s + DAY_S) : now_offset;
	int64_t next = INT64_MAX, at;

	for (int i = 0; i < 4; i++) {
		at = next_minute_s(now_s, i % 2 == 0 ? w->from_min : w->until_min, i < 2 ? now_offset : then_offset);
		next = at < next ? at : next;
	}
	return w->zone != NULL ? next_jump_s(w->zone, now_s, next) : next;
}

uint64_t
policy_next_us(const struct policy *p, wall_t now)
{
	int64_t now_s = now.us / 1000000, next = INT64_MAX, at;

	for (const struct when *x = p->times; x != NULL; x = x->next)
		for (const struct window *w = x->windows; w != NULL; w = w->next) {
			at = window_next_s(w, now_s);
			next = at < next ? at : next;
		}
	return next != INT64_MAX ? (uint64_t)next * 1000000 : 0;
}
