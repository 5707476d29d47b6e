/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Many rows of the directory that come as one change, in chunks that one transaction takes without holding others up.
 * All of them lie here before the first one counts: the last chunk decides.  Until it is there the change has not happened,
 * and from then on it is finished whatever comes between.  While chunks of a decided change lie here, the directory's
 * tables hold a part of it, and those who only read are refused (db_bulk_whole).
 */
#ifndef DB_BULK_H
#define DB_BULK_H

#include <stdbool.h>

#include "db/db.h"

struct db_bulk {
	int64_t n;                                /* from 1 */
	bool last;
	const char *actor;
	struct slice rows;                        /* as the store has them; db does not look inside */
};
typedef int db_bulk_fn(void *arg, const struct db_bulk *b);

int db_bulk_newest(struct db *db, struct db_bulk *ret, struct err *e);        /* n and last alone; -ENOENT: there is none */
int db_bulk_whole(struct db *db, struct err *e);                              /* -EAGAIN and words: a part of a change stands there */

/* Writers, inside a transaction. */
int db_bulk_add(struct db *db, const struct db_bulk *b, struct err *e);
/* The oldest chunk goes; before that fn sees it, if there is one.  *last: it was the change's last one. */
int db_bulk_take(struct db *db, db_bulk_fn *fn, void *arg, bool *last, struct err *e);
int db_bulk_drop(struct db *db, struct err *e);                               /* the newest chunk goes */

#endif
