/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Queries on the journal. */
#include <errno.h>

#include "db/journal.h"
#include "db/stmt.h"

static const char sql_add[] = "INSERT INTO journal(data) VALUES(?)";
static const char sql_trim[] = "DELETE FROM journal WHERE id<?";
static const char sql_next[] = "SELECT id,data FROM journal WHERE id>=? ORDER BY id LIMIT 1";

int
journal_put(struct buf *row, const struct journal_chunk *c)
{
	size_t start = row->len;
	int r = buf_u64(row, (uint64_t)c->session);

	if (r == 0)
		r = buf_u64(row, c->pos);
	if (r == 0)
		r = buf_u32(row, (uint32_t)c->frames.n);
	if (r == 0)
		r = buf_slice_append(row, c->frames);
	if (r != 0)
		row->len = start;
	return r;
}

int
journal_take(struct slice *row, struct journal_chunk *c)
{
	struct slice s = *row;
	uint64_t session;
	uint32_t n;

	if (row->n == 0)
		return 0;
	if (!take_u64(&s, &session) || !take_u64(&s, &c->pos) || !take_u32(&s, &n) || !take_bytes(&s, n, &c->frames))
		return -EBADMSG;
	c->session = (int64_t)session;
	*row = s;
	return 1;
}

int
db_journal_list(struct db *db, int64_t from, db_journal_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s;
	int r;

	for (;;) {
		s = stmt_get(db, sql_next, e);
		if (s == NULL)
			return -EIO;
		r = stmt_bind(db, s, e, "i", from);
		if (r == 0)
			r = stmt_step(db, s, e);
		if (r <= 0)
			return r;
		from = sqlite3_column_int64(s, 0) + 1;
		r = fn(arg, from - 1, stmt_blob(s, 1));
		sqlite3_reset(s);
		if (r != 0)
			return r;
	}
}

int
db_journal_add(struct db *db, struct slice row, int64_t *id, struct err *e)
{
	int r = stmt_run(db, sql_add, e, "b", row);

	if (r == 0)
		*id = sqlite3_last_insert_rowid(db->sql);
	return r;
}

int
db_journal_trim(struct db *db, int64_t below, struct err *e)
{
	return stmt_run(db, sql_trim, e, "i", below);
}
