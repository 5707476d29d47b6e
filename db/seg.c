/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The partition files rec-YYYY-MM.seg: segments one after another, only ever appended to.
 * Their bytes are synced before the COMMIT of the rows that point at them, so whatever lies
 * beyond the last row's end was never promised to anybody; a failed commit cuts it off again.
 *
 * What is erased is erased for good: a clock that was set back into such a month finds the next one that is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "db/keep.h"
#include "db/session.h"
#include "db/stmt.h"

#define EARLY_BYTES 262144

static int
seg_path(const struct db *db, const char *name, char *path, size_t size)
{
	return (size_t)snprintf(path, size, "%s/%s", db->dir, name) < size ? 0 : -ENAMETOOLONG;
}

/* A new file's name must be durable too. */
static int
dir_sync(const struct db *db)
{
	int fd = open(db->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0 || fsync(fd) != 0)
		r = -errno;
	fd_close(&fd);
	return r;
}

static int
seg_open(struct db *db, const char *name, struct err *e)
{
	char path[4096];
	struct stat st;
	int r;

	r = seg_path(db, name, path, sizeof(path));
	if (r != 0)
		return err_set(e, r, "%s: too long a path", db->shown);
	db->seg_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (db->seg_fd < 0 || fstat(db->seg_fd, &st) != 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (st.st_size == 0 && (r = dir_sync(db)) != 0)
		return err_set(e, r, "%s: %s", db->shown, strerror(-r));
	snprintf(db->seg_name, sizeof(db->seg_name), "%s", name);
	db->seg_base = db->seg_end = (uint64_t)st.st_size;
	return 0;
}

void
seg_close(struct db *db)
{
	if (db->seg_fd >= 0 && db->seg_end != db->seg_base) {
		(void)!ftruncate(db->seg_fd, (off_t)db->seg_base);
		db->seg_epoch++;
	}
	fd_close(&db->seg_fd);
	db->seg_dirty = false;
}

int
seg_sync(struct db *db, struct err *e)
{
	if (!db->seg_dirty)
		return 0;
	if (fdatasync(db->seg_fd) != 0)
		return err_set(e, -errno, "%s/%s: %s", db->shown, db->seg_name, strerror(errno));
	db->seg_dirty = false;
	/* Nobody reads it again soon: it must not push out of memory what somebody does. */
	if (db->seg_end - db->seg_base >= EARLY_BYTES)
		(void)posix_fadvise(db->seg_fd, (off_t)db->seg_base, (off_t)(db->seg_end - db->seg_base), POSIX_FADV_DONTNEED);
	db->seg_base = db->seg_end;
	return 0;
}

/* month: counted from 0000-01 */
static void
seg_print(char name[24], unsigned month)
{
	snprintf(name, 24, "rec-%04u-%02u.seg", month / 12 % 10000, month % 12 + 1);
}

/* The month's own, or what follows the newest one from there on that was erased. */
static int
seg_choose(struct db *db, const char *month, char name[24], struct err *e)
{
	unsigned year, m;
	char gone[24];
	int r = db_partition_gone(db, month, gone, e);

	if (r == 0 && sscanf(gone, "rec-%4u-%2u", &year, &m) == 2)
		seg_print(name, year * 12 + m);
	else
		snprintf(name, 24, "%s", month);
	return r;
}

static int
seg_select(struct db *db, int64_t t_us, struct err *e)
{
	time_t t = (time_t)(t_us / 1000000);
	char month[24], name[24];
	struct tm tm;
	int r;

	gmtime_r(&t, &tm);
	seg_print(month, (unsigned)(tm.tm_year + 1900) * 12 + (unsigned)tm.tm_mon);
	if (db->seg_fd >= 0 && strcmp(month, db->seg_month) == 0)
		return 0;
	r = seg_choose(db, month, name, e);
	if (r != 0)
		return r;
	snprintf(db->seg_month, sizeof(db->seg_month), "%s", month);
	if (db->seg_fd >= 0 && strcmp(name, db->seg_name) == 0)
		return 0;
	/* A sync that failed says so only once: what it was for must not be taken for durable by the next one. */
	r = db->seg_fd >= 0 ? seg_sync(db, e) : 0;
	seg_close(db);
	return r == 0 ? seg_open(db, name, e) : r;
}

/* What is left of both parts behind the first `done` bytes. */
static ssize_t
parts_write(int fd, const struct slice parts[2], size_t done, uint64_t at)
{
	size_t first = done < parts[0].n ? done : parts[0].n, second = done - first;
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)(parts[0].p + first), .iov_len = parts[0].n - first },
		{ .iov_base = (void *)(uintptr_t)(parts[1].p + second), .iov_len = parts[1].n - second },
	};

	return pwritev(fd, iov, 2, (off_t)(at + done));
}

