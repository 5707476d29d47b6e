/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a target asks of the user's ssh-agent.  The agent protocol (draft-ietf-sshm-ssh-agent)
 * is u32 length, u8 type and the rest; of a request to sign the key is read, never what is signed.
 */
#ifndef FRONT_SIGNS_H
#define FRONT_SIGNS_H

#include <stdbool.h>

#include "base/buf.h"

#define SIGNS_KEY_SIZE 51                /* "SHA256:", 43 characters, the NUL */

struct signs;

/* what: "list", "sign", "lock" …, "unknown".  key: its fingerprint when something is to be signed, or "". */
typedef void signs_fn(void *arg, const char *what, const char *key);

struct signs *signs_new(signs_fn *fn, void *arg);        /* NULL: out of memory */
/* What the target sent, in any pieces.  False, once: that is not the agent protocol; nothing more is understood. */
bool signs_feed(struct signs *s, struct slice bytes);
void signs_free(struct signs *s);

#endif
