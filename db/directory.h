/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Users, their groups and keys, hosts, enrolment codes, policies: the rows that gate loads and changes. */
#ifndef DB_DIRECTORY_H
#define DB_DIRECTORY_H

#include <stdbool.h>

#include "db/db.h"

struct db_user { const char *name, *display, *groups, *attrs; bool disabled; int64_t created_us, expires_us; };
struct db_group { const char *name, *description; };
struct db_key { const char *user, *alg; struct slice blob; const char *comment; int64_t added_us, expires_us; };
struct db_host {
	const char *name, *addr;
	uint32_t port, target_kind, trust_first;
	const char *labels, *logins, *pins, *aliases;
};
struct db_code { const char *user; struct slice hash; int64_t expires_us; };
struct db_factor { const char *user; struct slice sealed; int64_t step, added_us; };
struct db_policy { int64_t id; const char *hash; struct slice body; const char *actor; int64_t seen_us; };   /* hash: hex */

typedef int db_user_fn(void *arg, const struct db_user *u);
typedef int db_group_fn(void *arg, const struct db_group *g);
typedef int db_key_fn(void *arg, const struct db_key *k);
typedef int db_host_fn(void *arg, const struct db_host *h);
typedef int db_code_fn(void *arg, const struct db_code *c);
typedef int db_factor_fn(void *arg, const struct db_factor *f);
typedef int db_policy_fn(void *arg, const struct db_policy *p);

/* By name; each stops at fn's first non-zero and returns it.  Whoever only reads is refused while a change in bulk is taken (db/bulk.h). */
int db_user_list(struct db *db, db_user_fn *fn, void *arg, struct err *e);
int db_group_list(struct db *db, db_group_fn *fn, void *arg, struct err *e);
int db_key_list(struct db *db, db_key_fn *fn, void *arg, struct err *e);
int db_host_list(struct db *db, db_host_fn *fn, void *arg, struct err *e);
int db_code_list(struct db *db, db_code_fn *fn, void *arg, struct err *e);
int db_factor_list(struct db *db, db_factor_fn *fn, void *arg, struct err *e);
int db_policy_list(struct db *db, db_policy_fn *fn, void *arg, struct err *e);          /* oldest first */

/* Writers, inside a transaction.  before: the row that was there as JSON, or empty; after: as it is now. */
int db_user_put(struct db *db, const struct db_user *u, struct buf *before, struct buf *after, struct err *e);
int db_group_put(struct db *db, const struct db_group *g, struct buf *before, struct buf *after, struct err *e);
int db_key_put(struct db *db, const struct db_key *k, struct buf *before, struct buf *after, struct err *e);
int db_host_put(struct db *db, const struct db_host *h, struct buf *before, struct buf *after, struct err *e);
int db_code_put(struct db *db, const struct db_code *c, struct buf *before, struct buf *after, struct err *e);
int db_factor_put(struct db *db, const struct db_factor *f, struct buf *before, struct buf *after, struct err *e);
/* -ENOENT: no such row.  A deleted user takes keys and codes along. */
int db_user_delete(struct db *db, const struct db_user *u, struct buf *before, struct err *e);
int db_group_delete(struct db *db, const struct db_group *g, struct buf *before, struct err *e);
int db_key_delete(struct db *db, const struct db_key *k, struct buf *before, struct err *e);
int db_host_delete(struct db *db, const struct db_host *h, struct buf *before, struct err *e);
int db_code_delete(struct db *db, const struct db_code *c, struct buf *before, struct err *e);
int db_factor_delete(struct db *db, const struct db_factor *f, struct buf *before, struct err *e);
/* 1: a new version, 0: the newest one was the same already. */
int db_policy_seen(struct db *db, const struct db_policy *p, struct err *e);

#endif
