/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Audit events: one sequence, append-only, each a leaf. */
#ifndef DB_EVENT_H
#define DB_EVENT_H

#include <stdbool.h>

#include "db/db.h"

struct db_event {
	int64_t id, t_us, mono_us, leaf;
	const char *boot;
	uint32_t class_uid, activity, severity, ok;      /* OCSF numbers */
	const char *actor, *session, *host, *src;        /* session: ULID text or empty */
	const char *text, *detail;                       /* one sentence; a JSON object or empty */
};

struct db_event_filter {                                 /* zero or NULL: any */
	int64_t from_us, until_us;                       /* from <= t < until */
	const char *session, *actor, *host;
	unsigned class_uid;
	bool failed_only;
	int64_t after_id;
	unsigned newest;                                 /* not more than these; 0: all */
};

typedef int db_event_fn(void *arg, const struct db_event *v);
/* Oldest first, in short reads, none of which is open while fn runs; fn's non-zero return ends it and is returned. */
int db_event_list(struct db *db, const struct db_event_filter *f, db_event_fn *fn, void *arg, struct err *e);
int db_event_find(struct db *db, int64_t id, db_event_fn *fn, void *arg, struct err *e);      /* -ENOENT */
/* Where to begin: no event of t_us or later has this id or a lower one. */
int db_event_before(struct db *db, int64_t t_us, int64_t *id, struct err *e);
int db_event_newest(struct db *db, int64_t *id, struct err *e);                               /* 0: there is none */
int db_event_leaf(struct buf *out, const struct db_event *v);

/* Writer: sets id and leaf. */
int db_event_add(struct db *db, struct db_event *v, struct err *e);

#endif
