/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Users, their keys, hosts and enrolment codes, in memory.  The store is where they
 * live; this is the copy that answers questions.  Rows come and go as the messages
 * that carry them; texts in structs belong to the directory and live until the next change.
 */
#ifndef GATE_DIRECTORY_H
#define GATE_DIRECTORY_H

#include "base/clock.h"
#include "base/err.h"
#include "msg/msg.h"

#define CODE_HASH 32
#define CODE_MISSES 5            /* wrong codes for a user; then those that wait are burnt */

struct directory;

struct dir_key { char *alg, *comment; unsigned char *blob; size_t blob_n; uint64_t added_us, expires_us; };
struct dir_user {
	char *name, *display, *groups;
	bool disabled;
	uint64_t created_us, expires_us;   /* expires: 0 for never */
	struct dir_key *keys;
	size_t nkeys;
	unsigned char factor[80];          /* sealed (gate/factor.h) */
	size_t factor_n;                   /* 0: none */
	uint64_t factor_step, factor_added_us;
	unsigned factor_fails;             /* wrong codes since the last right one … */
	int64_t factor_wait_us;            /* … and until when no code is looked at */
};
struct dir_host {
	char *name, *addr, *labels, *logins, *pins, *aliases;
	uint32_t port, kind;
	bool trust_first, pinning;         /* pinning: its first key is on the way to the store */
};

struct directory *directory_new(void);             /* NULL when out of memory */
void directory_free(struct directory *d);

/* Is this row acceptable as a put?  0, or -EINVAL / -ENOENT with e saying why.  Deletes of what is not there: -ENOENT. */
int directory_check(const struct directory *d, unsigned type, const void *row, struct err *e);
/* Takes one MSG_DIR_USER, _KEY, _HOST or _CODE in: op DELETE removes, others put.  0, -ENOSPC, -ENOMEM, -ENOENT. */
int directory_apply(struct directory *d, unsigned type, const void *row);

struct dir_user *directory_find_user(const struct directory *d, struct slice name);     /* or NULL */
/* NULL, or why this user is not let in now: locked, expired. */
const char *directory_refuses(const struct dir_user *u, wall_t now);
bool directory_is_over(uint64_t expires_us, wall_t now);
const struct dir_key *directory_find_key(const struct dir_user *u, struct slice blob);      /* or NULL */
struct dir_host *directory_host_named(const struct directory *d, struct slice name);    /* or NULL; see also match.h */

/* Is there a code of this user with this hash that has not expired? */
bool directory_has_code(const struct directory *d, struct slice user, const unsigned char hash[CODE_HASH], wall_t now);
/* The same, and it is gone: exactly one caller gets true. */
bool directory_take_code(struct directory *d, struct slice user, const unsigned char hash[CODE_HASH], wall_t now);
/* One that has expired: it is gone, user and hash tell which.  False: there is none (any more). */
bool directory_take_expired(struct directory *d, wall_t now, char user[65], unsigned char hash[CODE_HASH]);
/* Somebody has named a wrong code for user. */
void directory_miss_codes(struct directory *d, struct slice user);
/* A code of user that has been missed too often: it is gone, hash tells which.  False: there is none (any more). */
bool directory_take_missed(struct directory *d, struct slice user, unsigned char hash[CODE_HASH]);

/* The place of text, or where it would stand among the hosts' names. */
size_t directory_host_place(const struct directory *d, struct slice text);
size_t directory_users(const struct directory *d);
size_t directory_hosts(const struct directory *d);
struct dir_user *directory_user_at(const struct directory *d, size_t i);      /* in order of names */
struct dir_host *directory_host_at(const struct directory *d, size_t i);

#endif
