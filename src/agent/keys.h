/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Keys on disk: this host's own, and the public keys of the one bastion that it admits. */
#ifndef AGENT_KEYS_H
#define AGENT_KEYS_H

#include <libssh/libssh.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Reads an ed25519 key; makes it first if the file does not exist.  The caller's, ssh_key_free.
 * -EACCES if others may read the file. */
int hostkey_load(const char *path, ssh_key *ret, struct err *e);
/* "ssh-ed25519 AAAA…" into out (cleared).  0 or a negative code. */
int hostkey_print(ssh_key key, struct buf *out);

struct authorized;

/* A file of "TYPE BASE64 comment" and "cert-authority ssh-ed25519 BASE64 comment" lines.  Any other
 * option is an error that names the line: what is not understood must not be ignored. */
int authorized_load(const char *path, struct authorized **ret, struct err *e);
void authorized_free(struct authorized *a);

struct grant {
	bool pty, forward, agent;      /* terminals; connections from and to here; the user's agent */
	char name[96];                 /* for the log: "key SHA256…" or "certificate ID serial N" */
};

/* Whether this public key, whose possession libssh proved or will prove, admits login at second now. */
int authorized_check(const struct authorized *a, ssh_key key, const char *login, uint64_t now,
    struct grant *ret, struct err *e);

#endif
