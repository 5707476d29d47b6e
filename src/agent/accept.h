/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Sockets of this host that the bastion's user asked for; who connects to one becomes a channel towards the user: a port
 * (tcpip-forward, RFC 4254 section 7.1), or the socket that SSH_AUTH_SOCK names (auth-agent-req@openssh.com).
 */
#ifndef AGENT_ACCEPT_H
#define AGENT_ACCEPT_H

#include <sys/types.h>

#include "agent/account.h"
#include "agent/tunnel.h"
#include "base/err.h"

#define ACCEPT_PATH_MAX 64

struct accept;

/* Listens on address, as the request has it: "" or "*" all, "localhost" loopback, or a numeric one; *port 0: one that is
 * free, which *port then tells.  Ports below 1024 are not to be had.  NULL with e. */
struct accept *accept_port(const struct line *line, const char *address, int *port, struct err *e);
/* A socket in a directory that only the account may enter; a child of the account's makes it and takes it away again. */
struct accept *accept_agent(const struct line *line, const struct account *a, struct err *e);
const char *accept_path(const struct accept *a);         /* of accept_agent */
bool accept_is_port(const struct accept *a, const char *address, int port);
/* The next one that has connected, on its way to the peer; NULL: none now. */
struct tunnel *accept_next(struct accept *a);
void accept_watch(struct accept *a, bool on);            /* off: whoever connects waits in the kernel */
pid_t accept_child(const struct accept *a);              /* 0: none */
void accept_free(struct accept *a);

#endif
