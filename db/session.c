/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Queries on sessions and their segments. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/session.h"
#include "db/stmt.h"
#include "db/tree.h"

#define COLUMNS "id,uuid,conn,user,login,host,addr,src,method,channel,command,term,cols,rows,rule,policy,node,boot," \
	"start_us,start_mono_us,open_leaf,state,end_us,reason,exit,bytes,frames,segments,chain,close_leaf"
/* A part is erased with its partition. */
#define SEGMENT_READ "no,pos0,pos1,frames,t0_ms,t1_ms,prev,hash,leaf,file,off,len," \
	"coalesce((SELECT at_us FROM gone WHERE gone.file=segment.file),erased_us)"
#define SEGMENT_COLUMNS "no,pos0,pos1,frames,t0_ms,t1_ms,prev,hash,leaf,file,off,len,erased_us"

static const char sql_list[] = "SELECT " COLUMNS " FROM session WHERE (?1='' OR user=?1) AND (?2='' OR host=?2)"
    " AND (?3='' OR state=?3) AND uuid>=?4 AND uuid<=?5 AND start_us>=?6 AND start_us<?7 ORDER BY uuid DESC LIMIT ?8";
static const char sql_after[] = "SELECT " COLUMNS " FROM session WHERE id>? ORDER BY id LIMIT ?";
static const char sql_find[] = "SELECT " COLUMNS " FROM session WHERE uuid=?";
static const char sql_open[] = "INSERT INTO session(uuid,conn,user,login,host,addr,src,method,channel,command,term,"
    "cols,rows,rule,policy,node,boot,start_us,start_mono_us,open_leaf) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
static const char sql_close[] = "UPDATE session SET state=?2,end_us=?3,reason=?4,exit=?5,bytes=?6,frames=?7,"
    "segments=?8,chain=?9,close_leaf=?10 WHERE id=?1";
static const char sql_segments[] = "SELECT " SEGMENT_READ " FROM segment WHERE session_id=? ORDER BY no";
static const char sql_segments_from[] = "SELECT " SEGMENT_READ " FROM segment WHERE session_id=? AND no>=?"
    " ORDER BY no LIMIT ?";
static const char sql_segment_add[] = "INSERT INTO segment(session_id," SEGMENT_COLUMNS ")"
    " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
static const char sql_sealed[] = "SELECT max(pos1),sum(frames),count(*) FROM segment WHERE session_id=?";
static const char sql_last_hash[] = "SELECT hash FROM segment WHERE session_id=? ORDER BY no DESC LIMIT 1";

static void
session_read(sqlite3_stmt *s, struct db_session *v)
{
	struct slice id = stmt_blob(s, 1);

	memset(v, 0, sizeof(*v));
	if (id.n == ID_BYTES)
		memcpy(v->id, id.p, ID_BYTES);
	id_print(v->id, v->id_text);
	v->row = sqlite3_column_int64(s, 0);
	v->conn = (uint64_t)sqlite3_column_int64(s, 2);
	v->user = stmt_text(s, 3);
	v->login = stmt_text(s, 4);
	v->host = stmt_text(s, 5);
	v->addr = stmt_text(s, 6);
	v->src = stmt_text(s, 7);
	v->method = stmt_text(s, 8);
	v->channel = stmt_text(s, 9);
	v->command = stmt_text(s, 10);
	v->term = stmt_text(s, 11);
	v->cols = (uint32_t)sqlite3_column_int64(s, 12);
	v->rows = (uint32_t)sqlite3_column_int64(s, 13);
	v->rule = stmt_text(s, 14);
	v->policy = stmt_text(s, 15);
	v->node = stmt_text(s, 16);
	v->boot = stmt_text(s, 17);
	v->start_us = sqlite3_column_int64(s, 18);
	v->start_mono_us = sqlite3_column_int64(s, 19);
	v->open_leaf = sqlite3_column_int64(s, 20);
	v->state = stmt_text(s, 21);
	v->end_us = sqlite3_column_int64(s, 22);
	v->reason = stmt_text(s, 23);
	v->exit = stmt_text(s, 24);
	v->bytes = (uint64_t)sqlite3_column_int64(s, 25);
	v->frames = (uint64_t)sqlite3_column_int64(s, 26);
	v->segments = (uint32_t)sqlite3_column_int64(s, 27);
	(void)stmt_hash(s, 28, v->chain);
	v->close_leaf = sqlite3_column_type(s, 29) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 29);
}

