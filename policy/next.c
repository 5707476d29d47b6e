/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* When does time alone change a decision?  At the minutes at which a `time` begins or ends, on whatever day. */
#include "policy/ast.h"

enum { DAY_MIN = 1440 };

/* The next moment after now at which it is minute of the day at this offset. */
static uint64_t
next_minute(wall_t now, int minute, int offset_min)
{
	const int64_t minute_us = 60000000;
	int64_t here = now.us / minute_us + offset_min, wait = (minute - here % DAY_MIN + 2 * DAY_MIN) % DAY_MIN;

	return (uint64_t)((now.us / minute_us + (wait > 0 ? wait : DAY_MIN)) * minute_us);
}

uint64_t
policy_next_us(const struct policy *p, wall_t now)
{
	uint64_t next = 0, at;

	for (const struct when *w = p->times; w != NULL; w = w->next)
		for (int i = 0; i < 2; i++) {
			at = next_minute(now, i == 0 ? w->from_min : w->until_min, w->offset_min);
			next = next == 0 || at < next ? at : next;
		}
	return next;
}
