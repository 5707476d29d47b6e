/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the variable TZ of POSIX says: "CET-1CEST,M3.5.0,M10.5.0/3" (IEEE 1003.1, 8.3, with the hours of RFC 8536). */
#ifndef POLICY_ZONE_RULE_H
#define POLICY_ZONE_RULE_H

#include "base/buf.h"

struct zone_change {
	char kind;                             /* M: a weekday of a month, J: a day without 29 February, 0: a day from 0 */
	int month, week, day, time_s;
};

struct zone_rule {
	int standard_s, summer_s;              /* east of UTC */
	bool has_summer;
	struct zone_change start, end;         /* of summer */
};

bool zone_rule_parse(struct slice s, struct zone_rule *ret);
int zone_rule_offset_s(const struct zone_rule *r, int64_t t);

#endif