/* The range of ids that begin with prefix.  False: no id can. */
static bool
prefix_range(const char *prefix, unsigned char lo[ID_BYTES], unsigned char hi[ID_BYTES])
{
	char from[ID_TEXT], to[ID_TEXT];
	size_t n = prefix == NULL ? 0 : strlen(prefix);

	if (n >= ID_TEXT)
		return false;
	memset(from, '0', ID_TEXT - 1);
	memset(to, 'Z', ID_TEXT - 1);
	to[0] = '7';                              /* 26 letters hold 130 bits, an id 128 */
	from[ID_TEXT - 1] = to[ID_TEXT - 1] = '\0';
	if (n > 0) {
		memcpy(from, prefix, n);
		memcpy(to, prefix, n);
	}
	return id_parse(slice_from(from), lo) && id_parse(slice_from(to), hi);
}

static int
session_rows(struct db *db, sqlite3_stmt *s, db_session_fn *fn, void *arg, struct err *e)
{
	struct db_session v;
	int r = 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		session_read(s, &v);
		r = fn(arg, &v);
	}
	sqlite3_reset(s);
	return r;
}

int
db_session_list(struct db *db, const struct db_session_filter *f, db_session_fn *fn, void *arg, struct err *e)
{
	unsigned char lo[ID_BYTES], hi[ID_BYTES];
	sqlite3_stmt *s;
	int r;

	if (!prefix_range(f->id_prefix, lo, hi))
		return 0;
	s = stmt_get(db, sql_list, e);
	if (s == NULL)
		return -EIO;
	r = stmt_bind(db, s, e, "tttbbiii", f->user != NULL ? f->user : "", f->host != NULL ? f->host : "",
	    f->state != NULL ? f->state : "", slice_of(lo, ID_BYTES), slice_of(hi, ID_BYTES), f->since_us,
	    f->until_us != 0 ? f->until_us : INT64_MAX, f->max != 0 ? (int64_t)f->max : (int64_t)-1);
	return r == 0 ? session_rows(db, s, fn, arg, e) : r;
}

int
db_session_after(struct db *db, int64_t after, unsigned max, db_session_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_after, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "ii", after, (int64_t)max);

	return r == 0 ? session_rows(db, s, fn, arg, e) : r;
}

static const char sql_of_user[] = "SELECT " COLUMNS " FROM session WHERE user=? ORDER BY start_us DESC LIMIT ?";

int
db_session_of_user(struct db *db, const char *user, unsigned max, db_session_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_of_user, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "ti", user, (int64_t)max);

	return r == 0 ? session_rows(db, s, fn, arg, e) : r;
}

int
db_session_find(struct db *db, const unsigned char id[ID_BYTES], db_session_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_find, e);
	struct db_session v;
	int r;

	if (s == NULL)
		return -EIO;
	r = stmt_bind(db, s, e, "b", slice_of(id, ID_BYTES));
	if (r == 0)
		r = stmt_step(db, s, e);
	if (r == 1) {
		session_read(s, &v);
		r = fn(arg, &v);
		sqlite3_reset(s);
		return r;
	}
	return r == 0 ? err_set(e, -ENOENT, "there is no such session") : r;
}

int
db_session_open_leaf(struct buf *out, const struct db_session *s)
{
	struct leaf_open l = { .session = s->id_text, .conn = s->conn, .user = s->user, .login = s->login,
		.host = s->host, .addr = s->addr, .src = s->src, .method = s->method, .channel = s->channel,
		.command = s->command, .term = s->term, .cols = s->cols, .rows = s->rows, .rule = s->rule,
		.policy = s->policy, .node = s->node, .boot = s->boot, .start_us = s->start_us,
		.start_mono_us = s->start_mono_us };

	return leaf_open(out, &l);
}

int
db_session_close_leaf(struct buf *out, const struct db_session *s)
{
	struct leaf_close l = { .session = s->id_text, .end_us = s->end_us, .state = s->state, .reason = s->reason,
		.exit = s->exit, .bytes = s->bytes, .frames = s->frames, .segments = s->segments };

	memcpy(l.chain, s->chain, HASH_BYTES);
	return leaf_close(out, &l);
}

