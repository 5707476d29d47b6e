/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One connection in a process of its own, from its first byte to the end of everything it started. */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>

#include "agent/keys.h"
#include "agent/options.h"
#include "agent/server.h"

#define SESSION_LEFT_SOMETHING 3          /* exit code: a descendant could not be ended */

struct session_conf {
	struct server *server;
	const struct authorized *keys;
	const struct options *options;
	const char *peer;                 /* "127.0.0.1 4022" or "unix" */
	const char *connection;           /* SSH_CONNECTION, or NULL */
	atomic_bool *admitted;            /* shared with the listener, set once the peer proved its key */
};

/* Serves fd, then leaves with its exit code; called in the forked child. */
int session_run(const struct session_conf *conf, int fd);

#endif
