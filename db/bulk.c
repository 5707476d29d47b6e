/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Queries on what comes in bulk. */
#include <errno.h>

#include "db/bulk.h"
#include "db/stmt.h"

static const char sql_add[] = "INSERT INTO bulk(n,last,actor,rows) VALUES(?,?,?,?)";
static const char sql_newest[] = "SELECT n,last FROM bulk ORDER BY n DESC LIMIT 1";
static const char sql_oldest[] = "SELECT n,last,actor,rows FROM bulk ORDER BY n LIMIT 1";
static const char sql_delete[] = "DELETE FROM bulk WHERE n=?";
static const char sql_drop[] = "DELETE FROM bulk WHERE n=(SELECT max(n) FROM bulk)";

int
db_bulk_newest(struct db *db, struct db_bulk *ret, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_newest, e);
	int r = s == NULL ? -EIO : stmt_step(db, s, e);

	if (r == 1)
		*ret = (struct db_bulk){ .n = sqlite3_column_int64(s, 0), .last = sqlite3_column_int(s, 1) != 0, .actor = "" };
	sqlite3_reset(s);
	return r == 1 ? 0 : r == 0 ? -ENOENT : r;
}

int
db_bulk_whole(struct db *db, struct err *e)
{
	struct db_bulk b;
	int r = db_bulk_newest(db, &b, e);

	if (r == -ENOENT || (r == 0 && !b.last))
		return 0;
	return r != 0 ? r : err_set(e, -EAGAIN, "a change of the directory in bulk is on its way: try again in a moment");
}

int
db_bulk_add(struct db *db, const struct db_bulk *b, struct err *e)
{
	return stmt_run(db, sql_add, e, "iitb", b->n, (int64_t)b->last, b->actor, b->rows);
}

int
db_bulk_take(struct db *db, db_bulk_fn *fn, void *arg, bool *last, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_oldest, e);
	struct db_bulk b;
	int r = s == NULL ? -EIO : stmt_step(db, s, e);

	if (r <= 0)
		return r == 0 ? err_set(e, -EBADMSG, "a change in bulk lacks its last part") : r;
	b = (struct db_bulk){ sqlite3_column_int64(s, 0), sqlite3_column_int(s, 1) != 0, stmt_text(s, 2), stmt_blob(s, 3) };
	r = fn(arg, &b);
	sqlite3_reset(s);
	if (r == 0)
		r = stmt_run(db, sql_delete, e, "i", b.n);
	if (r == 0)
		*last = b.last;
	return r;
}

int
db_bulk_drop(struct db *db, struct err *e)
{
	return stmt_run(db, sql_drop, e, "");
}
