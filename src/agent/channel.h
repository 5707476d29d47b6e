/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One SSH session channel and the child behind it.  Callbacks of libssh only take notes; all
 * reading and writing happens in channel_pump, called once a turn.
 */
#ifndef AGENT_CHANNEL_H
#define AGENT_CHANNEL_H

#include <libssh/libssh.h>
#include <sys/types.h>
#include <stdbool.h>

#include "agent/account.h"
#include "base/loop.h"

struct channel;

/* What a channel may use of its connection; outlives it. */
struct channel_host {
	struct loop *loop;
	ssh_session ssh;
	const struct account *account;
	const char *connection;              /* SSH_CONNECTION, NULL on a Unix socket */
	bool may_pty;
};

/* Opens the libssh side too.  NULL when out of memory. */
struct channel *channel_new(const struct channel_host *h, unsigned number);
ssh_channel channel_ssh(const struct channel *c);
/* Moves what can be moved; true if something moved, so that another turn may be worth while. */
bool channel_pump(struct channel *c);
/* Sets what to wait for; after the last pump of a turn. */
void channel_watch(struct channel *c);
pid_t channel_leader(const struct channel *c);            /* 0: none, or reaped */
void channel_reaped(struct channel *c, int status);       /* its leader ended with this wait status */
/* SIGHUP to the process group, nothing more is read or written (the connection is gone, or the peer closed). */
void channel_hangup(struct channel *c);
void channel_kill(struct channel *c);                     /* SIGKILL to the process group */
bool channel_is_closed(const struct channel *c);          /* we sent CLOSE; its leader may still live */
bool channel_is_over(const struct channel *c);            /* both sides closed, leader reaped */
void channel_free(struct channel *c);

#endif
