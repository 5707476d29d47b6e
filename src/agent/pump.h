/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Bytes both ways between one SSH channel and the descriptors of what is behind it: a child's three pipes, its terminal, or
 * a socket.  Callbacks of libssh only take notes; all reading and writing happens in pump_in and pump_out, in the turn.
 */
#ifndef AGENT_PUMP_H
#define AGENT_PUMP_H

#include <libssh/libssh.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/loop.h"

enum pump_kind { PUMP_PIPES, PUMP_TERMINAL, PUMP_SOCKET };

/* The connection that a channel is in. */
struct line {
	struct loop *loop;
	ssh_session ssh;
	bool *flooded;                   /* set when a channel has more unread than windows allow */
};

/* A descriptor, and what was taken for it but not yet delivered. */
struct stream {
	int fd;
	bool ready;                      /* epoll said so; cleared by EAGAIN */
	bool over;                       /* end of file seen, or nobody reads it any more */
	uint32_t watched;
	struct buf rest;
};

struct pump {
	const struct line *line;
	ssh_channel ssh;
	enum pump_kind kind;
	bool started;
	bool gone;                       /* the peer is: pump_linger */
	struct loop_timer patience;
	struct stream in, out, err;      /* of a terminal and of a socket in.fd == -1, and out.fd serves both ways */
};

void pump_init(struct pump *p, const struct line *line, ssh_channel ssh);
/* The descriptors are the pump's from now on, non-blocking; err -1: none; in is only used of pipes. */
void pump_start(struct pump *p, enum pump_kind kind, int in, int out, int err);
/* What libssh's data callback shall say: n bytes stay with libssh (0) until they are read, or are thrown away (n). */
int pump_on_data(const struct pump *p, uint32_t n, bool is_stderr);
bool pump_in(struct pump *p);            /* towards what is behind it; true if something moved */
bool pump_out(struct pump *p);           /* towards the peer; true if something moved */
/* The peer has closed: what came from it is still delivered, and what there would be for it is read and thrown away.  False: it
 * is, or nothing of it was taken for so long. */
bool pump_linger(struct pump *p, int ms);
bool pump_is_drained(const struct pump *p);      /* all that it had for the peer is sent */
/* Sets what to wait for; after the last move of a turn. */
void pump_watch(struct pump *p);
void pump_wake(struct pump *p);          /* look at what may be there, without an event */
void pump_stop_input(struct pump *p);    /* nobody reads what the peer sends */
void pump_stop(struct pump *p);          /* nothing is read or written any more; closes its descriptors */
void pump_done(struct pump *p);          /* that, and frees; the channel is the caller's */

#endif