int
db_segment_leaf(struct buf *out, const char *id_text, const struct db_segment *s)
{
	struct leaf_segment l = { .session = id_text, .no = s->no, .pos0 = s->pos0, .pos1 = s->pos1,
		.frames = s->frames, .t0_ms = s->t0_ms, .t1_ms = s->t1_ms };

	memcpy(l.prev, s->prev, HASH_BYTES);
	memcpy(l.hash, s->hash, HASH_BYTES);
	return leaf_segment(out, &l);
}

int
db_session_open(struct db *db, struct db_session *s, unsigned char chain[HASH_BYTES], struct err *e)
{
	struct buf data;
	int r;

	id_print(s->id, s->id_text);
	buf_init(&data, LEAF_MAX);
	r = db_session_open_leaf(&data, s);
	if (r != 0)
		err_set(e, r, "a session's description is too large");
	if (r == 0)
		r = db_tree_add(db, buf_slice(&data), &s->open_leaf, e);
	if (r == 0)
		r = stmt_run(db, sql_open, e, "bitttttttttiittttiii", slice_of(s->id, ID_BYTES), (int64_t)s->conn,
		    s->user, s->login, s->host, s->addr, s->src, s->method, s->channel, s->command, s->term,
		    (int64_t)s->cols, (int64_t)s->rows, s->rule, s->policy, s->node, s->boot, s->start_us,
		    s->start_mono_us, s->open_leaf);
	if (r == 0) {
		s->row = sqlite3_last_insert_rowid(db->sql);
		leaf_sha256(buf_slice(&data), slice_from(NULL), chain);
	}
	buf_done(&data);
	return r;
}

int
db_session_close(struct db *db, struct db_session *s, struct err *e)
{
	struct buf data;
	int r;

	id_print(s->id, s->id_text);
	buf_init(&data, LEAF_MAX);
	r = db_session_close_leaf(&data, s);
	if (r == 0)
		r = db_tree_add(db, buf_slice(&data), &s->close_leaf, e);
	if (r == 0)
		r = stmt_run(db, sql_close, e, "itittiiibi", s->row, s->state, s->end_us, s->reason, s->exit,
		    (int64_t)s->bytes, (int64_t)s->frames, (int64_t)s->segments, slice_of(s->chain, HASH_BYTES),
		    s->close_leaf);
	buf_done(&data);
	return r;
}

int
db_segment_put(struct db *db, struct db_segment *g, const struct slice parts[2], int64_t t_us, struct err *e)
{
	int r = seg_append(db, t_us, parts, &g->off, e);

	if (r != 0)
		return r;
	memcpy(g->place, db->seg_name, sizeof(g->place));
	g->len = (uint32_t)(parts[0].n + parts[1].n);
	g->epoch = db->seg_epoch;
	return 0;
}

bool
db_segment_is_put(const struct db *db, const struct db_segment *g)
{
	return g->epoch != 0 && g->epoch == db->seg_epoch;
}

int
db_segment_name(struct db *db, const struct db_session *s, struct db_segment *g, struct err *e)
{
	struct buf data;
	int r;

	if (!db_segment_is_put(db, g))
		return err_set(e, -ESTALE, "segment %u is not in its file any more", g->no);
	g->file = g->place;
	buf_init(&data, LEAF_MAX);
	r = db_segment_leaf(&data, s->id_text, g);
	if (r == 0)
		r = db_tree_add(db, buf_slice(&data), &g->leaf, e);
	if (r == 0)
		r = stmt_run(db, sql_segment_add, e, "iiiiiiibbitiii", s->row, (int64_t)g->no, (int64_t)g->pos0,
		    (int64_t)g->pos1, (int64_t)g->frames, (int64_t)g->t0_ms, (int64_t)g->t1_ms,
		    slice_of(g->prev, HASH_BYTES), slice_of(g->hash, HASH_BYTES), g->leaf, g->file, (int64_t)g->off,
		    (int64_t)g->len, g->erased_us);
	buf_done(&data);
	return r;
}

int
db_segment_add(struct db *db, const struct db_session *s, struct db_segment *g, const struct slice parts[2],
    int64_t t_us, struct err *e)
{
	int r = db_segment_put(db, g, parts, t_us, e);

	return r == 0 ? db_segment_name(db, s, g, e) : r;
}

