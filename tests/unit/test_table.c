/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Things by number: found, gone, and as fast with many. */
#include <stdlib.h>

#include "base/table.h"
#include "tests/tap.h"

struct thing { unsigned before; struct table_node node; unsigned value; };

#define find(t, key) TABLE_OWNER(table_find(t, key), struct thing, node)

static void
test_few(void)
{
	struct table t = { 0 };
	struct thing a = { .value = 1 }, b = { .value = 2 };

	ok(find(&t, 7) == NULL, "nothing in an empty one");
	table_put(&t, &a.node, 7);
	table_put(&t, &b.node, UINT64_MAX);
	ok(find(&t, 7) == &a && find(&t, UINT64_MAX) == &b && find(&t, 8) == NULL, "two are found, a third is not");
	table_take(&t, &a.node);
	ok(find(&t, 7) == NULL && find(&t, UINT64_MAX) == &b && t.n == 1, "one is taken out");
	table_put(&t, &a.node, 0);
	ok(find(&t, 0) == &a, "and put again under another number");
	table_take(&t, &b.node);
	table_put(&t, &b.node, 0);
	ok(find(&t, 0) == &b && TABLE_OWNER(table_next(&b.node), struct thing, node) == &a && table_next(&a.node) == NULL,
	    "two of the same number");
	ok(table_hash(slice_from("web1")) != table_hash(slice_from("web2")), "texts have numbers");
	table_done(&t);
	ok(t.n == 0 && find(&t, 0) == NULL, "what is done holds nothing");
}

/* step: of the keys; those of one kind must not all fall into one slot. */
static void
test_many(uint64_t step)
{
	enum { N = 20000 };
	struct thing *things = calloc(N, sizeof(*things));
	struct table t = { 0 };
	size_t longest = 0;
	bool good = things != NULL;

	for (unsigned i = 0; good && i < N; i++) {
		things[i].value = i;
		table_put(&t, &things[i].node, i * step);
	}
	for (unsigned i = 0; good && i < N; i++)
		good = find(&t, i * step) == &things[i];
	ok(good && t.n == N, "20,000 in steps of %llu are found", (unsigned long long)step);
	for (size_t i = 0; i < t.size; i++) {
		size_t n = 0;

		for (const struct table_node *p = t.slots[i]; p != NULL; p = p->next)
			n++;
		longest = n > longest ? n : longest;
	}
	ok(longest <= 12, "at most %zu fall together", longest);
	for (unsigned i = 0; good && i < N; i += 2)
		table_take(&t, &things[i].node);
	for (unsigned i = 0; good && i < N; i++)
		good = (find(&t, i * step) == NULL) == (i % 2 == 0);
	ok(good && t.n == N / 2, "every other one goes");
	table_done(&t);
	free(things);
}

/* It grows when it is told what will come, and then no more; what is in it is found afterwards. */
static void
test_expect(void)
{
	static struct thing things[1000];
	struct table t = { 0 };
	bool good = true;
	size_t size;

	table_expect(&t, 3);
	ok(find(&t, 7) == NULL, "nothing is in one that expects something");
	for (unsigned i = 0; i < 20; i++)
		table_put(&t, &things[i].node, i);
	table_expect(&t, 1000);
	size = t.size;
	table_expect(&t, 500);
	for (unsigned i = 20; i < 1000; i++)
		table_put(&t, &things[i].node, i);
	for (unsigned i = 0; i < 1000; i++)
		good = good && find(&t, i) == &things[i];
	ok(good && t.size == size && size >= 1000, "all are found, and it has grown once");
	table_done(&t);
}

int
main(void)
{
	test_expect();
	test_few();
	test_many(1);
	test_many(64);
	test_many((uint64_t)1 << 32);
	return tap_done();
}
