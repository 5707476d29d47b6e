/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The table of connections: for each, its front, its channel, who it is, its PAM child and menus. */
#ifndef MONITOR_CONN_H
#define MONITOR_CONN_H

#include "monitor/monitor.h"

#define CONN_MENUS_MAX 8

struct pam_child;

struct conn {
	struct conn *next, *prev;
	struct table_node node;        /* by id */
	struct monitor *monitor;
	uint64_t id;
	pid_t pid;                     /* of its front; 0 until the acceptor said so */
	struct chan *chan;
	struct net_addr addr;
	char peer[NET_TEXT];           /* addr as text; behind a proxy the client's, once it is known */
	unsigned port;
	char local[64];                /* where it came in: "[ADDRESS]:PORT", or "" */
	bool nameless;                 /* its front still reads the proxy's header */
	bool counted;                  /* among its source's connections that have not logged in */
	bool logged_in;
	bool evicted;                  /* it had to make room for others */
	bool told;                     /* to end, with all that it has */
	unsigned wrong;                /* failed tries */
	unsigned conversations;        /* with PAM */
	bool refused;                  /* the last one is in the kernel's audit log already */
	mono_t since;
	struct loop_timer timer;       /* of the header, then of a try that waits (auth.c) */
	struct loop_timer end_timer;   /* of an end that was asked for */
	char waiting_user[256];
	char admitted[256];            /* whom the gate lets in; "": nobody yet */
	char opening[256], method[40]; /* the login that its front wants to have opened; "": none yet */
	char user[256];
	struct pam_child *pam;
	unsigned menus;
};

/* Makes the three channels and hands socket (it stays the caller's) to a new front; one that comes by a proxy gets the
 * channels to gate and store when it has said for whom. */
void conn_open(struct monitor *m, int sock, const struct net_addr *addr, unsigned port, bool proxied);
struct conn *conn_find(struct monitor *m, uint64_t id);          /* may be NULL */
void conn_logged_in(struct conn *c, struct slice user);
/* Ends one that has not logged in, of a source that has more of them than the one at addr (NULL: not known yet): of the oldest
 * few the one whose source has the most.  Its address, or NULL if there is none. */
const char *conn_make_room(struct monitor *m, const struct net_addr *addr);
void conn_vouched(struct monitor *m, const struct msg_vouched *msg);
void conn_admitted(struct monitor *m, const struct msg_admitted *msg);
void conn_set_pid(struct monitor *m, const struct msg_conn_pid *msg);
void conn_note_end(struct monitor *m, const struct msg_conn_end *msg);
/* Tells a front to end all that it has, or one session, saying why.  One that was told of all and does not end is killed. */
void conn_cut(struct monitor *m, const struct msg_cut *msg);
/* Its front has been told that all is over, and ends by itself; if it does not, it is killed. */
void conn_expect_end(struct conn *c);
/* Gate or store are done with it: the same. */
void conn_let_go(struct monitor *m, const struct msg_let_go *msg);
/* Gate or store are gone, so all fronts end by themselves; who has not after a while is killed. */
void conn_orphan_all(struct monitor *m);
/* Tells every front to end, saying why. */
void conn_terminate_all(struct monitor *m, const char *reason);

#endif
