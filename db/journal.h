/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The journal: one row a commit, holding every session's frames that are not yet in a
 * segment.  A row is a list of
 *     u64 session row | u64 pos | u32 length | canonical frames     (little-endian)
 */
#ifndef DB_JOURNAL_H
#define DB_JOURNAL_H

#include "db/db.h"

#define JOURNAL_MAX (64u << 20)

struct journal_chunk {
	int64_t session;
	uint64_t pos;
	struct slice frames;
};

int journal_put(struct buf *row, const struct journal_chunk *c);
int journal_take(struct slice *row, struct journal_chunk *c);          /* 1, 0 at the end, -EBADMSG */

typedef int db_journal_fn(void *arg, int64_t id, struct slice row);
/* Rows from id from on, oldest first, one read each; fn's non-zero return ends it and is returned. */
int db_journal_list(struct db *db, int64_t from, db_journal_fn *fn, void *arg, struct err *e);

int db_journal_add(struct db *db, struct slice row, int64_t *id, struct err *e);
int db_journal_trim(struct db *db, int64_t below, struct err *e);

#endif
