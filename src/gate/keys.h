/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The two Ed25519 keys that only this process holds: the target key, which plain hosts list in
 * authorized_keys, and the CA key, whose certificates hosts with TrustedUserCAKeys accept.
 * Each lies in DIR/keys as a PEM file of mode 0600 and a one-line .pub; both are made when missing.
 */
#ifndef GATE_KEYS_H
#define GATE_KEYS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct keys;

struct keys *keys_open(const char *state_dir, struct err *e);    /* NULL with e */
void keys_close(struct keys *k);                                  /* wipes; NULL is fine */

struct slice keys_target_blob(const struct keys *k);              /* the public key, as SSH writes it */
/* A user certificate for the target key, valid for lifetime_s from now: principal login, id key_id.  0 or negative. */
int keys_certify(const struct keys *k, const char *login, const char *key_id, uint64_t serial,
    wall_t now, unsigned lifetime_s, struct buf *out);
/* An SSH signature (string "ssh-ed25519", string 64 bytes) over data by the target key. */
int keys_sign(const struct keys *k, struct slice data, struct buf *out);

/* May data be signed for login?  It must be a userauth request (RFC 4252 section 7) of this login, for
 * ssh-connection, by publickey, with blob.  0, or -EPERM with e saying what is wrong.  Pure. */
int keys_check_request(struct slice data, const char *login, struct slice blob, struct err *e);

#endif
