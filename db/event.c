/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Queries on events. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "db/event.h"
#include "db/stmt.h"
#include "db/tree.h"

#define PAGE       500                    /* rows a read … */
#define PAGE_BYTES (2u << 20)             /* … and about so many bytes: a long one would keep the WAL growing */
#define TEXTS      7

#define COLUMNS "id,t_us,mono_us,boot,class,activity,severity,ok,actor,session,host,src,text,detail,leaf"

static const char sql_next_id[] = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name='event'),0)+1";
static const char sql_add[] = "INSERT INTO event(" COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
/* By id, page after page: the index of times (the plus keeps it away) would sort all of it again for each. */
#define WHERE " FROM event WHERE id>?1 AND +t_us>=?2 AND +t_us<?3" \
    " AND (?4='' OR session=?4) AND (?5='' OR actor=?5) AND (?6='' OR host=?6) AND (?7=0 OR class=?7)" \
    " AND (?8=0 OR ok=0) ORDER BY id "

static const char sql_list[] = "SELECT " COLUMNS WHERE "LIMIT ?9";
static const char sql_before[] = "SELECT coalesce(min(id),1)-1 FROM event WHERE t_us>=?";
static const char sql_nth_newest[] = "SELECT id" WHERE "DESC LIMIT 1 OFFSET ?9";

int
db_event_leaf(struct buf *out, const struct db_event *v)
{
	struct leaf_event l = { .id = v->id, .t_us = v->t_us, .mono_us = v->mono_us, .boot = v->boot,
		.class_uid = v->class_uid, .activity = v->activity, .severity = v->severity, .ok = v->ok,
		.actor = v->actor, .session = v->session, .host = v->host, .src = v->src, .text = v->text,
		.detail = v->detail };

	return leaf_event(out, &l);
}

int
db_event_add(struct db *db, struct db_event *v, struct err *e)
{
	struct buf data;
	int r;

	buf_init(&data, LEAF_MAX);
	r = stmt_number(db, sql_next_id, &v->id, e, "");
	if (r == 0 && (r = db_event_leaf(&data, v)) != 0)
		err_set(e, r, "an event is too large");
	if (r == 0)
		r = db_tree_add(db, buf_slice(&data), &v->leaf, e);
	if (r == 0)
		r = stmt_run(db, sql_add, e, "iiitiiiitttttti", v->id, v->t_us, v->mono_us, v->boot,
		    (int64_t)v->class_uid, (int64_t)v->activity, (int64_t)v->severity, (int64_t)v->ok, v->actor,
		    v->session, v->host, v->src, v->text, v->detail, v->leaf);
	buf_done(&data);
	return r;
}

static void
event_read(sqlite3_stmt *s, struct db_event *v)
{
	*v = (struct db_event){
		.id = sqlite3_column_int64(s, 0), .t_us = sqlite3_column_int64(s, 1),
		.mono_us = sqlite3_column_int64(s, 2), .boot = stmt_text(s, 3),
		.class_uid = (uint32_t)sqlite3_column_int64(s, 4), .activity = (uint32_t)sqlite3_column_int64(s, 5),
		.severity = (uint32_t)sqlite3_column_int64(s, 6), .ok = (uint32_t)sqlite3_column_int64(s, 7),
		.actor = stmt_text(s, 8), .session = stmt_text(s, 9), .host = stmt_text(s, 10),
		.src = stmt_text(s, 11), .text = stmt_text(s, 12), .detail = stmt_text(s, 13),
		.leaf = sqlite3_column_int64(s, 14),
	};
}

int
db_event_find(struct db *db, int64_t id, db_event_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, "SELECT " COLUMNS " FROM event WHERE id=?", e);
	struct db_event v;
	int r = s != NULL ? stmt_bind(db, s, e, "i", id) : -EIO;

	if (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		event_read(s, &v);
		r = fn(arg, &v);
	} else if (r == 0) {
		r = -ENOENT;
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

static int
filter_bind(struct db *db, sqlite3_stmt *s, const struct db_event_filter *f, int64_t id, int64_t rows, struct err *e)
{
	return stmt_bind(db, s, e, "iiitttiii", id, f->from_us, f->until_us != 0 ? f->until_us : INT64_MAX,
	    f->session != NULL ? f->session : "", f->actor != NULL ? f->actor : "", f->host != NULL ? f->host : "",
	    (int64_t)f->class_uid, (int64_t)f->failed_only, rows);
}

/* Where the newest begin: the id before them. */
static int
newest_find(struct db *db, const struct db_event_filter *f, int64_t *id, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_nth_newest, e);
	int r = s != NULL ? filter_bind(db, s, f, f->after_id, (int64_t)f->newest - 1, e) : -EIO;

	if (r == 0)
		r = stmt_step(db, s, e);
	if (r == 1)
		*id = sqlite3_column_int64(s, 0) - 1;
	if (s != NULL)
		sqlite3_reset(s);
	return r < 0 ? r : 0;
}

