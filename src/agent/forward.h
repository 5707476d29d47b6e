/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What a connection has open beside its sessions: tunnels, and sockets that make some. */
#ifndef AGENT_FORWARD_H
#define AGENT_FORWARD_H

#include "agent/accept.h"
#include "agent/tunnel.h"

#define TUNNELS_MAX     128
#define ACCEPTS_MAX     32
#define FORWARD_HELPERS (TUNNELS_MAX + ACCEPTS_MAX)

struct forwards {
	const struct line *line;
	const struct account *account;
	bool may_forward, may_lend;      /* what the key that came permits */
	struct tunnel *tunnels[TUNNELS_MAX];
	size_t ntunnels;
	struct accept *accepts[ACCEPTS_MAX];
	size_t naccepts;
	struct accept *lent;             /* one of them: the agent's socket, or NULL */
};

/* In libssh's callback.  True: m asked for one of them, and is answered; false: it is to be refused. */
bool forward_take(struct forwards *f, ssh_message m);
const char *forward_lend(void *forwards);        /* the path of the agent's socket, which is made the first time; or NULL */
bool forward_pump(struct forwards *f);           /* true if something moved */
void forward_look(struct forwards *f);           /* what is over goes, the rest waits; after the last pump of a turn */
size_t forward_helpers(const struct forwards *f, pid_t helpers[FORWARD_HELPERS]);
void forward_done(struct forwards *f);

#endif
