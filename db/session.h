/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Recordings as rows: opening, closing, listing; and their segments. */
#ifndef DB_SESSION_H
#define DB_SESSION_H

#include "base/id.h"
#include "db/db.h"
#include "db/leaf.h"
#include "db/segment.h"

struct db_session {
	int64_t row;                              /* the database's own number */
	unsigned char id[ID_BYTES];
	char id_text[ID_TEXT];
	uint64_t conn;
	const char *user, *login, *host, *addr, *src, *method, *channel, *command, *term;
	uint32_t cols, rows;
	const char *rule, *policy;                /* policy: its hash, hex */
	const char *node, *boot;
	int64_t start_us, start_mono_us, open_leaf;
	const char *state;                        /* "open", "closed", "lost" */
	/* below: only when not open */
	int64_t end_us, close_leaf;               /* close_leaf -1 while open */
	const char *reason, *exit;                /* exit: decimal, "signal NAME", or empty */
	uint64_t bytes, frames;                   /* canonical bytes; frames */
	uint32_t segments;
	unsigned char chain[HASH_BYTES];
};

struct db_session_filter {                        /* zero or NULL: any */
	const char *user, *host, *state;
	const char *id_prefix;                    /* letters of the ULID, either case */
	int64_t since_us, until_us;               /* by start */
	unsigned max;                             /* rows; newest first */
};

/* Calls fn for each; fn's non-zero return ends it and is returned. */
typedef int db_session_fn(void *arg, const struct db_session *s);
int db_session_list(struct db *db, const struct db_session_filter *f, db_session_fn *fn, void *arg, struct err *e);

/* The newest of one user, by an index of their own: it costs the same however many others there are. */
int db_session_of_user(struct db *db, const char *user, unsigned max, db_session_fn *fn, void *arg, struct err *e);

/* Those of whose segments something has been erased. */
typedef int db_session_row_fn(void *arg, int64_t row);
int db_session_erased(struct db *db, db_session_row_fn *fn, void *arg, struct err *e);

/* At most max of those whose row is beyond `after`, in order of rows. */
int db_session_after(struct db *db, int64_t after, unsigned max, db_session_fn *fn, void *arg, struct err *e);

struct db_segment {
	uint32_t no;
	uint64_t pos0, pos1;
	uint32_t frames;
	uint64_t t0_ms, t1_ms;
	unsigned char prev[HASH_BYTES], hash[HASH_BYTES];
	int64_t leaf;
	const char *file;
	uint64_t off;
	uint32_t len;
	int64_t erased_us;
	char place[24];                           /* of db_segment_put: the file … */
	uint64_t epoch;                           /* … and since when its bytes stand there; 0: they do not */
};
typedef int db_segment_fn(void *arg, const struct db_segment *s);
int db_segment_list(struct db *db, int64_t session_row, db_segment_fn *fn, void *arg, struct err *e);
/* At most max of them, from number `from` on. */
int db_segment_from(struct db *db, int64_t session_row, uint32_t from, unsigned max, db_segment_fn *fn, void *arg,
    struct err *e);
/* The canonical frames of a segment, appended to raw; -EBADMSG with a sentence if the file does not hold it. */
int db_segment_read(struct db *db, const unsigned char id[ID_BYTES], const struct db_segment *s,
    struct buf *raw, struct err *e);

/* The leaf's data as it was added to the tree. */
int db_session_open_leaf(struct buf *out, const struct db_session *s);
int db_session_close_leaf(struct buf *out, const struct db_session *s);
int db_segment_leaf(struct buf *out, const char *id_text, const struct db_segment *s);

/* Writers (inside a transaction; the texts have been through db_text).  They add the leaf too. */
/* Sets row and open_leaf and gives h[0] of the chain. */
int db_session_open(struct db *db, struct db_session *s, unsigned char chain[HASH_BYTES], struct err *e);
int db_session_close(struct db *db, struct db_session *s, struct err *e);      /* sets close_leaf */
/* parts: from segment_pack; they go to the partition file of t_us, and g gets file, off, len and leaf. */
int db_segment_add(struct db *db, const struct db_session *s, struct db_segment *g, const struct slice parts[2],
    int64_t t_us, struct err *e);
/* The same in two steps.  First the bytes alone, at any time, so that the disk has begun with them when the transaction
 * comes; they are lost when one fails meanwhile, or erases a file.  Then, in it, what names them: -ESTALE if they were lost. */
int db_segment_put(struct db *db, struct db_segment *g, const struct slice parts[2], int64_t t_us, struct err *e);
int db_segment_name(struct db *db, const struct db_session *s, struct db_segment *g, struct err *e);
bool db_segment_is_put(const struct db *db, const struct db_segment *g);
int db_session_find(struct db *db, const unsigned char id[ID_BYTES], db_session_fn *fn, void *arg, struct err *e);
/* Bytes and frames already in segments, how many there are, and the chain there (h[0] where none is). */
int db_session_sealed(struct db *db, const struct db_session *s, uint64_t *pos, uint64_t *frames,
    uint32_t *segments, unsigned char chain[HASH_BYTES], struct err *e);

#endif
