/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Tiles.  Reading keeps the whole ones that it met last: leaves are asked for in order.
 * Adding touches memory only: the newest tile of each level and the right-hand edge; a full
 * tile is written at once and its root goes one level up, the others when the transaction ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "db/stmt.h"
#include "db/tree.h"

static const char sql_size[] = "SELECT size FROM tree";
static const char sql_set_size[] = "UPDATE tree SET size=?";
static const char sql_tile[] = "SELECT h FROM tile WHERE level=? AND n=?";
static const char sql_put[] = "INSERT INTO tile(level,n,h) VALUES(?,?,?) ON CONFLICT(level,n) DO UPDATE SET h=excluded.h";
static const char sql_checkpoint_add[] = "INSERT INTO checkpoint(size,t_us,root,note) VALUES(?,?,?,?)";
static const char sql_checkpoints_after[] = "SELECT size,t_us,root,note FROM checkpoint WHERE size>? ORDER BY size LIMIT ?";
static const char sql_checkpoint_last[] = "SELECT size,t_us,root,note FROM checkpoint ORDER BY size DESC LIMIT 1";

struct getter {
	struct db *db;
	struct err *e;
};

/* Hash of 2^sub neighbours. */
static void
fold(const unsigned char *h, unsigned sub, unsigned char out[HASH_BYTES])
{
	struct merkle_edge m = { 0 };

	for (unsigned i = 0; i < 1u << sub; i++)
		merkle_edge_add(&m, h + (size_t)i * HASH_BYTES);
	merkle_edge_root(&m, out);
}

/* Where a tile is kept once it was read. */
static struct tile_kept *
kept_place(struct db *db, unsigned level, uint64_t index)
{
	return &db->kept[(index + level * 5) % TILES_KEPT];
}

/* The hash of 2^sub neighbours of a tile's hashes, from number `first` on, if h holds them. */
static int
tile_fold(struct getter *g, struct slice h, unsigned level, uint64_t first, unsigned sub, unsigned char out[HASH_BYTES])
{
	size_t from = (first & 255) * HASH_BYTES, n = HASH_BYTES << sub;

	if (h.n < from + n)
		return err_set(g->e, -EBADMSG, "the tree lacks tile %u/%" PRIu64, level, first >> 8);
	if (sub == 0)
		memcpy(out, h.p + from, HASH_BYTES);
	else
		fold(h.p + from, sub, out);
	return 0;
}

static int
tile_read(struct getter *g, unsigned level, uint64_t first, unsigned sub, unsigned char out[HASH_BYTES])
{
	struct tile_kept *kept = kept_place(g->db, level, first >> 8);
	sqlite3_stmt *s = stmt_get(g->db, sql_tile, g->e);
	struct slice h;
	int r;

	if (s == NULL)
		return -EIO;
	r = stmt_bind(g->db, s, g->e, "ii", (int64_t)level, (int64_t)(first >> 8));
	if (r == 0)
		r = stmt_step(g->db, s, g->e);
	if (r < 0)
		return r;
	h = r == 1 ? stmt_blob(s, 0) : slice_of(NULL, 0);
	r = tile_fold(g, h, level, first, sub, out);
	if (h.n == sizeof(kept->h)) {
		*kept = (struct tile_kept){ .used = true, .level = level, .index = first >> 8 };
		memcpy(kept->h, h.p, h.n);
	}
	sqlite3_reset(s);
	return r;
}

static int
get_hash(void *arg, unsigned level, uint64_t index, unsigned char out[HASH_BYTES])
{
	struct getter *g = arg;
	unsigned sub = level % 8;
	uint64_t first = index << sub;
	const struct tile_kept *kept = kept_place(g->db, level / 8, first >> 8);

	if (kept->used && kept->level == level / 8 && kept->index == first >> 8)
		return tile_fold(g, slice_of(kept->h, sizeof(kept->h)), level / 8, first, sub, out);
	return tile_read(g, level / 8, first, sub, out);
}

