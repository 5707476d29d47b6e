/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* options { }: the table of what may stand there, and how it is written. */
#include "policy/ast.h"

const struct option_row option_rows[POLICY_OPTIONS] = {
	[POLICY_TIMEOUT_S] = { "timeout", OPTION_SECONDS, 31536000 },
	[POLICY_IDLE_S] = { "idle", OPTION_SECONDS, 31536000 },
	[POLICY_MEM_BYTES] = { "mem", OPTION_BYTES, UINT64_C(1) << 50 },
	[POLICY_PARALLEL] = { "parallel", OPTION_COUNT, 1000000 },
	[POLICY_PARALLEL_PERCENT] = { "parallel", OPTION_PERCENT, 100 },
	[POLICY_STOP_ON_ERRORS] = { "stop_on_errors", OPTION_COUNT, 1000000 },
};

int
seconds_print(struct buf *b, uint64_t s)
{
	static const struct { unsigned seconds; char unit; } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (s % units[i].seconds != 0)
		i++;
	return buf_printf(b, "%llu%c", (unsigned long long)(s / units[i].seconds), units[i].unit);
}

static int
value_print(struct buf *b, enum option_kind kind, uint64_t v)
{
	static const char units[] = "KMGT";
	int unit = -1;

	if (kind == OPTION_SECONDS)
		return seconds_print(b, v);
	if (kind != OPTION_BYTES)
		return buf_printf(b, "%llu%s", (unsigned long long)v, kind == OPTION_PERCENT ? "%" : "");
	while (v % 1024 == 0 && unit < 3) {
		v /= 1024;
		unit++;
	}
	return unit < 0 ? buf_printf(b, "%llu", (unsigned long long)v) : buf_printf(b, "%llu%c", (unsigned long long)v, units[unit]);
}

int
policy_options_print(struct buf *b, const uint64_t options[POLICY_OPTIONS])
{
	const char *between = " options {";
	int r = 0;

	for (size_t i = 0; r == 0 && i < POLICY_OPTIONS; i++) {
		if (options[i] == 0)
			continue;
		r = buf_printf(b, "%s %s ", between, option_rows[i].word);
		if (r == 0)
			r = value_print(b, option_rows[i].kind, options[i]);
		between = ";";
	}
	return r == 0 && between[0] == ';' ? buf_text(b, " }") : r;
}
