/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See keep.h.  Events of class 6002 tell of each: detail.what is "hold", "release", "retention" or "clock". */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "db/keep.h"
#include "db/stmt.h"

static const char sql_holds[] = "SELECT s.uuid,s.user,s.host,h.reason,h.actor,h.since_us FROM hold h JOIN session s ON s.id=h.session_id ORDER BY h.since_us,s.id";
static const char sql_session[] = "SELECT id FROM session WHERE uuid=?";
static const char sql_hold[] = "INSERT INTO hold(session_id,reason,actor,since_us) VALUES(?,?,?,?)";
static const char sql_held[] = "SELECT count(*) FROM hold WHERE session_id=?";
static const char sql_release[] = "DELETE FROM hold WHERE session_id=?";
static const char sql_partitions[] = "SELECT g.file,count(*),count(DISTINCT g.session_id),sum(g.len),count(DISTINCT h.session_id),"
    "coalesce((SELECT at_us FROM gone WHERE gone.file=g.file),0) FROM segment g LEFT JOIN hold h USING(session_id) GROUP BY g.file ORDER BY g.file";
static const char sql_partition[] = "SELECT file,count(*),count(DISTINCT session_id),coalesce(sum(len),0) FROM segment WHERE file=?";
static const char sql_is_gone[] = "SELECT count(*) FROM gone WHERE file=?";
static const char sql_gone[] = "INSERT INTO gone(file,at_us) VALUES(?,?)";
static const char sql_newest_gone[] = "SELECT coalesce(max(file),'') FROM gone WHERE file>=?";
static const char sql_all_gone[] = "SELECT file FROM gone";
/* From one file's name to the next: the rows of a month that is erased stay, and are many. */
static const char sql_oldest[] = "WITH RECURSIVE m(file) AS (SELECT min(file) FROM segment UNION ALL"
    " SELECT (SELECT min(file) FROM segment WHERE file>m.file) FROM m WHERE m.file IS NOT NULL)"
    " SELECT file FROM m WHERE file IS NOT NULL AND file NOT IN (SELECT file FROM gone) LIMIT 1";
static const char sql_newest[] = "SELECT t_us,mono_us,boot FROM event ORDER BY id DESC LIMIT 1";
static const char sql_unseen[] = "SELECT unseen_us FROM clock";
static const char sql_unseen_put[] = "UPDATE clock SET unseen_us=?";
static const char sql_clock[] = "SELECT ok,text FROM event WHERE class=6002 AND json_valid(detail) AND detail->>'$.what'='clock' ORDER BY id DESC LIMIT 1";
static const char sql_to_move[] = "SELECT session_id,no,off,len FROM segment WHERE file=?1 AND session_id IN"
    "(SELECT session_id FROM hold UNION SELECT id FROM session WHERE state='open') ORDER BY off LIMIT 1";
static const char sql_move[] = "UPDATE segment SET file=?,off=? WHERE session_id=? AND no=?";

#define SHRINK_BYTES (64 << 20)

#define TOLD "FROM event WHERE class=6002 AND ok=1 AND json_valid(detail) AND detail->>'$.what'"
/* Erased, and no event says so; or a part that bears a mark of its own, which nobody sets. */
static const char sql_unsaid[] = "SELECT 'partition '||file FROM gone WHERE file NOT IN (SELECT detail->>'$.file' " TOLD "='retention')"
    " UNION ALL SELECT 'a part in '||file FROM segment WHERE erased_us<>0 LIMIT 1";
/* Or more lies in such a month than was erased with it: it was moved there, to be taken for erased. */
static const char sql_moved[] = "SELECT 'what lies in '||g.file FROM (SELECT file,count(*) n,sum(len) bytes FROM segment GROUP BY file) g"
    " JOIN event ON class=6002 AND ok=1 AND json_valid(detail) AND detail->>'$.what'='retention' AND detail->>'$.file'=g.file"
    " WHERE g.n<>detail->>'$.segments' OR g.bytes<>detail->>'$.bytes' LIMIT 1";