static void
segment_read(sqlite3_stmt *s, struct db_segment *g)
{
	*g = (struct db_segment){
		.no = (uint32_t)sqlite3_column_int64(s, 0), .pos0 = (uint64_t)sqlite3_column_int64(s, 1),
		.pos1 = (uint64_t)sqlite3_column_int64(s, 2), .frames = (uint32_t)sqlite3_column_int64(s, 3),
		.t0_ms = (uint64_t)sqlite3_column_int64(s, 4), .t1_ms = (uint64_t)sqlite3_column_int64(s, 5),
		.leaf = sqlite3_column_int64(s, 8), .file = stmt_text(s, 9),
		.off = (uint64_t)sqlite3_column_int64(s, 10), .len = (uint32_t)sqlite3_column_int64(s, 11),
		.erased_us = sqlite3_column_int64(s, 12),
	};
	(void)stmt_hash(s, 6, g->prev);
	(void)stmt_hash(s, 7, g->hash);
}

static int
segment_rows(struct db *db, sqlite3_stmt *s, db_segment_fn *fn, void *arg, struct err *e)
{
	struct db_segment g;
	int r = 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		segment_read(s, &g);
		r = fn(arg, &g);
	}
	sqlite3_reset(s);
	return r;
}

int
db_segment_list(struct db *db, int64_t session_row, db_segment_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_segments, e);
	int r;

	if (s == NULL)
		return -EIO;
	r = stmt_bind(db, s, e, "i", session_row);
	return r == 0 ? segment_rows(db, s, fn, arg, e) : r;
}

int
db_segment_from(struct db *db, int64_t session_row, uint32_t from, unsigned max, db_segment_fn *fn, void *arg,
    struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_segments_from, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "iii", session_row, (int64_t)from, (int64_t)max);

	return r == 0 ? segment_rows(db, s, fn, arg, e) : r;
}

int
db_session_erased(struct db *db, db_session_row_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, "SELECT DISTINCT session_id FROM segment WHERE erased_us<>0 OR file IN(SELECT file FROM gone)", e);
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1)
		r = fn(arg, sqlite3_column_int64(s, 0));
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

static const char sql_at_pos[] = "SELECT " SEGMENT_READ " FROM segment WHERE session_id=? AND pos1>?"
    " ORDER BY no LIMIT 1";
static const char sql_at_ms[] = "SELECT " SEGMENT_READ " FROM segment WHERE session_id=? AND t1_ms>=?"
    " ORDER BY no LIMIT 1";

int
segment_at_pos(struct db *db, int64_t row, uint64_t pos, db_segment_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_at_pos, e);
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "ii", row, (int64_t)pos);

	return r == 0 ? segment_rows(db, s, fn, arg, e) : r;
}

int
segment_at_ms(struct db *db, int64_t row, uint64_t t_ms, db_segment_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_at_ms, e);
	int64_t t = t_ms > INT64_MAX ? INT64_MAX : (int64_t)t_ms;
	int r = s == NULL ? -EIO : stmt_bind(db, s, e, "ii", row, t);

	return r == 0 ? segment_rows(db, s, fn, arg, e) : r;
}

int
db_session_sealed(struct db *db, const struct db_session *v, uint64_t *pos, uint64_t *frames,
    uint32_t *segments, unsigned char chain[HASH_BYTES], struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_sealed, e);
	struct buf data;
	int r;

	r = s == NULL ? -EIO : stmt_bind(db, s, e, "i", v->row);
	if (r == 0)
		r = stmt_step(db, s, e);
	if (r < 0)
		return r;
	*pos = (uint64_t)sqlite3_column_int64(s, 0);
	*frames = (uint64_t)sqlite3_column_int64(s, 1);
	*segments = (uint32_t)sqlite3_column_int64(s, 2);
	sqlite3_reset(s);
	if (*segments > 0) {
		s = stmt_get(db, sql_last_hash, e);
		r = s == NULL ? -EIO : stmt_bind(db, s, e, "i", v->row);
		if (r == 0)
			r = stmt_step(db, s, e);
		if (r == 1)
			(void)stmt_hash(s, 0, chain);
		if (s != NULL)
			sqlite3_reset(s);
		return r < 0 ? r : 0;
	}
	buf_init(&data, LEAF_MAX);
	r = db_session_open_leaf(&data, v);
	if (r == 0)
		leaf_sha256(buf_slice(&data), slice_from(NULL), chain);
	buf_done(&data);
	return r;
}
