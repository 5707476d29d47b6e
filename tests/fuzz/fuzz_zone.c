/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Any bytes as a file of a time zone, and as the rule in one: refused, or an offset of less than 26 hours at any time. */
#include <assert.h>

#include "policy/zone.h"
#include "policy/zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int64_t times[] = { INT64_MIN, -1, 0, 1700000000, 1784000000, 4102444800, INT64_C(1) << 40, INT64_MAX };
	struct pool *pool = pool_new();
	struct zone_rule rule;
	struct zone *zone;

	assert(pool != NULL);
	if (zone_parse(pool, slice_of(data, n), &zone) == 0)
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
			assert(zone_offset_s(zone, times[i]) > -26 * 3600 && zone_offset_s(zone, times[i]) < 26 * 3600);
	if (zone_rule_parse(slice_of(data, n), &rule))
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
			assert(zone_rule_offset_s(&rule, times[i]) > -26 * 3600 && zone_rule_offset_s(&rule, times[i]) < 26 * 3600);
	pool_free(pool);
	return 0;
}
