/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The second factor: time-based one-time codes (RFC 6238, SHA-1, 6 digits, 30 s), as every
 * authenticator app makes them.  A user's secret is sealed (AES-256-GCM) by a key that this
 * process alone holds, DIR/keys/factor; the store and its backups see only the seal.
 */
#ifndef GATE_FACTOR_H
#define GATE_FACTOR_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define FACTOR_SECRET 20               /* bytes */
#define FACTOR_SEALED 80               /* bytes at most: nonce, secret, tag */

struct factor_key;

struct factor_key *factor_open(const char *state_dir, struct err *e);   /* makes the key when missing; NULL with e */
void factor_close(struct factor_key *k);                                /* wipes; NULL is fine */

/* A new secret for user, sealed.  0 or negative. */
int factor_new(const struct factor_key *k, const char *user, struct buf *sealed);
/* What the user scans: a QR code in half blocks (UTF-8), as it must be on a dark terminal and, where 80 columns have room
 * for both, beside it as on a light one; below it words, and the secret in groups of four. */
int factor_show(const struct factor_key *k, const char *user, struct slice sealed, struct buf *out);
/* Is code right now, one step early or late, and its step after last_step?  *step is then what to remember.
 * 0, -EACCES: wrong, -EALREADY: right but used before, -EINVAL: not six digits, or -EBADMSG: the seal is not this user's, or
 * not of this key. */
int factor_check(const struct factor_key *k, const char *user, struct slice sealed, struct slice code, wall_t now,
    uint64_t last_step, uint64_t *step);

#endif
