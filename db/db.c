/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Opening, pragmas, the schema's version, transactions, statements kept for reuse, and
 * what SQLite's failures are called here.
 *
 * Why these pragmas: WAL with synchronous=FULL is durable at COMMIT; the writer checkpoints
 * by itself (a checkpoint from another thread lets the WAL grow without bound); no mmap,
 * because an I/O error there is a SIGBUS.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "db/stmt.h"

#define APPLICATION_ID 0x46545253               /* 'FTRS' */
#define TEXT_MAX       262144

/* Step i brings version i to i + 1. */
static const char *const steps[] = {
#include "db/schema.inc"
};
#define SCHEMA_VERSION ((int64_t)(sizeof(steps) / sizeof(steps[0])))

static const char *const every_pragmas[] = {
	"PRAGMA mmap_size=0", "PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "PRAGMA temp_store=MEMORY",
	"PRAGMA busy_timeout=5000",
};
static const char *const write_pragmas[] = {
	"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=2000",
	"PRAGMA journal_size_limit=67108864", "PRAGMA foreign_keys=ON", "PRAGMA cache_size=-65536",
};

int
db_error(struct db *db, int code, const char *doing, struct err *e)
{
	static const struct { int sqlite, code; } map[] = {
		{ SQLITE_CONSTRAINT, -EEXIST }, { SQLITE_FULL, -ENOSPC }, { SQLITE_READONLY, -EROFS },
		{ SQLITE_BUSY, -EBUSY }, { SQLITE_LOCKED, -EBUSY }, { SQLITE_CORRUPT, -EBADMSG },
		{ SQLITE_NOTADB, -EBADMSG }, { SQLITE_NOMEM, -ENOMEM }, { SQLITE_CANTOPEN, -ENOENT },
	};
	int ours = -EIO;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].sqlite == (code & 0xff))
			ours = map[i].code;
	return err_set(e, ours, "%s/%s: %s: %s%s", db->shown, db->file != NULL ? db->file : DB_FILE, doing,
	    db->sql != NULL ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code),
	    ours == -EBADMSG ? ": restore it from a backup, or move it away to begin anew" : "");
}

static int
db_exec(struct db *db, const char *text, struct err *e)
{
	int r = sqlite3_exec(db->sql, text, NULL, NULL, NULL);

	return r == SQLITE_OK ? 0 : db_error(db, r, "writing", e);
}

sqlite3_stmt *
stmt_get(struct db *db, const char *text, struct err *e)
{
	unsigned i;
	int r;

	for (i = 0; i < db->cached; i++)
		if (db->cache[i].text == text) {
			sqlite3_reset(db->cache[i].stmt);
			return db->cache[i].stmt;
		}
	if (i == STMT_MAX) {
		err_set(e, -ENOBUFS, "too many prepared statements");
		return NULL;
	}
	r = sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT, &db->cache[i].stmt, NULL);
	if (r != SQLITE_OK) {
		db_error(db, r, "preparing a query", e);
		return NULL;
	}
	db->cache[i].text = text;
	db->cached++;
	return db->cache[i].stmt;
}