static const char sql_held_gone[] = "SELECT 'the recording of held session '||s.user||' on '||s.host FROM hold h JOIN segment g USING(session_id)"
    " JOIN gone USING(file) JOIN session s ON s.id=h.session_id WHERE gone.at_us>h.since_us LIMIT 1";
/* As many holds as were put and not released, of all sessions and of each. */
static const char sql_holds_told[] = "SELECT (SELECT count(*) FROM hold)-(SELECT count(*) " TOLD "='hold')+(SELECT count(*) " TOLD "='release')";

static const char sql_hold_told[] = "SELECT (SELECT count(*) " TOLD "='hold' AND detail->>'$.session'=?1)-(SELECT count(*) " TOLD
    "='release' AND detail->>'$.session'=?1)";

static int
session_find(struct db *db, const unsigned char id[ID_BYTES], int64_t *row, struct err *e)
{
	int r = stmt_number(db, sql_session, row, e, "b", slice_of(id, ID_BYTES));

	return r == -ENOENT ? err_set(e, r, "there is no such session") : r;
}

int
db_hold_put(struct db *db, const unsigned char id[ID_BYTES], const char *reason, const char *actor, int64_t t_us, struct err *e)
{
	int64_t row = 0, held = 0;
	int r = session_find(db, id, &row, e);

	if (r == 0)
		r = stmt_number(db, sql_held, &held, e, "i", row);
	if (r == 0 && held != 0)
		r = err_set(e, -EEXIST, "this session is held already");
	return r != 0 ? r : stmt_run(db, sql_hold, e, "itti", row, reason, actor, t_us);
}

int
db_hold_delete(struct db *db, const unsigned char id[ID_BYTES], struct err *e)
{
	int64_t row = 0, held = 0;
	int r = session_find(db, id, &row, e);

	if (r == 0)
		r = stmt_number(db, sql_held, &held, e, "i", row);
	if (r == 0 && held == 0)
		r = err_set(e, -ENOENT, "this session is not held");
	return r != 0 ? r : stmt_run(db, sql_release, e, "i", row);
}

int
db_hold_list(struct db *db, db_hold_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_holds, e);
	int r = s != NULL ? 0 : -EIO;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		struct db_hold h = { .user = stmt_text(s, 1), .host = stmt_text(s, 2), .reason = stmt_text(s, 3), .actor = stmt_text(s, 4),
			.since_us = sqlite3_column_int64(s, 5) };
		struct slice id = stmt_blob(s, 0);

		if (id.n == ID_BYTES)
			(void)id_print(id.p, h.session);
		r = fn(arg, &h);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
db_partition_list(struct db *db, db_partition_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_partitions, e);
	int r = s != NULL ? 0 : -EIO;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1) {
		struct db_partition p = { .file = stmt_text(s, 0), .segments = sqlite3_column_int64(s, 1), .sessions = sqlite3_column_int64(s, 2),
			.bytes = sqlite3_column_int64(s, 3), .held = sqlite3_column_int64(s, 4), .erased_us = sqlite3_column_int64(s, 5) };

		r = fn(arg, &p);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

bool
db_partition_name(const char *month, char file[24])
{
	uint64_t year, m;

	if (strlen(month) != 7 || month[4] != '-' || !text_u64(slice_of(month, 4), 9999, &year) || year < 1970 ||
	    !text_u64(slice_of(month + 5, 2), 12, &m) || m < 1)
		return false;
	snprintf(file, 24, "rec-%s.seg", month);
	return true;
}

int64_t
db_partition_end(const char *file)
{
	int year, month;

	return seg_name_is_ours(file) && sscanf(file, "rec-%4d-%2d", &year, &month) == 2 && month >= 1 && month <= 12 ?
	    clock_month(year, (unsigned)month + 1).us : 0;
}

int
db_partition_oldest(struct db *db, char file[24], struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_oldest, e);
	int r = s != NULL ? stmt_step(db, s, e) : -EIO;

	if (r == 1)
		snprintf(file, 24, "%s", stmt_text(s, 0));
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
db_clock_doubt(struct db *db, char *why, size_t size, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_clock, e);
	int r = s != NULL ? stmt_step(db, s, e) : -EIO;

	if (r == 1 && sqlite3_column_int64(s, 0) != 0)
		r = 0;
	else if (r == 1)
		snprintf(why, size, "%s", stmt_text(s, 1));
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

int
db_clock_newest(struct db *db, struct db_clock *ret, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_newest, e);
	int r = s != NULL ? stmt_step(db, s, e) : -EIO;

	if (r == 1) {
		*ret = (struct db_clock){ .t_us = sqlite3_column_int64(s, 0), .mono_us = sqlite3_column_int64(s, 1) };
		snprintf(ret->boot, sizeof(ret->boot), "%s", stmt_text(s, 2));
	}
	if (s != NULL)
		sqlite3_reset(s);
	return r == 1 ? 0 : r == 0 ? -ENOENT : r;
}

