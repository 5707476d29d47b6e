/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Users, their groups and keys, hosts and enrolment codes, in memory.  The store is where they
 * live; this is the copy that answers questions.  Rows come and go as the messages
 * that carry them; texts in structs belong to the directory and live until the next change.
 */
#ifndef GATE_DIRECTORY_H
#define GATE_DIRECTORY_H

#include "base/clock.h"
#include "base/err.h"
#include "gate/codes.h"

#define DIRECTORY_KEYS_MAX 64     /* of one user */

struct directory;

/* The second factor of a user, one and the same in all copies of the directory; with another one another life of that name begins. */
struct dir_factor {
	unsigned char sealed[80];          /* (gate/factor.h) */
	size_t n;                          /* 0: none */
	uint64_t step, added_us;
	unsigned fails;                    /* wrong codes since the last right one … */
	int64_t wait_us;                   /* … and until when no code is looked at */
	unsigned users;                    /* whose it is: one in each copy */
};
struct dir_key { char *alg, *comment; unsigned char *blob; size_t blob_n; uint64_t added_us, expires_us; };
struct dir_user {
	char *name, *display, *groups, *attrs;
	bool disabled;
	uint64_t created_us, expires_us;   /* expires: 0 for never */
	struct dir_key *keys;
	size_t nkeys;
	struct dir_factor *factor;
};
struct dir_group { char *name, *description; };      /* not every group that users are in has one */
struct dir_host {
	char *name, *addr, *labels, *logins, *pins, *aliases;
	uint32_t port, kind;
	bool trust_first, pinning;         /* pinning: its first key is on the way to the store */
	struct called *called;             /* called.c */
	size_t called_n;
};

struct directory *directory_new(void);             /* NULL when out of memory */
void directory_free(struct directory *d);
/* The same bit by bit, to be freed at the end: one row goes, nothing may be asked any more.  false: there was none. */
bool directory_shed(struct directory *d);

/* Rows that come in order of names, many of them, are taken in fast between these two; meanwhile _at and _place are not asked. */
void directory_begin(struct directory *d);
int directory_settle(struct directory *d);         /* 0, or -ENOMEM: as before */
/* So many hosts will be there: room for what they are called, now rather than when one comes. */
void directory_expect(struct directory *d, size_t hosts);
/* Takes one MSG_DIR_USER, _GROUP, _KEY, _HOST, _CODE or _FACTOR in: op DELETE removes, others put.  0, -ENOSPC, -ENOMEM, -ENOENT. */
int directory_apply(struct directory *d, unsigned type, const void *row);

/* u is a copy of `of`. */
void directory_share_factor(struct dir_user *u, const struct dir_user *of);
/* d, a copy of old, takes its place: what is no row moves there. */
void directory_succeed(struct directory *d, struct directory *old);
/* Was this user in old and is gone in d, be there another of that name? */
bool directory_lost_user(const struct directory *d, const struct directory *old, struct slice name);

struct dir_user *directory_find_user(const struct directory *d, struct slice name);     /* or NULL */
/* NULL, or why this user is not let in now: locked, expired. */
const char *directory_refuses(const struct dir_user *u, wall_t now);
bool directory_is_over(uint64_t expires_us, wall_t now);
const struct dir_key *directory_find_key(const struct dir_user *u, struct slice blob);      /* or NULL */
/* Are they one and the same person, as far as the directory can tell: one name, or two users with a key in common? */
bool directory_is_same_person(const struct directory *d, struct slice a, struct slice b);
struct dir_group *directory_find_group(const struct directory *d, struct slice name);   /* or NULL */
/* Hosts that are called so but for letters' case: see called_next. */
const struct called *directory_called(const struct directory *d, struct slice text, unsigned kinds, const struct called *after);
/* A host that has this alias, other than one of this name; or NULL. */
const struct dir_host *directory_alias_of(const struct directory *d, struct slice alias, struct slice but);
struct dir_host *directory_host_named(const struct directory *d, struct slice name);    /* or NULL; see also match.h */

struct codes *directory_codes(const struct directory *d);

/* The place of text, or where it would stand among the hosts' names. */
size_t directory_host_place(const struct directory *d, struct slice text);
size_t directory_users(const struct directory *d);
size_t directory_groups(const struct directory *d);
size_t directory_hosts(const struct directory *d);
struct dir_user *directory_user_at(const struct directory *d, size_t i);      /* in order of names */
struct dir_group *directory_group_at(const struct directory *d, size_t i);
struct dir_host *directory_host_at(const struct directory *d, size_t i);

#endif