static int
stmt_vbind(struct db *db, sqlite3_stmt *s, struct err *e, const char *types, va_list ap)
{
	struct slice b;
	int r = SQLITE_OK;

	for (int i = 1; *types != '\0' && r == SQLITE_OK; i++, types++) {
		switch (*types) {
		case 'i':
			r = sqlite3_bind_int64(s, i, va_arg(ap, int64_t));
			break;
		case 't':
			r = sqlite3_bind_text(s, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
			break;
		case 'b':
			b = va_arg(ap, struct slice);
			r = sqlite3_bind_blob64(s, i, b.n > 0 ? (const void *)b.p : "", b.n, SQLITE_STATIC);
			break;
		default:
			r = sqlite3_bind_null(s, i);
		}
	}
	return r == SQLITE_OK ? 0 : db_error(db, r, "binding", e);
}

int
stmt_bind(struct db *db, sqlite3_stmt *s, struct err *e, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = stmt_vbind(db, s, e, types, ap);
	va_end(ap);
	return r;
}

int
stmt_step(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int r = sqlite3_step(s);

	if (r == SQLITE_ROW)
		return 1;
	if (r != SQLITE_DONE)
		r = db_error(db, r, db->writable ? "writing" : "reading", e);
	else
		r = 0;
	sqlite3_reset(s);
	return r;
}

int
stmt_run(struct db *db, const char *text, struct err *e, const char *types, ...)
{
	sqlite3_stmt *s = stmt_get(db, text, e);
	va_list ap;
	int r;

	if (s == NULL)
		return -EIO;
	va_start(ap, types);
	r = stmt_vbind(db, s, e, types, ap);
	va_end(ap);
	if (r == 0)
		r = stmt_step(db, s, e);
	sqlite3_reset(s);
	return r > 0 ? 0 : r;
}

int
stmt_number(struct db *db, const char *text, int64_t *v, struct err *e, const char *types, ...)
{
	sqlite3_stmt *s = stmt_get(db, text, e);
	va_list ap;
	int r;

	if (s == NULL)
		return -EIO;
	va_start(ap, types);
	r = stmt_vbind(db, s, e, types, ap);
	va_end(ap);
	if (r == 0)
		r = stmt_step(db, s, e);
	if (r == 1)
		*v = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return r == 1 ? 0 : r == 0 ? -ENOENT : r;
}

const char *
stmt_text(sqlite3_stmt *s, int col)
{
	const unsigned char *t = sqlite3_column_text(s, col);

	return t == NULL ? "" : (const char *)t;
}

struct slice
stmt_blob(sqlite3_stmt *s, int col)
{
	const void *p = sqlite3_column_blob(s, col);

	return slice_of(p, (size_t)sqlite3_column_bytes(s, col));
}

bool
stmt_hash(sqlite3_stmt *s, int col, unsigned char h[HASH_BYTES])
{
	struct slice b = stmt_blob(s, col);

	memset(h, 0, HASH_BYTES);
	if (b.n != HASH_BYTES)
		return false;
	memcpy(h, b.p, HASH_BYTES);
	return true;
}

/* PRAGMA values cannot be bound: the two numbers are ours. */
static int
db_migrate(struct db *db, int64_t from, struct err *e)
{
	char text[80];
	int r = 0;

	if (from == SCHEMA_VERSION)
		return 0;
	r = db_exec(db, "BEGIN IMMEDIATE", e);
	for (int64_t v = from; v < SCHEMA_VERSION && r == 0; v++)
		r = db_exec(db, steps[v], e);
	snprintf(text, sizeof(text), "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID, (int)SCHEMA_VERSION);
	if (r == 0)
		r = db_exec(db, text, e);
	if (r == 0)
		r = db_exec(db, "COMMIT", e);
	if (r != 0)
		db_rollback(db);
	return r;
}

static const char sql_code[] = "SELECT type,name,sql FROM sqlite_schema WHERE type IN('trigger','view')";
static const char sql_code_of[] = "SELECT count(*) FROM sqlite_schema WHERE type=?1 AND name=?2 AND sql=?3";

/* An empty database as we make it, in memory. */
static sqlite3 *
schema_make(void)
{
	sqlite3 *own = NULL;
	int r = sqlite3_open_v2(":memory:", &own, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	for (int64_t v = 0; r == SQLITE_OK && v < SCHEMA_VERSION; v++)
		r = sqlite3_exec(own, steps[v], NULL, NULL, NULL);
	if (r == SQLITE_OK)
		return own;
	sqlite3_close(own);
	return NULL;
}

static bool
code_is_ours(sqlite3_stmt *of, sqlite3_stmt *row)
{
	bool is;

	for (int i = 0; i < 3; i++)
		(void)sqlite3_bind_text(of, i + 1, stmt_text(row, i), -1, SQLITE_TRANSIENT);
	is = sqlite3_step(of) == SQLITE_ROW && sqlite3_column_int(of, 0) == 1;
	sqlite3_reset(of);
	return is;
}

int
db_schema_check(struct db *db, struct err *e)
{
	sqlite3 *own = schema_make();
	sqlite3_stmt *of = NULL, *s = stmt_get(db, sql_code, e);
	char name[100];
	int r = s == NULL ? -EIO : 0;

	if (r == 0 && (own == NULL || sqlite3_prepare_v2(own, sql_code_of, -1, &of, NULL) != SQLITE_OK))
		r = err_set(e, -ENOMEM, "out of memory");
	while (r == 0 && (r = stmt_step(db, s, e)) == 1)
		r = code_is_ours(of, s) ? 0 : err_set(e, -EBADMSG, "%s/" DB_FILE ": the %s %s is not ours: somebody else has put it there", db->shown,
		    stmt_text(s, 0), text_cleaned(slice_from(stmt_text(s, 1)), name, sizeof(name)));
	if (s != NULL)
		sqlite3_reset(s);
	sqlite3_finalize(of);
	sqlite3_close(own);
	return r;
}

static int
db_check_version(struct db *db, struct err *e)
{
	int64_t id = 0, version = 0, tables = 0;
	int r;

	r = stmt_number(db, "PRAGMA application_id", &id, e, "");
	if (r == 0)
		r = stmt_number(db, "PRAGMA user_version", &version, e, "");
	if (r == 0)
		r = stmt_number(db, "SELECT count(*) FROM sqlite_schema", &tables, e, "");
	if (r != 0)
		return r;
	if (id != APPLICATION_ID && (id != 0 || tables != 0 || !db->writable))
		return err_set(e, -EBADMSG, "%s/" DB_FILE ": not a fortress database: move it away to begin anew", db->shown);
	if (version > SCHEMA_VERSION)
		return err_set(e, -EBADMSG, "%s/" DB_FILE ": made by a newer fortress (schema %d, this one knows %d)",
		    db->shown, (int)version, (int)SCHEMA_VERSION);
	if (!db->writable && version < SCHEMA_VERSION)
		return err_set(e, -EBADMSG, "%s/" DB_FILE ": schema %d is older than this command's %d: "
		    "start the new fortress once", db->shown, (int)version, (int)SCHEMA_VERSION);
	if (!db->writable)
		return 0;
	r = db_schema_check(db, e);              /* before a row is written */
	return r == 0 ? db_migrate(db, version, e) : r;
}

static int
db_pragmas(struct db *db, const char *const *list, size_t n, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = db_exec(db, list[i], e);
	return r;
}

static int
db_setup(struct db *db, struct err *e)
{
	int r;

	sqlite3_extended_result_codes(db->sql, 1);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	r = db_pragmas(db, every_pragmas, sizeof(every_pragmas) / sizeof(every_pragmas[0]), e);
	if (r == 0 && db->writable)
		r = db_exec(db, "PRAGMA page_size=8192", e);
	if (r == 0 && db->writable)
		r = db_pragmas(db, write_pragmas, sizeof(write_pragmas) / sizeof(write_pragmas[0]), e);
	if (r == 0 && !db->writable)
		r = db_exec(db, "PRAGMA query_only=ON", e);
	return r == 0 ? db_check_version(db, e) : r;
}

static struct db *
db_open(const char *dir, const char *shown, bool writable, struct err *e)
{
	int flags = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	struct db *db = calloc(1, sizeof(*db));
	char *path = NULL;
	int r;

	if (db != NULL) {
		db->seg_fd = -1;
		db->seg_epoch = 1;
	}
	if (db == NULL || (db->kept = calloc(TILES_KEPT, sizeof(*db->kept))) == NULL || (db->dir = strdup(dir)) == NULL || (db->shown = strdup(shown)) == NULL ||
	    asprintf(&path, "%s/" DB_FILE, dir) < 0) {
		db_close(db);
		err_set(e, -ENOMEM, "out of memory opening the database");
		return NULL;
	}
	db->writable = writable;
	r = sqlite3_open_v2(path, &db->sql, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);
	if (r != SQLITE_OK && !writable && access(path, R_OK) != 0)
		r = err_set(e, -errno, "%s: %s", path, errno == ENOENT ? "there is no database here" : strerror(errno));
	else if (r != SQLITE_OK)
		r = db_error(db, r, "opening", e);
	else
		r = db_setup(db, e);
	free(path);
	if (r == 0)
		return db;
	db_close(db);
	return NULL;
}

struct db *
db_open_read(const char *dir, struct err *e)
{
	return db_open(dir, dir, false, e);
}

struct db *
db_open_write(const char *dir, const char *shown, struct err *e)
{
	return db_open(dir, shown != NULL ? shown : dir, true, e);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (unsigned i = 0; i < db->cached; i++)
		sqlite3_finalize(db->cache[i].stmt);
	seg_close(db);
	sqlite3_close(db->sql);
	free(db->tree);
	free(db->kept);
	free(db->dir);
	free(db->shown);
	free(db);
}

const char *
db_dir(const struct db *db)
{
	return db->dir;
}

int
db_begin(struct db *db, struct err *e)
{
	return stmt_run(db, "BEGIN IMMEDIATE", e, "");
}

int
db_commit(struct db *db, struct err *e)
{
	int r = seg_sync(db, e);

	if (r == 0)
		r = stmt_run(db, "COMMIT", e, "");
	if (r != 0)
		db_rollback(db);
	return r;
}

void
db_rollback(struct db *db)
{
	for (unsigned i = 0; i < db->cached; i++)
		sqlite3_reset(db->cache[i].stmt);
	if (!sqlite3_get_autocommit(db->sql))
		(void)sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	tree_forget(db);
	seg_close(db);                            /* opened again at its last good end */
}

int
db_read_begin(struct db *db, struct err *e)
{
	return stmt_run(db, "BEGIN", e, "");
}

void
db_read_end(struct db *db)
{
	(void)stmt_run(db, "COMMIT", NULL, "");
}

int
db_text(struct buf *out, struct slice s)
{
	if (s.n == 0)
		return 0;
	if (memchr(s.p, '\0', s.n) == NULL && text_is_utf8(s))
		return buf_slice_append(out, s);
	return text_escape(out, s);
}

int
db_json(struct db *db, struct buf *out, struct slice s)
{
	sqlite3_stmt *q;
	bool valid = false;

	if (s.n == 0)
		return 0;
	q = stmt_get(db, "SELECT json_valid(?)", NULL);
	if (q != NULL && s.n < TEXT_MAX && memchr(s.p, '\0', s.n) == NULL && text_is_utf8(s) &&
	    sqlite3_bind_text(q, 1, (const char *)s.p, (int)s.n, SQLITE_STATIC) == SQLITE_OK)
		valid = sqlite3_step(q) == SQLITE_ROW && sqlite3_column_int(q, 0) == 1;
	if (q != NULL)
		sqlite3_reset(q);
	return valid ? buf_slice_append(out, s) : text_json(out, s);
}
