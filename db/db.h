/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The audit database: one directory with fortress.db (SQLite, WAL), the recordings'
 * bytes in rec-YYYY-MM.seg, and the newest signed checkpoint in "checkpoint".
 * One process writes (the store); any number read, never blocking it.
 *
 * Functions return 0 or a negative errno and fill e: -EEXIST a constraint said no,
 * -ENOENT no such row, -ENOSPC the disk is full, -EROFS read-only, -EBUSY locked,
 * -EBADMSG the file is damaged, -EIO the rest.
 * Text in row structs is NUL-terminated UTF-8, never NULL, valid until the callback returns.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DB_FILE       "fortress.db"
#define DB_CHECKPOINT "checkpoint"

struct db;

/* For the reading commands: query only; an absent, newer or foreign file is refused. */
struct db *db_open_read(const char *dir, struct err *e);
/* For the store: makes what is not there, brings an older schema forward.  shown: how messages name dir, which may be
 * another root's; NULL: as it is. */
struct db *db_open_write(const char *dir, const char *shown, struct err *e);
void db_close(struct db *db);                        /* NULL is fine */
/* Triggers and views are code that runs in whoever writes or reads: -EBADMSG if there is one that is not ours. */
int db_schema_check(struct db *db, struct err *e);
const char *db_dir(const struct db *db);

/* One transaction at a time.  After a failed commit the transaction is rolled back. */
int db_begin(struct db *db, struct err *e);
int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);
/* A reader's snapshot: what is read between the two fits together.  Keep it short: the writer's log grows meanwhile. */
int db_read_begin(struct db *db, struct err *e);
void db_read_end(struct db *db);

/* Foreign bytes as text that a row and its leaf may hold: as they are if they are UTF-8 without NUL, else escaped. */
int db_text(struct buf *out, struct slice s);
/* The same for JSON: as it is if it is valid, else as one JSON string; empty stays empty. */
int db_json(struct db *db, struct buf *out, struct slice s);

#endif
