/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The index of texts: text.db in a directory of its own, made from recordings and events so that what they say is found and
 * a replay need not begin at the beginning.  It is no evidence and may be removed at any time: it is made again.
 *
 *     done  how far each recording is in it, and the screen there
 *     line  what was to be read: of a recording (class INDEX_SCREEN, INDEX_COMMAND; t_ms), or of an event (its OCSF class;
 *           session 0 and its id as t_ms); found by trigrams (FTS5)
 *     key   keyframes of recordings
 *     command  of the lines that are commands: how they are known, and how they ended
 *
 * Codes and texts are as in db.h.
 */
#ifndef DB_INDEX_H
#define DB_INDEX_H

#include "base/command.h"
#include "base/frame.h"
#include "base/id.h"
#include "db/db.h"

#define INDEX_FILE "text.db"

enum { INDEX_SCREEN = 1, INDEX_COMMAND = 2 };

struct index;

struct index_line {
	int64_t session;                          /* the database's number; 0: an event's */
	unsigned class_uid;
	uint64_t t_ms;                            /* an event's id */
	struct slice text;
};

struct index_done {
	int64_t session;
	unsigned char id[ID_BYTES];               /* its name: an index may be of another database */
	bool over;                                /* nothing more will come */
	/* What is in the index: all of it; of its end only lines, since it is slow to render; what could be read; nothing any more. */
	enum { INDEX_WHOLE, INDEX_SLOW, INDEX_UNREAD, INDEX_ERASED } how;
	int64_t last_line;                        /* set when it is put: the lines that were there then */
	struct frame_screen at;
};

/* write: makes it, and makes it anew where it is damaged or of another version.  NULL with e; -ENOENT: there is none. */
struct index *index_open(const char *dir, bool write, struct err *e);
void index_close(struct index *x);

/* Writing, between these; a failed one leaves nothing. */
int index_begin(struct index *x, struct err *e);
int index_commit(struct index *x, struct err *e);
void index_rollback(struct index *x);
int index_add(struct index *x, const struct index_line *l, struct err *e);
/* A line of class INDEX_COMMAND, and what is known of it; the last one that was added of a session, known better. */
int index_add_command(struct index *x, int64_t session, const struct command_seen *c, struct err *e);
int index_better(struct index *x, int64_t session, const struct command_seen *c, struct err *e);
int index_add_key(struct index *x, int64_t session, const struct frame_screen *k, struct err *e);
int index_set_done(struct index *x, const struct index_done *d, struct err *e);
/* All of a recording leaves it; after some of them, sweep overwrites what they said (it takes long). */
int index_forget(struct index *x, const struct index_done *d, struct err *e);
int index_sweep(struct index *x, struct err *e);
/* What was added of a recording since *d was put leaves it: the work of a run that was broken off. */
int index_trim(struct index *x, const struct index_done *d, struct err *e);
/* Every recording up to this row has been begun, every event up to this id is in it. */
int index_set_mark(struct index *x, int64_t session, int64_t event, struct err *e);

/* Reading.  Where a recording is; -ENOENT: not begun.  Paint: until the next call. */
int index_find_done(struct index *x, int64_t session, struct index_done *d, struct err *e);
/* Those that may grow. */
typedef int index_session_fn(void *arg, int64_t session);
int index_list_open(struct index *x, index_session_fn *fn, void *arg, struct err *e);
int index_find_mark(struct index *x, int64_t *session, int64_t *event, struct err *e);
/* The last keyframe at or before t_ms; -ENOENT. */
int index_find_key(struct index *x, int64_t session, uint64_t t_ms, struct frame_screen *k, struct err *e);

/* The commands of a recording, in order; their text until fn returns, whose non-zero return ends it and is returned. */
typedef int index_command_fn(void *arg, const struct command_seen *c);
int index_list_commands(struct index *x, int64_t session, index_command_fn *fn, void *arg, struct err *e);

struct index_query {
	const char *text;                         /* as it stands, UTF-8 */
	bool exact_case;
	unsigned class_uid;                       /* 0: any */
	int64_t session;                          /* 0: any */
};
typedef int index_line_fn(void *arg, const struct index_line *l);
/* Newest first as they were indexed; fn's non-zero return ends it and is returned. */
int index_search(struct index *x, const struct index_query *q, index_line_fn *fn, void *arg, struct err *e);

#endif
