/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the store's modules share.  Everything that came and is not durable yet hangs here:
 * operations in the order they came, and recordings with frames that wait.  A commit takes
 * all of it in one transaction; only then is anything answered.  When a commit fails all
 * of it stays where it is, to be tried again.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/clock.h"
#include "db/event.h"
#include "db/note.h"
#include "db/session.h"
#include "msg/chan.h"

#define CLIENT_RECS_MAX    256
#define CLIENT_OPS_MAX     256            /* unanswered operations: then it is not read until a commit */
#define CLIENT_BYTES_MAX   (8u << 20)     /* frames not durable: the same */
#define COMMIT_BYTES       (4u << 20)     /* so much waits: commit at once */
#define STORE_BYTES_MAX    (64u << 20)    /* of all clients, while the disk fails */
#define STORE_EVENTS_MAX   20000          /* the same; those beyond are counted … */
#define STORE_OPS_MAX      (32u << 20)    /* … and so are those beyond these bytes */

#define SPARES_MAX         6               /* buffers of segments that go round */

struct store;
struct bulk;
struct outside;

struct client {
	struct client *next;
	struct store *store;
	struct chan *chan;                /* NULL once it has ended */
	enum link_end end;
	uint64_t conn;
	char peer[64], user[256];         /* of a front: from where it comes, whom it serves (claims.c); "": not known yet */
	struct rec *own;                  /* its recordings, newest first, by rec.next_own */
	struct rec *latest;               /* the one that was looked up last */
	unsigned recs, ops;
	size_t bytes;
	bool paused;
};

/* A message that waits for the next commit. */
struct op {
	struct op *next;
	struct client *client;            /* NULL: nobody waits for an answer */
	struct rec *rec;                  /* of MSG_REC_OPEN */
	enum msg_type type;
	uint32_t req;                     /* or the recording's number */
	wall_t at;
	mono_t at_mono;
	struct buf bytes;                 /* the datagram */
	bool refused;
	char text[512];                   /* why */
};

/* A run of frames, full, that is not on disk yet. */
struct staged {
	struct staged *next;
	struct db_segment seg;
	struct buf raw;
};

struct rec {
	struct rec *next, *next_own;
	const struct op *opening;         /* it waits for this one */
	struct client *client;
	uint32_t number;
	struct db_session session;        /* its texts live in pool until it is open */
	struct buf pool;
	bool opened, closing, told, dirty, seal;
	struct staged *first, **last;
	struct db_segment open;           /* the segment that grows; its frames: */
	struct buf raw;
	size_t journaled;                 /* of raw: durable in the journal */
	size_t journaling;                /* durable with the commit that runs */
	int64_t journal_first;            /* oldest journal row that is needed; 0: none */
	mono_t since;                     /* of raw's first byte */
	mono_t last_frame;                /* when something came last */
	int64_t seal_after_ms;
	uint64_t acked;
	char reason[512], exit[64], user[68], host[68];
};

struct store {
	struct loop *loop;
	struct db *db;
	struct note_key *key;
	bool key_is_new;                  /* made by this start: there was no database before it */
	struct outside *outside;          /* checkpoints go there too; NULL: nowhere */
	char node[64], boot[37];
	struct client *clients;
	struct client *monitor;
	struct rec *recs;
	struct op *ops, **ops_last;
	struct bulk *bulk;                /* many rows of the directory on their way; NULL: none */
	unsigned ops_n;
	size_t ops_bytes;
	bool full;                        /* half of that is taken: the monitor lets nobody in */
	uint64_t events_lost;             /* since the disk fails */
	unsigned dirty;                   /* recordings with frames that wait, or closing */
	size_t bytes;
	mono_t last_commit;
	struct loop_timer commit_timer, tick_timer;
	struct buf journal, packed;
	struct buf spares[SPARES_MAX];
	unsigned spares_n;
	unsigned ticks;
	bool trim, stopping, force;
	bool sweep;                       /* some client may be needed no more */
	bool failing;
	mono_t failing_since;
	char why[400];
	char erased[24];                  /* the partition that this transaction erases; empty: none */
	char shrinking[24];               /* whose file goes, a piece a tick; the same */
	struct retain {
		uint64_t keep_s;          /* 0: for ever */
		mono_t next;              /* when to look again */
		char asked[24];           /* the partition that a tick asked for last */
		wall_t wall;              /* both clocks, at the last tick */
		mono_t mono;
		int64_t unseen_us;        /* how far wall has come that no store has seen pass, less what it has seen since … */
		int64_t saved_us, saving_us;         /* … as the database has it, and will have it with this transaction */
		bool doubted;             /* it leapt, and nobody has looked at it … */
		bool believed;            /* … before this transaction, which says that somebody has */
	} retain;
	uint64_t signed_size, signing_size;
	mono_t signed_at;
	bool sign_soon;                   /* a session has closed */
	bool sign_now;                    /* with this transaction */
	struct buf note;                  /* signed in this transaction, to be handed out after it */
};

/* client.c */
struct client *client_new(struct store *st, int fd, enum link_end end, uint64_t conn, struct slice peer);
void client_balance(struct client *c);             /* pauses or reads on */
void clients_sweep(struct store *st);              /* frees those that have ended and are not needed any more */

/* claims.c: what fronts say of themselves is made what monitor and gate say of them.  False, or the client that is returned: it
 * broke the rules and must go. */