int
db_tree_size(struct db *db, uint64_t *size, struct err *e)
{
	int64_t v = 0;
	int r = stmt_number(db, sql_size, &v, e, "");

	if (r == 0)
		*size = (uint64_t)v;
	return r;
}

int
db_tree_root(struct db *db, uint64_t size, unsigned char root[HASH_BYTES], struct err *e)
{
	struct getter g = { db, e };

	return merkle_root(get_hash, &g, size, root);
}

int
db_tree_leaf(struct db *db, uint64_t leaf, unsigned char hash[HASH_BYTES], struct err *e)
{
	struct getter g = { db, e };

	return get_hash(&g, 0, leaf, hash);
}

int
db_tree_inclusion(struct db *db, uint64_t leaf, uint64_t size, struct merkle_proof *p, struct err *e)
{
	struct getter g = { db, e };

	if (leaf >= size)
		return err_set(e, -EINVAL, "leaf %" PRIu64 " is not in a tree of %" PRIu64, leaf, size);
	return merkle_inclusion(get_hash, &g, leaf, size, p);
}

int
db_tree_consistency(struct db *db, uint64_t from, uint64_t to, struct merkle_proof *p, struct err *e)
{
	struct getter g = { db, e };

	if (from == 0 || from > to)
		return err_set(e, -EINVAL, "no proof from size %" PRIu64 " to %" PRIu64, from, to);
	return merkle_consistency(get_hash, &g, from, to, p);
}

static int
tile_load(struct db *db, unsigned level, uint64_t size, struct err *e)
{
	struct tile *t = &db->tree->tiles[level];
	sqlite3_stmt *s;
	struct slice h;
	int r;

	t->dirty = false;
	t->n = (unsigned)(size >> 8 * level & 255);
	t->index = level < 7 ? size >> 8 * (level + 1) : 0;
	if (t->n == 0)
		return 0;
	s = stmt_get(db, sql_tile, e);
	r = s == NULL ? -EIO : stmt_bind(db, s, e, "ii", (int64_t)level, (int64_t)t->index);
	if (r == 0)
		r = stmt_step(db, s, e);
	if (r < 0)
		return r;
	h = r == 1 ? stmt_blob(s, 0) : slice_of(NULL, 0);
	r = h.n >= (size_t)t->n * HASH_BYTES ? 0 : err_set(e, -EBADMSG, "the tree lacks tile %u/%" PRIu64, level, t->index);
	if (r == 0)
		memcpy(t->h, h.p, (size_t)t->n * HASH_BYTES);
	sqlite3_reset(s);
	return r;
}

static int
tree_load(struct db *db, struct err *e)
{
	struct getter g = { db, e };
	uint64_t size = 0;
	int r;

	if (db->tree == NULL && (db->tree = calloc(1, sizeof(*db->tree))) == NULL)
		return err_set(e, -ENOMEM, "out of memory for the tree");
	if (db->tree->loaded)
		return 0;
	r = db_tree_size(db, &size, e);
	for (unsigned l = 0; l < TILE_LEVELS && r == 0; l++)
		r = tile_load(db, l, size, e);
	for (unsigned l = 0; l < 64 && r == 0; l++)
		if ((size >> l & 1) != 0)
			r = get_hash(&g, l, (size >> l) - 1, db->tree->edge.hash[l]);
	db->tree->edge.size = size;
	db->tree->changed = false;
	db->tree->loaded = r == 0;
	return r;
}

void
tree_forget(struct db *db)
{
	if (db->tree != NULL)
		db->tree->loaded = false;
	for (size_t i = 0; i < TILES_KEPT; i++)
		db->kept[i].used = false;
}

static int
tile_write(struct db *db, unsigned level, struct err *e)
{
	struct tile *t = &db->tree->tiles[level];

	t->dirty = false;
	return stmt_run(db, sql_put, e, "iib", (int64_t)level, (int64_t)t->index,
	    slice_of(t->h, (size_t)t->n * HASH_BYTES));
}

