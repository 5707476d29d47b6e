/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * RFC 9162 section 2.1.  A tree of n leaves splits at k, the largest power of two below
 * n; every left part is complete, so that only its hash is needed and get() gives it.
 */
#include <errno.h>
#include <string.h>

#include "db/merkle.h"

void
merkle_leaf(struct slice data, unsigned char out[HASH_BYTES])
{
	leaf_sha256(slice_of("\0", 1), data, out);
}

void
merkle_node(const unsigned char l[HASH_BYTES], const unsigned char r[HASH_BYTES], unsigned char out[HASH_BYTES])
{
	unsigned char left[1 + HASH_BYTES] = { 1 };

	memcpy(left + 1, l, HASH_BYTES);
	leaf_sha256(slice_of(left, sizeof(left)), slice_of(r, HASH_BYTES), out);
}

void
merkle_edge_add(struct merkle_edge *m, const unsigned char leaf[HASH_BYTES])
{
	unsigned char h[HASH_BYTES];
	unsigned l = 0;

	memcpy(h, leaf, HASH_BYTES);
	for (; (m->size >> l & 1) != 0; l++)
		merkle_node(m->hash[l], h, h);
	memcpy(m->hash[l], h, HASH_BYTES);
	m->size++;
}

void
merkle_edge_root(const struct merkle_edge *m, unsigned char out[HASH_BYTES])
{
	bool some = false;

	if (m->size == 0)
		leaf_sha256(slice_from(NULL), slice_from(NULL), out);
	for (unsigned l = 0; l < 64; l++) {
		if ((m->size >> l & 1) == 0)
			continue;
		if (some)
			merkle_node(m->hash[l], out, out);
		else
			memcpy(out, m->hash[l], HASH_BYTES);
		some = true;
	}
}

/* log2 of the largest power of two below n (n >= 2). */
static unsigned
split_level(uint64_t n)
{
	return 63u - (unsigned)__builtin_clzll(n - 1);
}

/* Hash of leaves [begin, begin + n); begin is a multiple of the power of two at or above n, or the range is a
 * right-hand part, whose left parts are complete and aligned. */
static int
range_hash(merkle_get_fn *get, void *arg, uint64_t begin, uint64_t n, unsigned char out[HASH_BYTES])
{
	struct merkle_edge m = { .size = n };
	int r;

	for (unsigned l = 63; l < 64; l--) {
		if ((n >> l & 1) == 0)
			continue;
		r = get(arg, l, begin >> l, m.hash[l]);
		if (r != 0)
			return r;
		begin += (uint64_t)1 << l;
	}
	merkle_edge_root(&m, out);
	return 0;
}

int
merkle_root(merkle_get_fn *get, void *arg, uint64_t size, unsigned char out[HASH_BYTES])
{
	return range_hash(get, arg, 0, size, out);
}

static int
proof_add(struct merkle_proof *p, merkle_get_fn *get, void *arg, uint64_t begin, uint64_t n)
{
	int r;

	if (p->n == MERKLE_PROOF_MAX)
		return -EINVAL;
	r = range_hash(get, arg, begin, n, p->hash[p->n]);
	if (r == 0)
		p->n++;
	return r;
}

/* Proofs come from the leaf upwards; walking down gives them the other way round. */
static void
proof_reverse(struct merkle_proof *p)
{
	unsigned char h[HASH_BYTES];

	for (size_t i = 0, j = p->n; i + 1 < j; i++) {
		j--;
		memcpy(h, p->hash[i], HASH_BYTES);
		memcpy(p->hash[i], p->hash[j], HASH_BYTES);
		memcpy(p->hash[j], h, HASH_BYTES);
	}
}

int
merkle_inclusion(merkle_get_fn *get, void *arg, uint64_t leaf, uint64_t size, struct merkle_proof *p)
{
	struct merkle_proof q = { 0 };
	uint64_t begin = 0, n = size;
	int r = 0;

	if (leaf >= size)
		return -EINVAL;
	while (n > 1 && r == 0) {
		uint64_t k = (uint64_t)1 << split_level(n);

		if (leaf - begin < k) {
			r = proof_add(&q, get, arg, begin + k, n - k);
			n = k;
		} else {
			r = proof_add(&q, get, arg, begin, k);
			begin += k;
			n -= k;
		}
	}
	if (r != 0)
		return r;
	proof_reverse(&q);
	*p = q;
	return 0;
}

int
merkle_consistency(merkle_get_fn *get, void *arg, uint64_t from, uint64_t to, struct merkle_proof *p)
{
	struct merkle_proof q = { 0 };
	uint64_t begin = 0, n = to, m = from;
	bool whole = true;                        /* the old tree is a left part of what is looked at */
	int r = 0;

	if (from == 0 || from > to)
		return -EINVAL;
	while (m != n && r == 0) {
		uint64_t k = (uint64_t)1 << split_level(n);

		if (m <= k) {
			r = proof_add(&q, get, arg, begin + k, n - k);
			n = k;
		} else {
			r = proof_add(&q, get, arg, begin, k);
			begin += k;
			n -= k;
			m -= k;
			whole = false;
		}
	}
	if (r == 0 && !whole)
		r = proof_add(&q, get, arg, begin, n);
	if (r != 0)
		return r;
	proof_reverse(&q);
	*p = q;
	return 0;
}

/* RFC 9162 section 2.1.3.2. */
bool
merkle_inclusion_holds(const unsigned char leaf_hash[HASH_BYTES], uint64_t leaf, uint64_t size,
    const struct merkle_proof *p, const unsigned char root[HASH_BYTES])
{
	uint64_t fn = leaf, sn = size - 1;
	unsigned char h[HASH_BYTES];

	if (leaf >= size || p->n > MERKLE_PROOF_MAX)
		return false;
	memcpy(h, leaf_hash, HASH_BYTES);
	for (size_t i = 0; i < p->n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(p->hash[i], h, h);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(h, p->hash[i], h);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(h, root, HASH_BYTES) == 0;
}

/* RFC 9162 section 2.1.4.2. */
bool
merkle_consistency_holds(uint64_t from, const unsigned char from_root[HASH_BYTES], uint64_t to,
    const unsigned char to_root[HASH_BYTES], const struct merkle_proof *p)
{
	uint64_t fn = from - 1, sn = to - 1;
	unsigned char fr[HASH_BYTES], sr[HASH_BYTES];
	bool power = (from & (from - 1)) == 0;
	size_t i = power ? 0 : 1;

	if (from == 0 || from > to || p->n > MERKLE_PROOF_MAX)
		return false;
	if (from == to)
		return p->n == 0 && memcmp(from_root, to_root, HASH_BYTES) == 0;
	if (p->n < i + (power ? 1 : 0))
		return false;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	memcpy(fr, power ? from_root : p->hash[0], HASH_BYTES);
	memcpy(sr, fr, HASH_BYTES);
	for (; i < p->n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(p->hash[i], fr, fr);
			merkle_node(p->hash[i], sr, sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(sr, p->hash[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(fr, from_root, HASH_BYTES) == 0 && memcmp(sr, to_root, HASH_BYTES) == 0;
}
