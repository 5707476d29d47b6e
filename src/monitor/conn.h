/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The table of connections: for each, its front, its channel, who it is, its PAM child and menus. */
#ifndef MONITOR_CONN_H
#define MONITOR_CONN_H

#include "base/net.h"
#include "monitor/monitor.h"

#define CONN_MENUS_MAX 8

struct pam_child;

struct conn {
	struct conn *next;
	struct monitor *monitor;
	uint64_t id;
	pid_t pid;                     /* of its front; 0 until the acceptor said so */
	struct chan *chan;
	char peer[64];
	struct net_addr addr;
	unsigned port;
	bool logged_in, evicted;
	char user[256];
	struct pam_child *pam;
	unsigned menus;
};

/* Makes the three channels and hands socket (it stays the caller's) to a new front. */
void conn_open(struct monitor *m, int sock, const char *peer, unsigned port);
void conn_set_peer(struct conn *c, const char *peer);
struct conn *conn_find(struct monitor *m, uint64_t id);          /* may be NULL */
void conn_logged_in(struct conn *c, struct slice user);
/* Connections from this source that have not logged in yet; one IPv6 source is its /64. */
unsigned conn_startups_of(const struct monitor *m, const char *peer);
/* Ends one that has not logged in, of a source that has more of them than `peer`: of the oldest few the one whose source
 * has the most.  Its address, or NULL if there is none. */
const char *conn_make_room(struct monitor *m, const char *peer);
void conn_vouched(struct monitor *m, const struct msg_vouched *msg);
void conn_set_pid(struct monitor *m, const struct msg_conn_pid *msg);
void conn_note_end(struct monitor *m, const struct msg_conn_end *msg);
/* Tells every front to end, saying why. */
void conn_terminate_all(struct monitor *m, const char *reason);

#endif