/* A page's rows, whose texts lie one behind the other in pool. */
struct page {
	struct { struct db_event v; size_t at[TEXTS]; } row[PAGE];
	unsigned n;
	struct buf pool;
};

static const size_t texts[TEXTS] = {
	offsetof(struct db_event, boot), offsetof(struct db_event, actor), offsetof(struct db_event, session), offsetof(struct db_event, host),
	offsetof(struct db_event, src), offsetof(struct db_event, text), offsetof(struct db_event, detail),
};

static const char **
text_of(struct db_event *v, unsigned i)
{
	return (const char **)(void *)((char *)v + texts[i]);
}

static int
row_keep(struct page *p, sqlite3_stmt *s)
{
	struct db_event *v = &p->row[p->n].v;
	int r = 0;

	event_read(s, v);
	for (unsigned i = 0; i < TEXTS && r == 0; i++) {
		p->row[p->n].at[i] = p->pool.len;
		r = buf_append(&p->pool, *text_of(v, i), strlen(*text_of(v, i)) + 1);
	}
	p->n++;
	return r;
}

/* One page after id.  1: there may be more, 0: that was all, or negative. */
static int
page_read(struct db *db, const struct db_event_filter *f, int64_t id, struct page *p, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_list, e);
	int r = s != NULL ? filter_bind(db, s, f, id, PAGE, e) : -EIO;

	p->n = 0;
	buf_clear(&p->pool);
	while (r == 0 && p->n < PAGE && p->pool.len < PAGE_BYTES && (r = stmt_step(db, s, e)) == 1)
		r = row_keep(p, s) != 0 ? err_set(e, -EBADMSG, "an event is larger than any can be") : 0;
	if (s != NULL)
		sqlite3_reset(s);
	return r < 0 ? r : p->n == PAGE || p->pool.len >= PAGE_BYTES;
}

/* With no read open: fn may wait for whoever takes what it writes, and meanwhile the WAL must not grow. */
static int
page_show(struct page *p, db_event_fn *fn, void *arg)
{
	int r = 0;

	for (unsigned n = 0; n < p->n && r == 0; n++) {
		for (unsigned i = 0; i < TEXTS; i++)
			*text_of(&p->row[n].v, i) = (const char *)p->pool.p + p->row[n].at[i];
		r = fn(arg, &p->row[n].v);
	}
	return r;
}

static int
pages_list(struct db *db, const struct db_event_filter *f, int64_t id, struct page *p, db_event_fn *fn, void *arg, struct err *e)
{
	int more, r;

	do {
		more = page_read(db, f, id, p, e);
		r = more < 0 ? more : page_show(p, fn, arg);
		if (p->n > 0)
			id = p->row[p->n - 1].v.id;
	} while (r == 0 && more == 1);
	return r;
}

int
db_event_newest(struct db *db, int64_t *id, struct err *e)
{
	return stmt_number(db, "SELECT coalesce(max(id),0) FROM event", id, e, "");
}

int
db_event_before(struct db *db, int64_t t_us, int64_t *id, struct err *e)
{
	return stmt_number(db, sql_before, id, e, "i", t_us);
}

int
db_event_list(struct db *db, const struct db_event_filter *f, db_event_fn *fn, void *arg, struct err *e)
{
	struct page *p = malloc(sizeof(*p));
	int64_t id = f->after_id;
	int r = p == NULL ? err_set(e, -ENOMEM, "out of memory for events") : f->newest > 0 ? newest_find(db, f, &id, e) : 0;

	if (p == NULL)
		return r;
	buf_init(&p->pool, PAGE_BYTES * 4);
	if (r == 0 && f->from_us > 0 && id == 0)
		r = db_event_before(db, f->from_us, &id, e);
	if (r == 0)
		r = pages_list(db, f, id, p, fn, arg, e);
	buf_done(&p->pool);
	free(p);
	return r;
}
