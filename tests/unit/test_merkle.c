/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Every proof of every small tree holds, and none holds for anything else. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "db/merkle.h"
#include "tests/tap.h"

#define N 70

static unsigned char leaves[N][HASH_BYTES];

static int
get(void *arg, unsigned level, uint64_t index, unsigned char out[HASH_BYTES])
{
	struct merkle_edge m = { 0 };
	uint64_t n = (uint64_t)1 << level;

	if ((index + 1) * n > *(uint64_t *)arg)
		return -EINVAL;
	for (uint64_t i = index * n; i < (index + 1) * n; i++)
		merkle_edge_add(&m, leaves[i]);
	merkle_edge_root(&m, out);
	return 0;
}

static bool
hex_is(const unsigned char h[HASH_BYTES], const char *want)
{
	struct buf b;
	bool same;

	buf_init(&b, 100);
	same = text_hex(&b, slice_of(h, HASH_BYTES)) == 0 && slice_is(buf_slice(&b), want);
	buf_done(&b);
	return same;
}

static void
test_known(void)
{
	struct merkle_edge m = { 0 };
	unsigned char h[HASH_BYTES];

	merkle_edge_root(&m, h);
	ok(hex_is(h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), "empty tree");
	merkle_leaf(slice_from(NULL), h);
	ok(hex_is(h, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"), "empty leaf");
}

static void
test_inclusion(uint64_t size, unsigned *bad)
{
	struct merkle_proof p;
	unsigned char root[HASH_BYTES];

	*bad += merkle_root(get, &size, size, root) != 0;
	for (uint64_t i = 0; i < size; i++) {
		*bad += merkle_inclusion(get, &size, i, size, &p) != 0;
		*bad += !merkle_inclusion_holds(leaves[i], i, size, &p, root);
		*bad += size > 1 && merkle_inclusion_holds(leaves[i], i ^ 1, size, &p, root);
		*bad += merkle_inclusion_holds(leaves[(i + 1) % N], i, size, &p, root);
		if (p.n > 0) {
			p.hash[p.n / 2][3] ^= 1;
			*bad += merkle_inclusion_holds(leaves[i], i, size, &p, root);
		}
	}
}

static void
test_consistency(uint64_t to, unsigned *bad)
{
	unsigned char root[HASH_BYTES], old[HASH_BYTES];
	struct merkle_proof p;

	*bad += merkle_root(get, &to, to, root) != 0;
	for (uint64_t from = 1; from <= to; from++) {
		*bad += merkle_root(get, &to, from, old) != 0;
		*bad += merkle_consistency(get, &to, from, to, &p) != 0;
		*bad += !merkle_consistency_holds(from, old, to, root, &p);
		old[0] ^= 1;
		*bad += merkle_consistency_holds(from, old, to, root, &p);
	}
}

static void
test_edge(void)
{
	struct merkle_edge m = { 0 };
	unsigned char a[HASH_BYTES], b[HASH_BYTES];
	uint64_t all = N;
	unsigned bad = 0;

	for (uint64_t n = 0; n < N; n++) {
		merkle_edge_root(&m, a);
		bad += merkle_root(get, &all, n, b) != 0 || memcmp(a, b, HASH_BYTES) != 0;
		merkle_edge_add(&m, leaves[n]);
	}
	ok(bad == 0, "roots by appending and by halves are the same");
}

int
main(void)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < N; i++)
		merkle_leaf(slice_of(&i, sizeof(i)), leaves[i]);
	test_known();
	test_edge();
	for (uint64_t size = 1; size <= N; size++)
		test_inclusion(size, &bad);
	ok(bad == 0, "inclusion proofs");
	bad = 0;
	for (uint64_t size = 1; size <= N; size++)
		test_consistency(size, &bad);
	ok(bad == 0, "consistency proofs");
	return tap_done();
}