static int
tile_add(struct db *db, unsigned level, const unsigned char hash[HASH_BYTES], struct err *e)
{
	unsigned char up[HASH_BYTES];
	struct tile *t;
	int r = 0;

	memcpy(up, hash, HASH_BYTES);
	for (; level < TILE_LEVELS && r == 0; level++) {
		t = &db->tree->tiles[level];
		memcpy(t->h + (size_t)t->n++ * HASH_BYTES, up, HASH_BYTES);
		t->dirty = true;
		if (t->n < 256)
			return 0;
		r = tile_write(db, level, e);
		fold(t->h, 8, up);
		t->n = 0;
		t->index++;
	}
	return r;
}

int
db_tree_add(struct db *db, struct slice data, int64_t *leaf, struct err *e)
{
	unsigned char hash[HASH_BYTES];
	int r = tree_load(db, e);

	if (r != 0)
		return r;
	merkle_leaf(data, hash);
	*leaf = (int64_t)db->tree->edge.size;
	db->tree->changed = true;
	merkle_edge_add(&db->tree->edge, hash);
	return tile_add(db, 0, hash, e);
}

int
db_tree_flush(struct db *db, struct err *e)
{
	int r = 0;

	if (db->tree == NULL || !db->tree->loaded || !db->tree->changed)
		return 0;
	for (unsigned l = 0; l < TILE_LEVELS && r == 0; l++)
		if (db->tree->tiles[l].dirty)
			r = tile_write(db, l, e);
	if (r == 0)
		r = stmt_run(db, sql_set_size, e, "i", (int64_t)db->tree->edge.size);
	if (r == 0)
		db->tree->changed = false;
	return r;
}

int
db_tree_edge_root(struct db *db, uint64_t *size, unsigned char root[HASH_BYTES], struct err *e)
{
	int r = tree_load(db, e);

	if (r != 0)
		return r;
	*size = db->tree->edge.size;
	merkle_edge_root(&db->tree->edge, root);
	return 0;
}

int
db_checkpoint_add(struct db *db, const struct db_checkpoint *c, struct err *e)
{
	return stmt_run(db, sql_checkpoint_add, e, "iibt", (int64_t)c->size, c->t_us, slice_of(c->root, HASH_BYTES), c->note);
}

static int
checkpoint_rows(struct db *db, sqlite3_stmt *s, db_checkpoint_fn *fn, void *arg, struct err *e, unsigned *n)
{
	struct db_checkpoint c;
	int r = 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		c.size = (uint64_t)sqlite3_column_int64(s, 0);
		c.t_us = sqlite3_column_int64(s, 1);
		(void)stmt_hash(s, 2, c.root);
		c.note = stmt_text(s, 3);
		++*n;
		r = fn(arg, &c);
	}
	sqlite3_reset(s);
	return r;
}

static int
checkpoints(struct db *db, const char *sql, db_checkpoint_fn *fn, void *arg, struct err *e, unsigned *n)
{
	sqlite3_stmt *s = stmt_get(db, sql, e);

	return s == NULL ? -EIO : checkpoint_rows(db, s, fn, arg, e, n);
}

int
db_checkpoint_after(struct db *db, uint64_t after, unsigned max, db_checkpoint_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_checkpoints_after, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "ii", (int64_t)after, (int64_t)max);
	unsigned n = 0;

	return r == 0 ? checkpoint_rows(db, s, fn, arg, e, &n) : r;
}

int
db_checkpoint_last(struct db *db, db_checkpoint_fn *fn, void *arg, struct err *e)
{
	unsigned n = 0;
	int r = checkpoints(db, sql_checkpoint_last, fn, arg, e, &n);

	return r == 0 && n == 0 ? err_set(e, -ENOENT, "no checkpoint has been signed yet") : r;
}
