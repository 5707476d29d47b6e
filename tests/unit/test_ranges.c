/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Ranges against a map with a bit for each byte. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "front/ranges.h"
#include "tests/tap.h"

#define BYTES 300

/* Sorted, with gaps between, and what the map says. */
static bool
is_map(const struct ranges *s, const bool *map)
{
	bool seen[BYTES] = { false };
	uint64_t total = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].from >= s->v[i].to || s->v[i].to > BYTES || (i > 0 && s->v[i].from <= s->v[i - 1].to))
			return false;
		memset(seen + s->v[i].from, true, s->v[i].to - s->v[i].from);
		total += s->v[i].to - s->v[i].from;
	}
	return total == s->total && memcmp(seen, map, sizeof(seen)) == 0;
}

static void
test_random(unsigned longest)
{
	bool good = true;

	srand(longest);
	for (unsigned round = 0; good && round < 100; round++) {
		struct ranges s = { 0 };
		bool map[BYTES] = { false };
		unsigned left = 1000;

		for (unsigned i = 0; good && i < 100; i++) {
			unsigned from = (unsigned)rand() % BYTES, n = (unsigned)rand() % longest;

			n = n < BYTES - from ? n : BYTES - from;
			memset(map + from, true, n);
			good = ranges_add(&s, from, from + n, &left) == 0 && is_map(&s, map) && left + s.n == 1000;
		}
		ranges_done(&s, &left);
		good = good && left == 1000 && s.v == NULL;
	}
	ok(good, "pieces of at most %u bytes, anywhere", longest - 1);
}

static void
test_bound(void)
{
	struct ranges s = { 0 };
	unsigned left = 2;

	(void)ranges_add(&s, 0, 1, &left);
	(void)ranges_add(&s, 10, 11, &left);
	ok(ranges_add(&s, 20, 21, &left) == -ENOBUFS && s.n == 2 && s.total == 2, "a range too many is not taken");
	ok(ranges_add(&s, 1, 11, &left) == 0 && s.n == 1 && s.total == 11 && left == 1, "one that joins two of them is, and leaves room");
	ok(ranges_add(&s, 20, 21, &left) == 0 && left == 0, "for the one that was too many");
	ok(ranges_add(&s, UINT64_MAX, 3, &left) == 0 && s.total == 12, "what ends before it begins is nothing");
	ranges_done(&s, &left);
}

int
main(void)
{
	test_random(2);
	test_random(8);
	test_random(60);
	test_bound();
	return tap_done();
}
