/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A tunnel: one channel of bytes with a socket of this host behind it and no process.  The bastion's user asked for a
 * connection from here (direct-tcpip, RFC 4254 section 7.2), and the bastion's policy let it through.
 *
 * libssh wants to know at once whether the channel is open, long before a connection stands.  So it is open, and what became
 * of the connection is said on it, before its first byte, as a session would say its end (section 6.10): exit-status 0 once
 * it stands; else the number of the error (errno of Linux, at most 255), and the channel closes.
 */
#ifndef AGENT_TUNNEL_H
#define AGENT_TUNNEL_H

#include <libssh/libssh.h>
#include <libssh/server.h>
#include <sys/types.h>
#include <stdbool.h>

#include "agent/account.h"
#include "agent/dial.h"
#include "agent/pump.h"

struct tunnel;

/* Accepts m, a request to open a direct-tcpip channel, in libssh's callback.  NULL: it did not. */
struct tunnel *tunnel_new(const struct line *line, const struct account *a, ssh_message m);
/* What came to this host and shall go to the peer: to the user's agent, or as who connected to address:port. */
struct tunnel_offer {
	bool agent;
	const char *address, *from;
	int port, from_port;
};
/* Takes fd, a connected socket.  Nothing of it is read before the peer has taken the channel.  NULL: fd is closed. */
struct tunnel *tunnel_offer(const struct line *line, int fd, const struct tunnel_offer *o);
bool tunnel_pump(struct tunnel *t);              /* true if something moved */
void tunnel_watch(struct tunnel *t);             /* sets what to wait for; after the last pump of a turn */
bool tunnel_is_over(const struct tunnel *t);
pid_t tunnel_child(const struct tunnel *t);      /* of a connection that is being made; 0: none */
void tunnel_free(struct tunnel *t);

#endif
