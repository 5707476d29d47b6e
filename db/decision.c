/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The questions are the details of events: JSON, taken apart by SQLite, page after page by id. */
#include <errno.h>

#include "db/decision.h"
#include "db/event.h"
#include "db/stmt.h"

#define PAGE 2000                         /* rows a read: a long one would keep the WAL growing */

static const char sql_list[] = "SELECT id,t_us,ok,actor,host,src,detail->>'$.verb',detail->>'$.login',detail->>'$.rule',"
    "detail->>'$.command',detail->>'$.to',detail->>'$.listen',detail->>'$.principals' FROM event"
    " WHERE id>?1 AND class=?2 AND activity=1 AND +t_us>=?3 AND json_valid(detail) ORDER BY id LIMIT ?4";

static void
decision_read(sqlite3_stmt *s, struct db_decision *d)
{
	*d = (struct db_decision){
		.id = sqlite3_column_int64(s, 0), .t_us = sqlite3_column_int64(s, 1), .permitted = sqlite3_column_int64(s, 2) != 0,
		.user = stmt_text(s, 3), .host = stmt_text(s, 4), .src = stmt_text(s, 5), .verb = stmt_text(s, 6), .login = stmt_text(s, 7),
		.rule = stmt_text(s, 8), .command = stmt_text(s, 9), .to = stmt_text(s, 10), .listen = stmt_text(s, 11),
		.principals = stmt_text(s, 12),
	};
}

/* One page after *id, which moves.  1: a full page came, 0: that was all, else fn's (and *stop) or an error. */
static int
decision_page(struct db *db, unsigned class_uid, int64_t from_us, int64_t *id, db_decision_fn *fn, void *arg, bool *stop, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_list, e);
	struct db_decision d;
	int n = 0, r;

	if (s == NULL)
		return -EIO;
	r = stmt_bind(db, s, e, "iiii", *id, (int64_t)class_uid, from_us, (int64_t)PAGE);
	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		decision_read(s, &d);
		*id = d.id;
		n++;
		r = fn(arg, &d);
		*stop = r != 0;
	}
	sqlite3_reset(s);
	return r != 0 ? r : n == PAGE;
}

int
db_decision_list(struct db *db, unsigned class_uid, int64_t from_us, db_decision_fn *fn, void *arg, struct err *e)
{
	int64_t id = 0;
	bool stop = false;
	int r = db_event_before(db, from_us, &id, e);

	if (r != 0)
		return r;
	do
		r = decision_page(db, class_uid, from_us, &id, fn, arg, &stop, e);
	while (r == 1 && !stop);
	return r;
}
