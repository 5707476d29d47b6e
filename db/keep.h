/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * How long recordings are kept.  A month's recordings lie in one partition, which is erased as a whole: its file goes, the rows and
 * the proofs of what was in it stay.  A hold keeps one session from that: its segments are moved to the newest partition first,
 * and so are those of sessions that are still open.
 */
#ifndef DB_KEEP_H
#define DB_KEEP_H

#include "base/id.h"
#include "db/db.h"

#define DB_MOVE_MAX (16u << 20)                  /* bytes that one transaction moves */

struct db_hold { char session[ID_TEXT]; const char *user, *host, *reason, *actor; int64_t since_us; };
typedef int db_hold_fn(void *arg, const struct db_hold *h);
int db_hold_list(struct db *db, db_hold_fn *fn, void *arg, struct err *e);

struct db_partition { const char *file; int64_t segments, sessions, bytes, held, erased_us; };    /* held: sessions under a hold */
typedef int db_partition_fn(void *arg, const struct db_partition *p);
/* Oldest first. */
int db_partition_list(struct db *db, db_partition_fn *fn, void *arg, struct err *e);

/* The first moment that is in no recording of this partition any more; 0: file is none. */
int64_t db_partition_end(const char *file);
/* The oldest one that is not erased.  1, 0 there is none, or negative. */
int db_partition_oldest(struct db *db, char file[24], struct err *e);

/* May the clock be gone by when something is to be erased for its age?  Events of class 6002 with detail.what "clock" say that it
 * leapt (not ok), or that an administrator has looked at it (ok); the newest counts.  1: no, and why; 0: yes; negative: unknown. */
int db_clock_doubt(struct db *db, char *why, size_t size, struct err *e);
/* When the newest event was written, by both clocks.  -ENOENT: there is none. */
struct db_clock { int64_t t_us, mono_us; char boot[40]; };
int db_clock_newest(struct db *db, struct db_clock *ret, struct err *e);
int db_clock_unseen(struct db *db, int64_t *us, struct err *e);           /* as the writer has left it */

/* Writers, inside a transaction. */
int db_clock_unseen_put(struct db *db, int64_t us, struct err *e);
/* -ENOENT: no such session, -EEXIST: it is held already. */
int db_hold_put(struct db *db, const unsigned char id[ID_BYTES], const char *reason, const char *actor, int64_t t_us, struct err *e);
int db_hold_delete(struct db *db, const unsigned char id[ID_BYTES], struct err *e);        /* -ENOENT: it is not held */
/* "YYYY-MM": its file's name; false: that is no month. */
bool db_partition_name(const char *month, char file[24]);
/* 1: segments that must stay were moved, and there are more: call again in another transaction.  0: erased; the file is to be
 * unlinked by db_partition_unlink after the COMMIT.  -ENOENT: there is none; -EEXIST: it is erased already. */
int db_partition_erase(struct db *db, const char *file, int64_t t_us, struct db_partition *ret, struct err *e);
/* Of the partitions from this one on the newest that is erased; "": none is. */
int db_partition_gone(struct db *db, const char *from, char file[24], struct err *e);
int db_partition_unlink(struct db *db, const char *file, struct err *e);
/* The same a piece at a time, for a file so large that taking it away at once would hold up the caller.  1: there is more. */
int db_partition_shrink(struct db *db, const char *file, struct err *e);
/* For the start: what a crash left between the two. */
int db_partition_sweep(struct db *db, struct err *e);

/* What is erased or held against what the events say of it.  0, or -EBADMSG with the first that does not fit. */
int db_keep_check(struct db *db, struct err *e);

#endif
