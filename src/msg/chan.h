/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A channel: whole messages, in order, to one peer process over a SOCK_SEQPACKET socket.
 *
 * What arrives is looked up in the table of link.h, then unpacked, then handed to fn.
 * Anything that the table does not allow, or that does not unpack, ends the channel:
 * fn is told once with type 0, and nothing more comes.  It is safe to free the channel
 * inside fn.
 */
#ifndef MSG_CHAN_H
#define MSG_CHAN_H

#include "base/fd.h"
#include "base/loop.h"
#include "msg/link.h"

struct chan;

struct chan_in {
	unsigned type;             /* 0: the peer is gone or broke the rules; `why` says it */
	const void *message;       /* the struct for type; valid until fn returns */
	int fds[FD_PASS_MAX];      /* what fn wants to keep it sets to -1; the rest is closed after fn */
	int nfds;
	const char *why;
};

typedef void chan_fn(void *arg, struct chan *c, struct chan_in *in);

/* Takes fd (on success).  loop may be NULL for a channel used only by chan_send and chan_wait.
 * NULL and errno on failure. */
struct chan *chan_new(struct loop *loop, int fd, enum link_end end, chan_fn *fn, void *arg);
void chan_free(struct chan *c);                    /* closes fd; what is queued is lost; NULL is fine */

/* Sends one message; fds stay the caller's.  Queued when the socket is full (up to 4 MiB: then -EAGAIN and
 * nothing was queued; -EPIPE once the peer is gone).  What the peer's row in link.c does not take is not sent:
 * -EMSGSIZE when it is too large, -EPROTO when there is no row or the descriptors are not as it says. */
int chan_send(struct chan *c, enum msg_type type, const void *message);
int chan_send_fds(struct chan *c, enum msg_type type, const void *message, const int *fds, int nfds);
size_t chan_queued(const struct chan *c);          /* bytes waiting to be sent */
/* Waits until the queue is empty, reading nothing.  0, -ETIMEDOUT, or the socket's error. */
int chan_flush(struct chan *c, int timeout_ms);
/* Called once when the queue has drained below 64 KiB after it was above. */
void chan_on_drained(struct chan *c, loop_fn *fn, void *arg);
/* Stop and go on reading (back-pressure). */
void chan_pause(struct chan *c, bool paused);

/* Without a loop: waits until one message was handed to fn.  0, -ETIMEDOUT, or -EPIPE when the channel ended. */
int chan_wait(struct chan *c, int timeout_ms);

#endif
