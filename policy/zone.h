/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A time zone out of the bytes of a TZif file (RFC 8536, tzfile(5)) of version 2 or later.  Pure and bounded. */
#ifndef POLICY_ZONE_H
#define POLICY_ZONE_H

#include "policy/pool.h"

struct zone;

/* "Asia/Shanghai": parts of letters, digits, _, + and -, joined by /; no path leads out of a directory with it. */
bool zone_name_is_good(struct slice name);
/* 0; -EINVAL: not such a file, or one with leap seconds; -ENOMEM.  What *ret points to lives as long as the pool. */
int zone_parse(struct pool *pool, struct slice tzif, struct zone **ret);
/* Seconds east of UTC at this time (seconds since 1970). */
int zone_offset_s(const struct zone *z, int64_t t);

#endif
