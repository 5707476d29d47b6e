/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The listening socket, and the process per connection that is forked from it. */
#ifndef AGENT_LISTEN_H
#define AGENT_LISTEN_H

#include "agent/keys.h"
#include "agent/options.h"
#include "agent/server.h"
#include "base/err.h"

/* A listening, non-blocking descriptor for o->listen; a stale Unix socket is replaced, one that somebody
 * serves is not.  Its address as text goes to shown.  The descriptor or a negative code with e. */
int listen_open(const struct options *o, char *shown, size_t size, struct err *e);
/* Serves until SIGTERM or SIGINT, then ends all connections.  0 or a negative code.  Its children
 * leave by _exit and never return from here. */
int listen_run(const struct options *o, struct server *sv, const struct authorized *keys, int fd);

#endif
