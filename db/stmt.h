/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Inside libdb only: prepared statements, binding, stepping, and the file of segments. */
#ifndef DB_STMT_H
#define DB_STMT_H

#include <sqlite3.h>

#include "db/db.h"
#include "db/merkle.h"
#include "db/session.h"

#define TILE_LEVELS 8

struct tile {
	bool dirty;
	unsigned n;                               /* hashes in it */
	uint64_t index;
	unsigned char h[256 * HASH_BYTES];
};

/* The right-hand edge of the tree in memory, while writing. */
struct tree_edge {
	bool loaded, changed;
	struct merkle_edge edge;
	struct tile tiles[TILE_LEVELS];
};

/* Whole tiles that were read last: they never change. */
#define TILES_KEPT 16

struct tile_kept {
	bool used;
	unsigned level;
	uint64_t index;
	unsigned char h[256 * HASH_BYTES];
};

#define STMT_MAX 160

struct db {
	sqlite3 *sql;
	char *dir, *shown;           /* shown: as messages name it */
	const char *file;            /* NULL: DB_FILE */
	bool writable;
	struct { const char *text; sqlite3_stmt *stmt; } cache[STMT_MAX];
	unsigned cached;
	struct tree_edge *tree;
	struct tile_kept *kept;                   /* TILES_KEPT of them */
	int seg_fd;                               /* the partition that is written */
	char seg_name[24], seg_month[24];         /* its name, and that of the month that it was chosen for */
	uint64_t seg_base, seg_end;               /* committed, and written */
	bool seg_dirty;
	uint64_t seg_epoch;                       /* counts up when what was written is cut off again, or erased; from 1 */
};

/* The statement for text (a static string), reset and without bindings; NULL and e. */
sqlite3_stmt *stmt_get(struct db *db, const char *text, struct err *e);
/* Binds and steps: types "i" int64_t, "t" const char *, "b" struct slice (static), "z" NULL; one argument each but z. */
int stmt_bind(struct db *db, sqlite3_stmt *s, struct err *e, const char *types, ...);
int stmt_step(struct db *db, sqlite3_stmt *s, struct err *e);          /* 1 a row, 0 done, negative */
int stmt_run(struct db *db, const char *text, struct err *e, const char *types, ...);   /* 0, or negative; rows are not read */
/* The first column of the first row. -ENOENT: no row. */
int stmt_number(struct db *db, const char *text, int64_t *v, struct err *e, const char *types, ...);
const char *stmt_text(sqlite3_stmt *s, int col);      /* never NULL */
struct slice stmt_blob(sqlite3_stmt *s, int col);
bool stmt_hash(sqlite3_stmt *s, int col, unsigned char h[HASH_BYTES]);  /* false: not 32 bytes; h zeroed */
int db_error(struct db *db, int code, const char *doing, struct err *e);   /* SQLite's code to ours */

/* Appends to this month's partition; -errno and nothing of it counts. */
int seg_append(struct db *db, int64_t t_us, const struct slice parts[2], uint64_t *off, struct err *e);
/* The bytes of a segment as they lie there, appended. */
int seg_read(struct db *db, const struct db_segment *s, struct buf *bytes, struct err *e);
bool seg_name_is_ours(const char *name);      /* one that a partition can have */
int seg_sync(struct db *db, struct err *e);
void seg_close(struct db *db);
void tree_forget(struct db *db);

/* At most one row: the first segment that ends after pos, or whose last frame is at t_ms or later. */
int segment_at_pos(struct db *db, int64_t row, uint64_t pos, db_segment_fn *fn, void *arg, struct err *e);
int segment_at_ms(struct db *db, int64_t row, uint64_t t_ms, db_segment_fn *fn, void *arg, struct err *e);

#endif