int
db_clock_unseen(struct db *db, int64_t *us, struct err *e)
{
	return stmt_number(db, sql_unseen, us, e, "");
}

int
db_clock_unseen_put(struct db *db, int64_t us, struct err *e)
{
	return stmt_run(db, sql_unseen_put, e, "i", us);
}

/* The next segment of file that must stay.  1, 0 none is left, or negative. */
static int
move_next(struct db *db, const char *file, struct db_segment *g, int64_t *session, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_to_move, e);
	int r = s != NULL ? stmt_bind(db, s, e, "t", file) : -EIO;

	if (r == 0)
		r = stmt_step(db, s, e);
	if (r == 1) {
		*session = sqlite3_column_int64(s, 0);
		*g = (struct db_segment){ .no = (uint32_t)sqlite3_column_int64(s, 1), .off = (uint64_t)sqlite3_column_int64(s, 2),
			.len = (uint32_t)sqlite3_column_int64(s, 3), .file = file };
		sqlite3_reset(s);
	}
	return r;
}

/* 1: enough for one transaction, 0: all are moved. */
static int
segments_move(struct db *db, const char *file, int64_t t_us, struct err *e)
{
	struct slice parts[2] = { { 0 }, { 0 } };
	struct db_segment g;
	size_t moved = 0;
	struct buf bytes;
	int64_t session;
	uint64_t off;
	int r;

	buf_init(&bytes, SEGMENT_MAX);
	while ((r = move_next(db, file, &g, &session, e)) == 1 && moved < DB_MOVE_MAX) {
		buf_clear(&bytes);
		r = seg_read(db, &g, &bytes, e);
		parts[0] = buf_slice(&bytes);
		if (r == 0)
			r = seg_append(db, t_us, parts, &off, e);
		if (r == 0)
			r = stmt_run(db, sql_move, e, "tiii", db->seg_name, (int64_t)off, session, (int64_t)g.no);
		if (r != 0)
			break;
		moved += bytes.len;
	}
	buf_done(&bytes);
	return r;
}

static int
partition_read(struct db *db, const char *file, struct db_partition *p, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_partition, e);
	int64_t gone = 0;
	int r = s != NULL ? stmt_bind(db, s, e, "t", file) : -EIO;

	if (r == 0)
		r = stmt_step(db, s, e);
	if (r < 0)
		return r;
	*p = (struct db_partition){ .file = file, .segments = sqlite3_column_int64(s, 1), .sessions = sqlite3_column_int64(s, 2),
		.bytes = sqlite3_column_int64(s, 3) };
	sqlite3_reset(s);
	r = stmt_number(db, sql_is_gone, &gone, e, "t", file);
	if (r == 0 && gone != 0)
		return err_set(e, -EEXIST, "%s is erased already", file);
	return r == 0 && p->segments == 0 ? err_set(e, -ENOENT, "there are no recordings in %s", file) : r;
}

