/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Enrolment codes that wait to be used: each binds one key to its user, once, until it expires.  Kept as hashes. */
#ifndef GATE_CODES_H
#define GATE_CODES_H

#include "base/clock.h"
#include "msg/msg.h"

#define CODE_HASH 32
#define CODE_MISSES 5            /* wrong codes for a user; then those that wait are burnt */

enum { CODES_MAX = 4096 };

struct codes;

struct codes *codes_new(void);                     /* NULL when out of memory */
void codes_free(struct codes *x);                  /* NULL is fine */
/* op DELETE removes, others put.  0, -ENOSPC, -ENOMEM, -ENOENT, -EINVAL. */
int codes_apply(struct codes *x, const struct msg_dir_code *m);
bool codes_are_full(const struct codes *x);

/* Is there a code of this user with this hash that has not expired? */
bool codes_has(const struct codes *x, struct slice user, const unsigned char hash[CODE_HASH], wall_t now);
/* The same, and it is gone: exactly one caller gets true. */
bool codes_take(struct codes *x, struct slice user, const unsigned char hash[CODE_HASH], wall_t now);
/* One that has expired: it is gone, user and hash tell which.  False: there is none (any more). */
bool codes_take_expired(struct codes *x, wall_t now, char user[65], unsigned char hash[CODE_HASH]);
/* Somebody has named a wrong code for user. */
void codes_miss(struct codes *x, struct slice user);
/* A code of user that has been missed too often: it is gone, hash tells which.  False: there is none (any more). */
bool codes_take_missed(struct codes *x, struct slice user, unsigned char hash[CODE_HASH]);

#endif
