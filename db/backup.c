/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The database first: a segment's bytes are durable before the row that points at them, and never change, so what the copied rows
 * point at is there when the partitions are copied after them; what came since is left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "db/backup.h"
#include "db/stmt.h"

enum { BLOCK = 1 << 20, PROGRESS_STEPS = 10000 };

static const char sql_files[] = "SELECT file,max(off+len) FROM segment WHERE file NOT IN (SELECT file FROM gone) GROUP BY file";

static int
copy_open(const char *path, int flags, struct err *e)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);       /* a pipe is not waited for */

	return fd >= 0 ? fd : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

static int
bytes_copy(int from, int to, uint64_t left, const char *name, struct err *e)
{
	static unsigned char block[BLOCK];
	ssize_t n;
	int r = 0;

	for (; left > 0 && r == 0; left -= (uint64_t)n) {
		n = fd_read_full(from, block, left < sizeof(block) ? (size_t)left : sizeof(block));
		if (n <= 0)
			return err_set(e, n < 0 ? (int)n : -EBADMSG, "%s: %s", name, n < 0 ? strerror((int)-n) : "is shorter than its rows say");
		r = fd_write_full(to, block, (size_t)n);
	}
	if (r == 0 && fsync(to) != 0)
		r = -errno;
	return r == 0 ? 0 : err_set(e, r, "the copy of %s: %s", name, strerror(-r));
}

static int
partition_copy(const struct db *db, const char *dir, const char *name, uint64_t size, struct err *e)
{
	char path[4096];
	int from, to, r;

	if (!seg_name_is_ours(name))
		return err_set(e, -EBADMSG, "a row names %s, which is no partition", name);
	snprintf(path, sizeof(path), "%s/%s", db->dir, name);
	from = copy_open(path, O_RDONLY, e);
	if (from < 0)
		return from;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	to = copy_open(path, O_WRONLY | O_CREAT | O_EXCL, e);
	r = to < 0 ? to : bytes_copy(from, to, size, name, e);
	fd_close(&from);
	fd_close(&to);
	return r;
}

/* All at one moment: a step at a time would begin anew at each commit of the store. */
static int
pages_copy(struct db *db, const char *path, struct err *e)
{
	sqlite3 *to = NULL;
	sqlite3_backup *b = NULL;
	int r = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);

	if (r == SQLITE_OK && (b = sqlite3_backup_init(to, "main", db->sql, "main")) == NULL)
		r = sqlite3_errcode(to);
	if (r == SQLITE_OK)
		r = sqlite3_backup_step(b, -1);
	if (b != NULL)
		(void)sqlite3_backup_finish(b);
	if (r == SQLITE_DONE)
		r = sqlite3_exec(to, "PRAGMA journal_mode=WAL; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	if (r != SQLITE_OK)
		r = err_set(e, -EIO, "%s: %s", path, sqlite3_errstr(r));
	sqlite3_close(to);
	return r;
}

static int
database_copy(struct db *db, const char *dir, uint64_t *bytes, struct err *e)
{
	char path[4096];
	struct stat st = { 0 };
	int fd, r;

	snprintf(path, sizeof(path), "%s/" DB_FILE, dir);
	fd = copy_open(path, O_RDWR | O_CREAT | O_EXCL, e);
	if (fd < 0)
		return fd;
	r = pages_copy(db, path, e);
	if (r == 0 && (fsync(fd) != 0 || fstat(fd, &st) != 0))
		r = err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (r == 0)
		*bytes += (uint64_t)st.st_size;
	close(fd);
	return r;
}

/* By the copy's rows, not by those that have come since. */
static int
partitions_copy(const struct db *from, struct db *copy, const char *dir, uint64_t *bytes, struct err *e)
{
	sqlite3_stmt *s = stmt_get(copy, sql_files, e);
	int r = s != NULL ? 0 : -EIO;

	while (r == 0 && (r = stmt_step(copy, s, e)) == 1) {
		uint64_t size = (uint64_t)sqlite3_column_int64(s, 1);

		r = partition_copy(from, dir, stmt_text(s, 0), size, e);
		*bytes += size;
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
db_backup(struct db *db, const char *dir, uint64_t *bytes, struct err *e)
{
	struct db *copy = NULL;
	uint64_t n = 0;
	int fd, r = database_copy(db, dir, &n, e);

	if (r == 0 && (copy = db_open_read(dir, e)) == NULL)
		r = -EIO;
	if (r == 0)
		r = partitions_copy(db, copy, dir, &n, e);
	db_close(copy);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && (fd < 0 || fsync(fd) != 0))
		r = err_set(e, -errno, "%s: %s", dir, strerror(errno));
	fd_close(&fd);
	if (r == 0)
		*bytes = n;
	return r;
}

static int
check(struct db *db, const char *pragma, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, pragma, e);
	int r = s != NULL ? stmt_step(db, s, e) : -EIO;

	if (r == 1) {
		const char *said = stmt_text(s, 0), *line = strrchr(said, '\n');     /* below a head */

		r = strcmp(said, "ok") == 0 ? 0 : err_set(e, -EBADMSG, "the database is damaged: %.200s", line != NULL ? line + 1 : said);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
db_integrity_check(struct db *db, struct err *e)
{
	return check(db, "PRAGMA integrity_check(1)", e);
}

struct patience {
	mono_t begin;
	unsigned limit_ms;
	bool over;
};

static int
is_over(void *arg)
{
	struct patience *p = arg;

	p->over = clock_ms_since(p->begin) >= p->limit_ms;
	return p->over;
}

int
db_quick_check(struct db *db, unsigned limit_ms, struct err *e)
{
	struct patience p = { .begin = clock_mono(), .limit_ms = limit_ms };
	struct err why = { 0 };
	int r;

	sqlite3_progress_handler(db->sql, PROGRESS_STEPS, is_over, &p);
	r = check(db, "PRAGMA quick_check(1)", &why);
	sqlite3_progress_handler(db->sql, 0, NULL, NULL);
	return r == 0 || p.over ? 0 : err_set(e, r, "%s", why.text);
}
