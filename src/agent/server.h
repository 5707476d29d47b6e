/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* libssh as a server: which algorithms, which key, and the handshake with oneself that warms it up. */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include <libssh/libssh.h>

#include "base/err.h"

struct server;

/* Takes key, also on failure.  0 or a negative code with e. */
int server_new(ssh_key key, struct server **ret, struct err *e);
void server_free(struct server *sv);
/* One key exchange with itself over a socket pair: what it allocates and computes once is then shared
 * by every process forked from here.  Its failure costs speed, nothing else. */
int server_warm(struct server *sv);
/* A session on a connected descriptor, which libssh owns from now on; non-blocking.  NULL on failure. */
ssh_session server_accept(struct server *sv, int fd);

#endif
