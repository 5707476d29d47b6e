/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* options { }: the table of what may stand there, and how it is written. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/ast.h"

/* Verbs: of what goes on for a while, of what carries bytes of the user's, of what runs programs on the host. */
#define LASTING  "shell exec put get forward jump agent-forward x11 plugin"
#define CARRYING "shell exec put get forward"
#define RUNNING  "shell exec put get plugin"

const struct option_row option_rows[POLICY_OPTIONS] = {
	[POLICY_TIMEOUT_S] = { "timeout", OPTION_SECONDS, 31536000, LASTING, false },
	[POLICY_IDLE_S] = { "idle", OPTION_SECONDS, 31536000, CARRYING, false },
	[POLICY_MEM_BYTES] = { "mem", OPTION_BYTES, UINT64_C(1) << 50, RUNNING, true },
	[POLICY_CPU_S] = { "cpu", OPTION_SECONDS, 31536000, RUNNING, true },
	[POLICY_PROCS] = { "procs", OPTION_COUNT, 1000000, RUNNING, true },
	[POLICY_NOFILE] = { "nofile", OPTION_COUNT, 1000000, RUNNING, true },
	[POLICY_FSIZE_BYTES] = { "fsize", OPTION_BYTES, UINT64_C(1) << 50, RUNNING, true },
	[POLICY_PARALLEL] = { "parallel", OPTION_COUNT, 1000000, NULL, false },
	[POLICY_PARALLEL_PERCENT] = { "parallel", OPTION_PERCENT, 100, NULL, false },
	[POLICY_STOP_ON_ERRORS] = { "stop_on_errors", OPTION_COUNT, 1000000, NULL, false },
};

bool
option_is(const char *word)
{
	for (size_t i = 0; i < POLICY_OPTIONS; i++)
		if (strcmp(option_rows[i].word, word) == 0)
			return true;
	return false;
}

static int
value_print(struct buf *b, enum option_kind kind, uint64_t v)
{
	static const char units[] = "KMGT";
	int unit = -1;

	if (kind == OPTION_SECONDS)
		return text_duration(b, v);
	if (kind != OPTION_BYTES)
		return buf_printf(b, "%llu%s", (unsigned long long)v, kind == OPTION_PERCENT ? "%" : "");
	while (v % 1024 == 0 && unit < 3) {
		v /= 1024;
		unit++;
	}
	return unit < 0 ? buf_printf(b, "%llu", (unsigned long long)v) : buf_printf(b, "%llu%c", (unsigned long long)v, units[unit]);
}

int
policy_options_list(struct buf *b, const uint64_t options[POLICY_OPTIONS])
{
	const char *between = "";
	int r = 0;

	for (size_t i = 0; r == 0 && i < POLICY_OPTIONS; i++) {
		if (options[i] == 0)
			continue;
		r = buf_printf(b, "%s%s ", between, option_rows[i].word);
		if (r == 0)
			r = value_print(b, option_rows[i].kind, options[i]);
		between = "; ";
	}
	return r;
}

int
policy_options_print(struct buf *b, const uint64_t options[POLICY_OPTIONS])
{
	static const char begin[] = " options { ";
	size_t before = b->len;
	int r = buf_text(b, begin);

	if (r == 0)
		r = policy_options_list(b, options);
	if (r == 0 && b->len > before + strlen(begin))
		return buf_text(b, " }");
	b->len = before;
	return r;
}
