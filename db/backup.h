/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A copy of the database while it is written. */
#ifndef DB_BACKUP_H
#define DB_BACKUP_H

#include "db/db.h"

/* Into dir, which is there and empty: the database as it stands at one moment, then the partitions as far as that needs them.
 * Durable on return.  *bytes: how many were copied. */
int db_backup(struct db *db, const char *dir, uint64_t *bytes, struct err *e);
/* SQLite's own look at every page.  0 or -EBADMSG. */
int db_integrity_check(struct db *db, struct err *e);
/* The same without the indexes, and no further than it comes in that time. */
int db_quick_check(struct db *db, unsigned limit_ms, struct err *e);

#endif
