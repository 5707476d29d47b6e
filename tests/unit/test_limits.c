/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The line of limits: what is printed reads the same, what is not known is refused whole, and which limits are stricter than others. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "tests/tap.h"

#define ONE "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define TWO "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"

static struct limits
limits_of(const char *text)
{
	struct limits l = { 0 };

	if (limits_parse(slice_from(text), &l) != 0)
		printf("# %s: refused\n", text);
	return l;
}

static void
test_line(void)
{
	static const char *const good[] = { "", "timeout=10", "timeout=10 idle=5 mem=67108864 cpu=1 procs=2 nofile=3 fsize=9007199254740992",
		"sha256=" ONE, "mem=1 sha256=" TWO "," ONE };
	static const char *const bad[] = { " ", "mem", "=", "mem=", "mem=0", "mem=-1", "mem=1 ", " mem=1", "mem=1  cpu=1", "mem=1 mem=1", "Mem=1",
		"memory=1", "mem=9007199254740993", "mem=1\n", "sha256=", "sha256=" ONE ",", "sha256=," ONE, "sha256=" ONE " sha256=" TWO,
		"sha256=x" ONE, "sha256=" ONE "0", "mem=1,sha256=" ONE };
	struct limits l;
	unsigned same = 0, refused = 0;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct buf b;

		buf_init(&b, LIMITS_TEXT_MAX);
		same += limits_parse(slice_from(good[i]), &l) == 0 && limits_print(&b, &l) == 0 && slice_is(buf_slice(&b), good[i]);
		buf_done(&b);
	}
	ok(same == sizeof(good) / sizeof(good[0]), "what is read prints the same");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused += limits_parse(slice_from(bad[i]), &l) != 0;
	ok(refused == sizeof(bad) / sizeof(bad[0]), "what is not known is refused (%u of %zu)", refused, sizeof(bad) / sizeof(bad[0]));
}

static void
test_longest(void)
{
	struct limits l = { 0 }, again;
	struct buf b;

	for (size_t i = 0; i < LIMITS; i++)
		l.value[i] = UINT64_C(1) << 53;
	for (l.digests_n = 0; l.digests_n < LIMITS_DIGESTS_MAX; l.digests_n++)
		memcpy(l.digests[l.digests_n], ONE, LIMITS_DIGEST);
	buf_init(&b, LIMITS_TEXT_MAX);
	ok(limits_print(&b, &l) == 0 && limits_parse(buf_slice(&b), &again) == 0 && memcmp(&l, &again, sizeof(l)) == 0, "the longest line fits");
	(void)buf_text(&b, "," ONE);
	ok(limits_parse(buf_slice(&b), &again) != 0, "one digest more does not");
	buf_done(&b);
}

static void
test_stricter(void)
{
	static const struct { const char *then, *now; bool good; } cases[] = {
		{ "", "", true }, { "timeout=10", "", true }, { "timeout=10", "timeout=20", true }, { "timeout=10", "timeout=10", true },
		{ "timeout=10", "timeout=9", false }, { "", "timeout=9", false }, { "timeout=10", "timeout=10 mem=5", false },
		{ "sha256=" ONE, "", true }, { "sha256=" ONE, "sha256=" TWO "," ONE, true }, { "sha256=" ONE "," TWO, "sha256=" ONE, false },
		{ "", "sha256=" ONE, false },
	};
	struct limits a = limits_of("timeout=10 mem=5 sha256=" ONE), b = limits_of("timeout=20 mem=4 cpu=1");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct limits then = limits_of(cases[i].then), now = limits_of(cases[i].now);

		ok(limits_still_do(&then, &now) == cases[i].good, "\"%.20s\", then \"%.30s\": %s", cases[i].then, cases[i].now,
		    cases[i].good ? "goes on" : "ends");
	}
	limits_join(&b, &a);
	ok(b.value[LIMIT_TIMEOUT_S] == 10 && b.value[LIMIT_MEM_BYTES] == 4 && b.value[LIMIT_CPU_S] == 1 && b.digests_n == 1, "of two the strictest");
	a = limits_of("timeout=10 idle=5");
	ok(!limits_take_agent(&a) && limits_take_agent(&b), "those of time take no staragent");
}

int
main(void)
{
	test_line();
	test_longest();
	test_stricter();
	return tap_done();
}
