/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A wire: one libssh session on the loop, whichever its role.  libssh owns the protocol
 * and its socket; the wire feeds it when the socket is ready and tells epoll what it
 * waits for.  libssh closes the descriptor itself on errors, so it is compared before use;
 * on a protocol error it does not, and only its state tells.
 */
#ifndef FRONT_WIRE_H
#define FRONT_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <libssh/libssh.h>
#include <libssh/callbacks.h>

#include "base/loop.h"
#include "front/ahead.h"

/* What we speak, in our order: aes-gcm rekeys later than chacha20 and costs less; group18 costs 163 ms a login. */
#define WIRE_KEX     "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384"
#define WIRE_CIPHERS "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr"

struct wire {
	struct loop *loop;
	ssh_session ssh;
	ssh_event event;
	int fd;
	bool watched, writing, dead;
	struct ahead ahead;              /* what was read and libssh has not taken */
	const char *condemned, *why;     /* by us; NULL: the peer went */
	struct ssh_counter_struct socket, packets;     /* libssh counts: bytes on the line, payloads */
	uint64_t said, sent;             /* both, when libssh last held nothing back */
	uint64_t seen;                   /* packets, by wire_has_moved */
};

/* Takes ssh, whose socket is fd and already set.  0 or -ENOMEM. */
int wire_open(struct wire *w, struct loop *loop, ssh_session ssh, int fd);
/* Only the event; the session stays usable (for the hand-over after the key exchange). */
int wire_start_events(struct wire *w);
/* Lets libssh take in what is there; sets dead when the session is over. */
void wire_step(struct wire *w);
/* The same without taking in: any call of libssh may have read the end of the session. */
bool wire_is_dead(struct wire *w);
/* After each turn: what to wait for.  True if there is something to do at once: the session has died, or packets came since
 * wire_has_moved was asked, or what was read ahead is left; of these the socket says nothing any more. */
bool wire_rearm(struct wire *w);
/* Did packets come since it was asked last?  They come whenever libssh is called for any channel of the session, not
 * only in wire_step: who goes to sleep without asking may leave something undone. */
bool wire_has_moved(struct wire *w);
/* How many packets came so far; and was wire_has_moved asked when there were as many?  What they ask for has been looked at then. */
uint64_t wire_packets(const struct wire *w);
bool wire_is_looked_at(const struct wire *w, uint64_t packets);
bool wire_is_writable(const struct wire *w);   /* false while libssh still holds unsent bytes */
/* The peer broke the rules: the session dies when libssh has returned.  why: a phrase that lives on. */
void wire_condemn(struct wire *w, const char *why);
void wire_close(struct wire *w);         /* frees the session; the socket is closed */

/* A channel of w has n bytes that wait to be read: more than windows allow condemn it.  True if so. */
bool wire_is_flooded(struct wire *w, size_t n);
/* Frees a channel, whose callbacks these were.  libssh keeps it until the peer closes it too, and would keep what comes
 * on it: that is thrown away. */
void wire_free_channel(ssh_channel ch, struct ssh_channel_callbacks_struct *callbacks);

#endif
