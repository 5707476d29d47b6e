/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The text is found by its trigrams (FTS5's own tokenizer; each is matched for itself, so positions need not be kept),
 * then each line is looked at.  Texts of less than three characters have none: all lines are looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/text.h"
#include "db/index.h"
#include "db/stmt.h"

#define APPLICATION_ID 0x46545458               /* 'FTTX' */
#define INDEX_VERSION  2
#define PAINT_MAX      ((size_t)8 << 20)
#define TRIGRAMS_MAX   24

struct index {
	struct db d;                             /* statements and errors; its file is ours */
	struct buf paint;
};

static const char schema[] =
    "CREATE TABLE done(session INTEGER PRIMARY KEY, id BLOB NOT NULL, over INT NOT NULL, how INT NOT NULL, t_ms INT NOT NULL, pos INT NOT NULL, cols INT NOT NULL,"
    " rows INT NOT NULL, last_line INT NOT NULL, paint BLOB NOT NULL) STRICT;"
    "CREATE INDEX done_open ON done(session) WHERE over=0;"
    "CREATE TABLE line(id INTEGER PRIMARY KEY, session INT NOT NULL, class INT NOT NULL, t_ms INT NOT NULL, text TEXT NOT NULL) STRICT;"
    "CREATE INDEX line_session ON line(session);"
    "CREATE VIRTUAL TABLE line_text USING fts5(text, content='line', content_rowid='id', tokenize='trigram', detail='none', columnsize=0);"
    "INSERT INTO line_text(line_text, rank) VALUES('hashsize', 33554432);"
    "CREATE TABLE key(session INT NOT NULL, t_ms INT NOT NULL, pos INT NOT NULL, cols INT NOT NULL, rows INT NOT NULL, paint BLOB NOT NULL)"
    " STRICT;"
    "CREATE INDEX key_time ON key(session, t_ms, pos);"
    "CREATE TABLE command(session INT NOT NULL, line INT NOT NULL, source INT NOT NULL, sure INT NOT NULL, exit INT NOT NULL,"
    " PRIMARY KEY(session, line)) WITHOUT ROWID, STRICT;"
    "CREATE TABLE mark(one INTEGER PRIMARY KEY CHECK(one=1), session INT NOT NULL, event INT NOT NULL) STRICT;"
    "INSERT INTO mark VALUES(1, 0, 0);";

static int
exec(struct index *x, const char *text, struct err *e)
{
	int r = sqlite3_exec(x->d.sql, text, NULL, NULL, NULL);

	return r == SQLITE_OK ? 0 : db_error(&x->d, r, "the index", e);
}

static int
make(struct index *x, struct err *e)
{
	char version[80];
	int r = exec(x, "BEGIN IMMEDIATE", e);

	snprintf(version, sizeof(version), "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID, INDEX_VERSION);
	r = r != 0 ? r : exec(x, schema, e);
	r = r != 0 ? r : exec(x, version, e);
	return r != 0 ? r : exec(x, "COMMIT", e);
}

/* -EBADMSG: it is none of ours, or of another version. */
static int
check(struct index *x, bool write, struct err *e)
{
	int64_t id = 0, version = 0, tables = 0;
	int r = stmt_number(&x->d, "PRAGMA application_id", &id, e, "");

	r = r != 0 ? r : stmt_number(&x->d, "PRAGMA user_version", &version, e, "");
	r = r != 0 ? r : stmt_number(&x->d, "SELECT count(*) FROM sqlite_schema", &tables, e, "");
	if (r != 0)
		return r;
	if (id == 0 && tables == 0 && write)
		return make(x, e);
	return id == APPLICATION_ID && version == INDEX_VERSION ? 0 : err_set(e, -EBADMSG, "%s/" INDEX_FILE ": not an index of this version", x->d.shown);
}

static const char *const pragmas[] = {
	"PRAGMA mmap_size=0", "PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "PRAGMA temp_store=MEMORY", "PRAGMA busy_timeout=10000",
};
static const char *const write_pragmas[] = {
	"PRAGMA page_size=8192", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA cache_size=-65536", "PRAGMA secure_delete=ON",
	"PRAGMA journal_size_limit=67108864",
};

static int
setup(struct index *x, bool write, struct err *e)
{
	int r = 0;

	(void)sqlite3_db_config(x->d.sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	for (size_t i = 0; r == 0 && i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		r = exec(x, pragmas[i], e);
	for (size_t i = 0; r == 0 && write && i < sizeof(write_pragmas) / sizeof(write_pragmas[0]); i++)
		r = exec(x, write_pragmas[i], e);
	if (r == 0 && !write)
		r = exec(x, "PRAGMA query_only=ON", e);
	return r == 0 ? check(x, write, e) : r;
}

static void
done(struct index *x)
{
	for (unsigned i = 0; i < x->d.cached; i++)
		sqlite3_finalize(x->d.cache[i].stmt);
	x->d.cached = 0;
	(void)sqlite3_close(x->d.sql);
	x->d.sql = NULL;
}

static int
open_once(struct index *x, const char *path, bool write, struct err *e)
{
	int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	int r = sqlite3_open_v2(path, &x->d.sql, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);

	r = r != SQLITE_OK ? db_error(&x->d, r, "opening the index", e) : setup(x, write, e);
	if (r != 0)
		done(x);
	return r;
}

/* What is damaged, or of another version, is made anew: there is nothing in it that is not elsewhere. */
static int
open_or_make(struct index *x, const char *path, bool write, struct err *e)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	int r = open_once(x, path, write, e);
	char file[4200];

	if (r != -EBADMSG || !write)
		return r;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		if (unlink(file) != 0 && errno != ENOENT)
			return err_set(e, -errno, "%s: %s", file, strerror(errno));
	}
	return open_once(x, path, write, e);
}

struct index *
index_open(const char *dir, bool write, struct err *e)
{
	struct index *x = calloc(1, sizeof(*x));
	char path[4096];

	if (x == NULL || (x->d.shown = strdup(dir)) == NULL ||
	    snprintf(path, sizeof(path), "%s/" INDEX_FILE, dir) >= (int)sizeof(path)) {
		index_close(x);
		err_set(e, -ENOMEM, "out of memory opening the index");
		return NULL;
	}
	x->d.seg_fd = -1;
	x->d.file = INDEX_FILE;
	x->d.writable = write;
	buf_init(&x->paint, PAINT_MAX);
	if (open_or_make(x, path, write, e) == 0)
		return x;
	index_close(x);
	return NULL;
}

void
index_close(struct index *x)
{
	if (x == NULL)
		return;
	done(x);
	buf_done(&x->paint);
	free(x->d.shown);
	free(x);
}

int
index_begin(struct index *x, struct err *e)
{
	return stmt_run(&x->d, "BEGIN IMMEDIATE", e, "");
}

int
index_commit(struct index *x, struct err *e)
{
	int r = stmt_run(&x->d, "COMMIT", e, "");

	if (r != 0)
		index_rollback(x);
	return r;
}

void
index_rollback(struct index *x)
{
	for (unsigned i = 0; i < x->d.cached; i++)
		sqlite3_reset(x->d.cache[i].stmt);
	if (!sqlite3_get_autocommit(x->d.sql))
		(void)sqlite3_exec(x->d.sql, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- writing ---- */

static const char sql_line[] = "INSERT INTO line(session,class,t_ms,text) VALUES(?,?,?,?)";
static const char sql_text[] = "INSERT INTO line_text(rowid,text) VALUES(?,?)";
static const char sql_key[] = "INSERT INTO key VALUES(?,?,?,?,?,?)";
static const char sql_command[] = "INSERT INTO command VALUES(?,?,?,?,?)";
static const char sql_better[] = "UPDATE command SET sure=?3, exit=?4 WHERE session=?1 AND line=?2";
static const char sql_done[] = "INSERT OR REPLACE INTO done VALUES(?,?,?,?,?,?,?,?,coalesce((SELECT max(id) FROM line),0),?)";
static const char sql_mark[] = "UPDATE mark SET session=?, event=?";

int
index_add(struct index *x, const struct index_line *l, struct err *e)
{
	char *text = memchr(l->text.p, '\0', l->text.n) == NULL ? slice_dup(l->text) : NULL;
	int r;

	if (text == NULL)
		return err_set(e, -EINVAL, "a line that is no text, or out of memory");
	r = stmt_run(&x->d, sql_line, e, "iiit", l->session, (int64_t)l->class_uid, (int64_t)l->t_ms, text);
	if (r == 0)
		r = stmt_run(&x->d, sql_text, e, "it", (int64_t)sqlite3_last_insert_rowid(x->d.sql), text);
	free(text);
	return r;
}

int
index_add_command(struct index *x, int64_t session, const struct command_seen *c, struct err *e)
{
	struct index_line l = { .session = session, .class_uid = INDEX_COMMAND, .t_ms = c->t_ms, .text = c->text };
	int r = index_add(x, &l, e);

	return r != 0 ? r : stmt_run(&x->d, sql_command, e, "iiiii", session, sqlite3_last_insert_rowid(x->d.sql), (int64_t)c->source,
	    (int64_t)c->sure, (int64_t)c->exit);
}

static const char sql_unsay[] = "INSERT INTO line_text(line_text,rowid,text) SELECT 'delete',id,text FROM line"
    " WHERE session=? AND id BETWEEN ? AND ?";
static const char sql_unline[] = "DELETE FROM line WHERE session=? AND id BETWEEN ? AND ?";
static const char sql_uncommand[] = "DELETE FROM command WHERE session=? AND line BETWEEN ? AND ?";

/* FTS5 must be told what it forgets. */
static int
lines_forget(struct index *x, int64_t session, int64_t first, int64_t last, struct err *e)
{
	int r = stmt_run(&x->d, sql_unsay, e, "iii", session, first, last);

	r = r != 0 ? r : stmt_run(&x->d, sql_unline, e, "iii", session, first, last);
	return r != 0 ? r : stmt_run(&x->d, sql_uncommand, e, "iii", session, first, last);
}

int
index_better(struct index *x, int64_t session, const struct command_seen *c, struct err *e)
{
	int64_t line = 0;
	int r = stmt_number(&x->d, "SELECT coalesce(max(line),0) FROM command WHERE session=?", &line, e, "i", session);

	if (r != 0 || line == 0)
		return r;
	if (c->sure == COMMAND_NONE)
		return lines_forget(x, session, line, line, e);
	return stmt_run(&x->d, sql_better, e, "iiii", session, line, (int64_t)c->sure, (int64_t)c->exit);
}

static int
paint_pack(struct buf *out, struct slice paint)
{
	size_t bound = ZSTD_compressBound(paint.n), n;
	unsigned char *to;

	buf_init(out, bound);
	to = buf_reserve(out, bound);
	if (to == NULL)
		return -ENOMEM;
	n = ZSTD_compress(to, bound, paint.p, paint.n, 1);
	if (ZSTD_isError(n))
		return -EIO;
	buf_added(out, n);
	return 0;
}

static int
paint_unpack(struct index *x, struct slice packed, struct slice *paint)
{
	unsigned long long n = ZSTD_getFrameContentSize(packed.p, packed.n);
	unsigned char *to;

	buf_clear(&x->paint);
	if (n > PAINT_MAX || (to = buf_reserve(&x->paint, (size_t)n + 1)) == NULL)
		return -EBADMSG;
	if (ZSTD_decompress(to, (size_t)n, packed.p, packed.n) != n)
		return -EBADMSG;
	buf_added(&x->paint, (size_t)n);
	*paint = buf_slice(&x->paint);
	return 0;
}

int
index_add_key(struct index *x, int64_t session, const struct frame_screen *k, struct err *e)
{
	struct buf packed;
	int r = paint_pack(&packed, k->paint);

	if (r != 0)
		(void)err_set(e, r, "out of memory for a keyframe");
	else
		r = stmt_run(&x->d, sql_key, e, "iiiiib", session, (int64_t)k->t_ms, (int64_t)k->pos, (int64_t)k->cols, (int64_t)k->rows,
		    buf_slice(&packed));
	buf_done(&packed);
	return r;
}

int
index_set_done(struct index *x, const struct index_done *d, struct err *e)
{
	struct buf packed;
	int r = paint_pack(&packed, d->over ? slice_from("") : d->at.paint);

	if (r != 0)
		(void)err_set(e, r, "out of memory for a screen");
	else
		r = stmt_run(&x->d, sql_done, e, "ibiiiiiib", d->session, slice_of(d->id, ID_BYTES), (int64_t)d->over, (int64_t)d->how, (int64_t)d->at.t_ms, (int64_t)d->at.pos,
		    (int64_t)d->at.cols, (int64_t)d->at.rows, buf_slice(&packed));
	buf_done(&packed);
	return r;
}

int
index_trim(struct index *x, const struct index_done *d, struct err *e)
{
	int r = lines_forget(x, d->session, d->last_line + 1, INT64_MAX, e);

	return r != 0 ? r : stmt_run(&x->d, "DELETE FROM key WHERE session=? AND pos>=?", e, "ii", d->session, (int64_t)d->at.pos);
}

int
index_forget(struct index *x, const struct index_done *d, struct err *e)
{
	struct index_done gone = { .session = d->session, .over = true, .how = INDEX_ERASED };
	int r = index_trim(x, &gone, e);

	memcpy(gone.id, d->id, ID_BYTES);
	return r != 0 ? r : index_set_done(x, &gone, e);
}

/* FTS5 overwrites what it has forgotten when its pages are merged. */
int
index_sweep(struct index *x, struct err *e)
{
	return stmt_run(&x->d, "INSERT INTO line_text(line_text) VALUES('optimize')", e, "");
}

int
index_set_mark(struct index *x, int64_t session, int64_t event, struct err *e)
{
	return stmt_run(&x->d, sql_mark, e, "ii", session, event);
}

/* ---- reading ---- */

static const char sql_find_done[] = "SELECT t_ms,pos,cols,rows,paint,over,last_line,how,id FROM done WHERE session=?";
static const char sql_find_key[] = "SELECT t_ms,pos,cols,rows,paint FROM key WHERE session=? AND t_ms<=? ORDER BY t_ms DESC, pos DESC LIMIT 1";
static const char sql_open[] = "SELECT session FROM done WHERE over=0 ORDER BY session";

static int
screen_read(struct index *x, sqlite3_stmt *s, struct frame_screen *k)
{
	*k = (struct frame_screen){ .t_ms = (uint64_t)sqlite3_column_int64(s, 0), .pos = (uint64_t)sqlite3_column_int64(s, 1),
		.cols = (uint32_t)sqlite3_column_int64(s, 2), .rows = (uint32_t)sqlite3_column_int64(s, 3) };
	return paint_unpack(x, stmt_blob(s, 4), &k->paint);
}

int
index_find_done(struct index *x, int64_t session, struct index_done *d, struct err *e)
{
	sqlite3_stmt *s = stmt_get(&x->d, sql_find_done, e);
	int r = s == NULL ? -EIO : stmt_bind(&x->d, s, e, "i", session);

	r = r != 0 ? r : stmt_step(&x->d, s, e);
	if (r == 1) {
		*d = (struct index_done){ .session = session, .over = sqlite3_column_int(s, 5) != 0,
			.last_line = sqlite3_column_int64(s, 6), .how = sqlite3_column_int(s, 7) };
		if (stmt_blob(s, 8).n == ID_BYTES)
			memcpy(d->id, stmt_blob(s, 8).p, ID_BYTES);
		r = screen_read(x, s, &d->at);
	} else if (r == 0) {
		r = -ENOENT;
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
index_find_key(struct index *x, int64_t session, uint64_t t_ms, struct frame_screen *k, struct err *e)
{
	sqlite3_stmt *s = stmt_get(&x->d, sql_find_key, e);
	int64_t t = t_ms > INT64_MAX ? INT64_MAX : (int64_t)t_ms;
	int r = s == NULL ? -EIO : stmt_bind(&x->d, s, e, "ii", session, t);

	r = r != 0 ? r : stmt_step(&x->d, s, e);
	r = r == 1 ? screen_read(x, s, k) : r == 0 ? -ENOENT : r;
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
index_list_open(struct index *x, index_session_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(&x->d, sql_open, e);
	int r = s == NULL ? -EIO : 0;

	while (r == 0 && (r = stmt_step(&x->d, s, e)) == 1)
		r = fn(arg, sqlite3_column_int64(s, 0));
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
index_find_mark(struct index *x, int64_t *session, int64_t *event, struct err *e)
{
	int r = stmt_number(&x->d, "SELECT session FROM mark", session, e, "");

	return r != 0 ? r : stmt_number(&x->d, "SELECT event FROM mark", event, e, "");
}

static const char sql_commands[] = "SELECT l.t_ms,c.source,c.sure,c.exit,l.text FROM command c JOIN line l ON l.id=c.line WHERE c.session=? ORDER BY c.line";

/* What another version would mean is let go. */
int
index_list_commands(struct index *x, int64_t session, index_command_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(&x->d, sql_commands, e);
	int r = s == NULL ? -EIO : stmt_bind(&x->d, s, e, "i", session);
	int64_t source, sure;

	while (r == 0 && (r = stmt_step(&x->d, s, e)) == 1) {
		source = sqlite3_column_int64(s, 1);
		sure = sqlite3_column_int64(s, 2);
		r = 0;
		if (source < 0 || source >= COMMAND_SOURCES || sure < 0 || sure >= COMMAND_SURES)
			continue;
		r = fn(arg, &(struct command_seen){ .t_ms = (uint64_t)sqlite3_column_int64(s, 0), .source = source, .sure = sure,
			.exit = sqlite3_column_int(s, 3), .text = slice_from(stmt_text(s, 4)) });
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

/* ---- searching ---- */

static const char sql_search[] =
    "SELECT l.session,l.class,l.t_ms,l.text FROM line_text JOIN line l ON l.id=line_text.rowid WHERE line_text MATCH ?"
    " ORDER BY line_text.rowid DESC";
static const char sql_scan[] = "SELECT session,class,t_ms,text FROM line ORDER BY id DESC";

/* Of n characters, those at i, i+1 and i+2, in quotes; a quote is doubled. */
static int
trigram_put(struct buf *out, const uint32_t *runes)
{
	int r = buf_text(out, out->len > 0 ? " AND \"" : "\"");

	for (int k = 0; r == 0 && k < 3; k++)
		r = runes[k] == '"' ? buf_text(out, "\"\"") : text_put_rune(out, runes[k]);
	return r == 0 ? buf_text(out, "\"") : r;
}

/* The text's trigrams, all of which a line has; empty: it has none. */
static int
query_make(struct buf *out, const char *text)
{
	struct slice left = slice_from(text);
	uint32_t runes[TRIGRAMS_MAX + 2];
	size_t n = 0;
	bool good;
	int r = 0;

	while (n < TRIGRAMS_MAX + 2 && text_rune(&left, &runes[n], &good))
		n++;
	for (size_t i = 0; r == 0 && i + 3 <= n; i++)
		r = trigram_put(out, runes + i);
	return r;
}

static bool
has(const struct index_query *q, const char *line)
{
	return (q->exact_case ? strstr(line, q->text) : strcasestr(line, q->text)) != NULL;
}

static int
rows_look(struct index *x, sqlite3_stmt *s, const struct index_query *q, index_line_fn *fn, void *arg, struct err *e)
{
	struct index_line l;
	const char *text;
	int r = 0;

	while (r == 0 && (r = stmt_step(&x->d, s, e)) == 1) {
		l = (struct index_line){ .session = sqlite3_column_int64(s, 0), .class_uid = (unsigned)sqlite3_column_int64(s, 1),
			.t_ms = (uint64_t)sqlite3_column_int64(s, 2) };
		text = stmt_text(s, 3);
		r = 0;
		if ((q->class_uid != 0 && q->class_uid != l.class_uid) || (q->session != 0 && q->session != l.session) || !has(q, text))
			continue;
		l.text = slice_from(text);
		r = fn(arg, &l);
	}
	sqlite3_reset(s);
	return r;
}

int
index_search(struct index *x, const struct index_query *q, index_line_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s;
	struct buf match;
	int r;

	buf_init(&match, 4096);
	r = query_make(&match, q->text);
	s = r == 0 ? stmt_get(&x->d, match.len > 0 ? sql_search : sql_scan, e) : NULL;
	if (s == NULL)
		r = r != 0 ? err_set(e, r, "out of memory") : -EIO;
	if (r == 0 && match.len > 0)
		r = stmt_bind(&x->d, s, e, "t", buf_cstr(&match));
	if (r == 0)
		r = rows_look(x, s, q, fn, arg, e);
	buf_done(&match);
	return r;
}
