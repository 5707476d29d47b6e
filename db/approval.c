/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What was asked for never changes in a row; who said yes, its state and the last word do. */
#include <errno.h>

#include "db/approval.h"
#include "db/rows.h"
#include "db/stmt.h"

static const char sql_list[] = "SELECT id,user,verb,host,login,what,reason,ticket,policy,src,votes,state,said,asked_us,expires_us"
    " FROM approval ORDER BY asked_us";
static const char sql_one[] = "SELECT " APPROVAL_JSON " FROM approval WHERE id=?";
static const char sql_put[] = "INSERT INTO approval(id,user,verb,host,login,what,reason,ticket,policy,src,votes,state,said,asked_us,expires_us)"
    " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT(id) DO UPDATE SET votes=excluded.votes,state=excluded.state,said=excluded.said";
static const char sql_delete[] = "DELETE FROM approval WHERE id=?";

static int
one_json(struct db *db, const char *id, struct buf *out, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_one, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "t", id);

	if (r == 0)
		r = stmt_step(db, s, e);
	if (r == 1)
		r = buf_text(out, stmt_text(s, 0));
	sqlite3_reset(s);
	return r;
}

int
db_approval_list(struct db *db, db_approval_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_list, e);
	struct db_approval a;
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		a = (struct db_approval){ stmt_text(s, 0), stmt_text(s, 1), stmt_text(s, 2), stmt_text(s, 3), stmt_text(s, 4), stmt_text(s, 5),
			stmt_text(s, 6), stmt_text(s, 7), stmt_text(s, 8), stmt_text(s, 9), stmt_text(s, 10), stmt_text(s, 11), stmt_text(s, 12),
			sqlite3_column_int64(s, 13), sqlite3_column_int64(s, 14) };
		r = fn(arg, &a);
	}
	sqlite3_reset(s);
	return r;
}

int
db_approval_put(struct db *db, const struct db_approval *a, struct buf *before, struct buf *after, struct err *e)
{
	int r = one_json(db, a->id, before, e);

	if (r == 0)
		r = stmt_run(db, sql_put, e, "tttttttttttttii", a->id, a->user, a->verb, a->host, a->login, a->what, a->reason, a->ticket,
		    a->policy, a->src, a->votes, a->state, a->said, a->asked_us, a->expires_us);
	return r == 0 ? one_json(db, a->id, after, e) : r;
}

int
db_approval_delete(struct db *db, const struct db_approval *a, struct buf *before, struct err *e)
{
	int r = one_json(db, a->id, before, e);

	if (r == 0 && before->len == 0)
		return err_set(e, -ENOENT, "there is no request %s", a->id);
	return r == 0 ? stmt_run(db, sql_delete, e, "t", a->id) : r;
}
