/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Requests for approval: what was asked for, and who said what.  Rows that the gate loads and changes, as in directory.h. */
#ifndef DB_APPROVAL_H
#define DB_APPROVAL_H

#include "db/db.h"

struct db_approval {
	const char *id, *user, *verb, *host, *login, *what, *reason, *ticket, *policy, *src, *votes, *state, *said;
	int64_t asked_us, expires_us;
};

typedef int db_approval_fn(void *arg, const struct db_approval *a);

/* Oldest first; stops at fn's first non-zero and returns it. */
int db_approval_list(struct db *db, db_approval_fn *fn, void *arg, struct err *e);
/* Writers, inside a transaction.  before: the row that was there as JSON, or empty; after: as it is now. */
int db_approval_put(struct db *db, const struct db_approval *a, struct buf *before, struct buf *after, struct err *e);
int db_approval_delete(struct db *db, const struct db_approval *a, struct buf *before, struct err *e);     /* -ENOENT: no such row */

#endif
