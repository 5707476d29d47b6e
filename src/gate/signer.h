/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * An ssh-agent (draft-miller-ssh-agent) on a socketpair, for one ticket: it lists the target key and a
 * certificate of it, and signs nothing but this ticket's login.  It ends by itself after SIGNER_LIFE_MS.
 */
#ifndef GATE_SIGNER_H
#define GATE_SIGNER_H

#include "base/loop.h"
#include "gate/keys.h"

#define SIGNER_LIFE_MS 60000

struct signer;

/* Told when something else than the granted login's request was to be signed. */
typedef void signer_refused_fn(void *arg, const char *why);

/* *ret_fd is the other end, the caller's.  NULL with e. */
struct signer *signer_new(struct loop *loop, const struct keys *keys, const char *login, const char *key_id,
    uint64_t serial, signer_refused_fn *refused, void *arg, int *ret_fd, struct err *e);
void signer_free(struct signer *s);                 /* closes; NULL is fine */

#endif
