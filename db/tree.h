/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The one Merkle tree, kept as tiles: tile(level, n) holds up to 256 hashes of complete
 * subtrees of 256^level leaves; and the signed checkpoints.
 */
#ifndef DB_TREE_H
#define DB_TREE_H

#include "db/db.h"
#include "db/merkle.h"
#include "db/note.h"

int db_tree_size(struct db *db, uint64_t *size, struct err *e);
int db_tree_root(struct db *db, uint64_t size, unsigned char root[HASH_BYTES], struct err *e);
int db_tree_leaf(struct db *db, uint64_t leaf, unsigned char hash[HASH_BYTES], struct err *e);
int db_tree_inclusion(struct db *db, uint64_t leaf, uint64_t size, struct merkle_proof *p, struct err *e);
int db_tree_consistency(struct db *db, uint64_t from, uint64_t to, struct merkle_proof *p, struct err *e);

struct db_checkpoint {
	uint64_t size;
	int64_t t_us;
	unsigned char root[HASH_BYTES];
	const char *note;                         /* the whole signed text */
};
typedef int db_checkpoint_fn(void *arg, const struct db_checkpoint *c);
/* At most max of those of more than `after` leaves, oldest first. */
int db_checkpoint_after(struct db *db, uint64_t after, unsigned max, db_checkpoint_fn *fn, void *arg, struct err *e);
int db_checkpoint_last(struct db *db, db_checkpoint_fn *fn, void *arg, struct err *e);     /* -ENOENT: none yet */

/* Writers, inside a transaction.  Leaves are kept in memory until db_tree_flush writes their tiles;
 * db_rollback forgets them. */
int db_tree_add(struct db *db, struct slice data, int64_t *leaf, struct err *e);
int db_tree_flush(struct db *db, struct err *e);
int db_tree_edge_root(struct db *db, uint64_t *size, unsigned char root[HASH_BYTES], struct err *e);
int db_checkpoint_add(struct db *db, const struct db_checkpoint *c, struct err *e);

#endif