bool claims_event(struct client *c, struct msg_event *m);
bool claims_session(struct client *c, struct msg_rec_open *m);
struct client *claims_admit(struct store *st, const struct msg_admitted *m);
void claims_meet(struct client *c);                /* a new one, of whom the gate may have spoken already */

/* ingest.c: what fronts say about recordings.  False: the client broke the rules and must go. */
bool ingest_open(struct client *c, const struct msg_rec_open *m);
bool ingest_data(struct client *c, const struct msg_rec_data *m);
bool ingest_close(struct client *c, const struct msg_rec_close *m);
void ingest_lost(struct client *c, const char *reason);         /* all of its recordings end as lost */
void rec_mark(struct rec *r);                      /* it has something for the next commit */
void rec_free(struct rec *r);
bool rec_stage(struct rec *r);                     /* closes the growing segment, starts the next */
void raw_put(struct store *st, struct buf *raw);   /* a segment's frames are on disk: its buffer may serve again */

/* commit.c */
bool ops_are_full(const struct store *st);         /* while it fails: what comes now is only counted */
struct op *op_add(struct store *st, struct client *c, enum msg_type type, const void *message);
void commit_turn(void *store);                     /* after each turn of the loop: now, later, or nothing to do */
int commit_now(struct store *st);                  /* 0 or the failure, which is then the store's state */
void commit_tick(void *store);
void commit_drop(struct store *st);                /* at the end: what is still here was not written */
/* An event of the store's own, for the next commit. */
void store_event(struct store *st, uint32_t activity, bool ok, const char *session, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* event.c, directory.c, record.c: inside the transaction.  0; 1 refused (op->text says why); negative: it failed. */
int apply_event(struct store *st, struct op *op, struct err *e);
int apply_directory(struct store *st, struct op *op, struct err *e);
int apply_policy(struct store *st, struct op *op, struct err *e);
int apply_upkeep(struct store *st, struct op *op, struct err *e);
void upkeep_done(struct store *st);                             /* after the COMMIT: the file of what was erased goes … */
void upkeep_tick(struct store *st);                             /* … a piece at a time */
int record_open(struct store *st, struct rec *r, struct err *e);
int record_write(struct store *st, struct rec *r, struct err *e);
void record_put(struct store *st, struct rec *r, struct staged *s);      /* before it: a full segment's bytes */
int record_close(struct store *st, struct rec *r, struct err *e);
void record_done(struct store *st, struct rec *r, int64_t journal_row);    /* after the COMMIT */
int event_add(struct store *st, wall_t at, mono_t at_mono, const struct msg_event *m, struct err *e);
void directory_load(struct client *c, uint32_t req);

/* Rows that may come in bulk, each u32 length and its message: 1 and the next one, 0 at the end, -EBADMSG. */
union directory_row { unsigned char bytes[512]; uint64_t align; struct msg_dir_user head; };
bool directory_comes_in_bulk(unsigned type);
int directory_row_next(struct slice *rows, union directory_row *row, enum msg_type *type);
/* In the transaction.  *whole becomes false if a row cannot be: it is left out, and the record says so. */
int directory_take(struct store *st, struct slice actor, struct slice rows, bool *whole, struct err *e);

/* bulk.c: many rows as one change, a step for each commit. */
int bulk_resume(struct store *st, struct err *e);               /* what a former life left */
bool bulk_start(struct client *c, const struct msg_dir_apply *m, int *fd);       /* *fd is taken.  False: the client must go */
bool bulk_holds(const struct store *st, const struct op *op);   /* it waits until the change in bulk is over */
int bulk_step(struct store *st, struct err *e);                 /* in the transaction */
void bulk_done(struct store *st);                               /* after it */
void bulk_refuse(struct store *st);                             /* it failed: what is not decided is not going to be */
void bulk_free(struct bulk *b);                                 /* NULL is fine */

/* retain.c: what is older than RetainRecordings goes. */
int retain_start(struct store *st, struct err *e);              /* before the first event of this life */
void retain_tick(struct store *st);
int retain_write(struct store *st, struct err *e);              /* in the transaction */
void retain_done(struct store *st);                             /* after it */
void retain_answer(struct store *st, bool ok, const char *text);         /* what became of what a tick asked for */
/* sessions.c */
int sessions_send_open(struct client *c, const struct msg_live_ask *m);      /* the same */
int sessions_send(struct client *c, const struct msg_sessions_ask *m);       /* 0, or negative: the asker breaks the rules */

/* checkpoint.c */
int checkpoint_key(struct store *st, const char *path, uid_t uid, struct err *e);
int checkpoint_write(struct store *st, struct err *e);          /* in the transaction, if it is time */
void checkpoint_publish(struct store *st);                      /* after it */

/* outside.c: another copy of each checkpoint, by a child that may hang.  NULL is fine; outside_start: one of path (a file) and
 * log (syslog's socket) may be NULL. */
struct outside *outside_start(const char *path, const char *log, const char *account, struct err *e);     /* before the sandbox */
void outside_write(struct outside *o, struct slice note);
void outside_look(struct outside *o);                           /* now and then: how it goes */
void outside_finish(struct outside *o);                         /* waits for a moment, and frees */

/* recover.c: closes what a former life left open. */
int recover(struct store *st, struct err *e);

#endif