int
seg_append(struct db *db, int64_t t_us, const struct slice parts[2], uint64_t *off, struct err *e)
{
	size_t done = 0, all = parts[0].n + parts[1].n;
	int r;

	r = seg_select(db, t_us, e);
	if (r != 0)
		return r;
	while (done < all) {
		ssize_t n = parts_write(db->seg_fd, parts, done, db->seg_end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n == 0 ? -ENOSPC : -errno;
			(void)!ftruncate(db->seg_fd, (off_t)db->seg_end);
			return err_set(e, r, "%s/%s: %s", db->shown, db->seg_name, strerror(-r));
		}
		done += (size_t)n;
	}
	/* The disk may begin with a large one now: then the sync before the COMMIT has less to wait for. */
	if (all >= EARLY_BYTES)
		(void)sync_file_range(db->seg_fd, (off_t)db->seg_end, (off_t)all, SYNC_FILE_RANGE_WRITE);
	*off = db->seg_end;
	db->seg_end += all;
	db->seg_dirty = true;
	return 0;
}

/* Only names that seg_select makes: a row never points anywhere else. */
bool
seg_name_is_ours(const char *name)
{
	int year, month, end = 0;

	return strlen(name) == 15 && sscanf(name, "rec-%4d-%2d.seg%n", &year, &month, &end) == 2 && end == 15;
}

int
seg_read(struct db *db, const struct db_segment *s, struct buf *bytes, struct err *e)
{
	unsigned char *p;
	char path[4096];
	ssize_t n;
	int fd, r;

	if (!seg_name_is_ours(s->file) || s->len > SEGMENT_MAX || seg_path(db, s->file, path, sizeof(path)) != 0)
		return err_set(e, -EBADMSG, "segment %u: its row points nowhere", s->no);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	p = buf_reserve(bytes, s->len);
	n = p == NULL ? 0 : pread(fd, p, s->len, (off_t)s->off);
	r = p == NULL ? err_set(e, -ENOMEM, "out of memory for a segment") :
	    n != (ssize_t)s->len ? err_set(e, -EBADMSG, "%s: cut short at segment %u", path, s->no) : 0;
	if (r == 0)
		buf_added(bytes, s->len);
	fd_close(&fd);
	return r;
}

int
db_segment_read(struct db *db, const unsigned char id[ID_BYTES], const struct db_segment *s,
    struct buf *raw, struct err *e)
{
	struct segment g;
	struct buf bytes;
	int r;

	if (s->erased_us != 0)
		return err_set(e, -ENODATA, "its part %u was erased, since its time was over", s->no);
	buf_init(&bytes, SEGMENT_MAX);
	r = seg_read(db, s, &bytes, e);
	if (r == 0) {
		r = segment_unpack(buf_slice(&bytes), &g, raw);
		if (r == 0 && (memcmp(g.id, id, ID_BYTES) != 0 || g.no != s->no || g.pos0 != s->pos0 ||
		    g.pos0 + g.raw_len != s->pos1 || g.frames != s->frames))
			r = -EBADMSG;
		if (r != 0)
			r = err_set(e, r, "%s: segment %u at byte %llu is damaged or another's", s->file, s->no,
			    (unsigned long long)s->off);
	}
	buf_done(&bytes);
	return r;
}
