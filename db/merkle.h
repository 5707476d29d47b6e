/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * RFC 9162 Merkle trees: hashing, inclusion and consistency proofs.  Pure: where the
 * hashes lie is the caller's, who gives them by a function.
 */
#ifndef DB_MERKLE_H
#define DB_MERKLE_H

#include <stdbool.h>
#include <stddef.h>

#include "db/leaf.h"

#define MERKLE_PROOF_MAX 64

struct merkle_proof {
	size_t n;
	unsigned char hash[MERKLE_PROOF_MAX][HASH_BYTES];
};

/* Hash of the complete subtree of 2^level leaves that begins at leaf index << level. 0 or -errno. */
typedef int merkle_get_fn(void *arg, unsigned level, uint64_t index, unsigned char out[HASH_BYTES]);

void merkle_leaf(struct slice data, unsigned char out[HASH_BYTES]);
void merkle_node(const unsigned char l[HASH_BYTES], const unsigned char r[HASH_BYTES],
    unsigned char out[HASH_BYTES]);

/* The writer's side: right-hand edge of the tree, for appending and its root. */
struct merkle_edge {
	uint64_t size;
	unsigned char hash[64][HASH_BYTES];          /* hash[l]: of 2^l leaves, where bit l of size is set */
};
void merkle_edge_add(struct merkle_edge *m, const unsigned char leaf[HASH_BYTES]);
void merkle_edge_root(const struct merkle_edge *m, unsigned char out[HASH_BYTES]);

int merkle_root(merkle_get_fn *get, void *arg, uint64_t size, unsigned char out[HASH_BYTES]);
/* leaf < size.  0, -EINVAL, or get's error. */
int merkle_inclusion(merkle_get_fn *get, void *arg, uint64_t leaf, uint64_t size, struct merkle_proof *p);
/* 0 < from <= to */
int merkle_consistency(merkle_get_fn *get, void *arg, uint64_t from, uint64_t to, struct merkle_proof *p);

/* The verifier's side; false: the proof does not hold. */
bool merkle_inclusion_holds(const unsigned char leaf_hash[HASH_BYTES], uint64_t leaf, uint64_t size,
    const struct merkle_proof *p, const unsigned char root[HASH_BYTES]);
bool merkle_consistency_holds(uint64_t from, const unsigned char from_root[HASH_BYTES], uint64_t to,
    const unsigned char to_root[HASH_BYTES], const struct merkle_proof *p);

#endif