int
db_partition_erase(struct db *db, const char *file, int64_t t_us, struct db_partition *ret, struct err *e)
{
	int r = partition_read(db, file, ret, e);

	if (r == 0)
		r = segments_move(db, file, t_us, e);
	if (r != 0)
		return r;
	r = partition_read(db, file, ret, e);
	if (r == -ENOENT)                        /* all of it is held */
		*ret = (struct db_partition){ .file = file };
	else if (r != 0)
		return r;
	db->seg_epoch++;                         /* what was put there, and no row names yet, would go with it */
	db->seg_month[0] = '\0';                 /* the one that is written may be it */
	return stmt_run(db, sql_gone, e, "ti", file, t_us);
}

int
db_partition_gone(struct db *db, const char *from, char file[24], struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_newest_gone, e);
	int r = s != NULL ? stmt_bind(db, s, e, "t", from) : -EIO;

	if (r == 0)
		r = stmt_step(db, s, e);
	if (r == 1)
		snprintf(file, 24, "%s", stmt_text(s, 0));
	if (s != NULL)
		sqlite3_reset(s);
	return r < 0 ? r : 0;
}

int
db_partition_unlink(struct db *db, const char *file, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", db->dir, file);
	return unlink(path) == 0 || errno == ENOENT ? 0 : err_set(e, -errno, "%s/%s: %s", db->shown, file, strerror(errno));
}

int
db_partition_shrink(struct db *db, const char *file, struct err *e)
{
	char path[4096];
	struct stat st;
	int fd, r = 0;

	snprintf(path, sizeof(path), "%s/%s", db->dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > SHRINK_BYTES)
		r = ftruncate(fd, st.st_size - SHRINK_BYTES) == 0 ? 1 : 0;
	fd_close(&fd);
	return r == 1 ? 1 : db_partition_unlink(db, file, e);
}

int
db_partition_sweep(struct db *db, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql_all_gone, e);
	int r = s != NULL ? 0 : -EIO;

	while (r == 0 && (r = stmt_step(db, s, e)) == 1)
		r = seg_name_is_ours(stmt_text(s, 0)) ? db_partition_unlink(db, stmt_text(s, 0), e) : 0;
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

static int
none_of(struct db *db, const char *sql, const char *how, struct err *e)
{
	sqlite3_stmt *s = stmt_get(db, sql, e);
	int r = s != NULL ? stmt_step(db, s, e) : -EIO;

	if (r == 1)
		r = err_set(e, -EBADMSG, "%s %s", stmt_text(s, 0), how);
	if (s != NULL)
		sqlite3_reset(s);
	return r;
}

struct hold_check { struct db *db; struct err *e; };

static int
hold_check(void *arg, const struct db_hold *h)
{
	struct hold_check *c = arg;
	int64_t told = 0;
	int r = stmt_number(c->db, sql_hold_told, &told, c->e, "t", h->session);

	return r != 0 || told == 1 ? r : err_set(c->e, -EBADMSG, "holds are not as the record says: it has none of session %s", h->session);
}

int
db_keep_check(struct db *db, struct err *e)
{
	struct hold_check c = { db, e };
	int64_t more = 0;
	int r = none_of(db, sql_unsaid, "is marked as erased, and no event on the record says so", e);

	if (r == 0)
		r = none_of(db, sql_moved, "is not what the record says was erased there", e);
	if (r == 0)
		r = none_of(db, sql_held_gone, "was erased", e);
	if (r == 0)
		r = stmt_number(db, sql_holds_told, &more, e, "");
	if (r == 0 && more != 0)
		r = err_set(e, -EBADMSG, "holds are not as the record says: there are %lld too %s", (long long)(more < 0 ? -more : more),
		    more < 0 ? "few" : "many");
	return r == 0 ? db_hold_list(db, hold_check, &c, e) : r;
}
