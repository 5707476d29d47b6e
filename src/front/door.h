/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A door: an SSH connection in which we are the server and the user is the client.  The outer
 * one came from the network and has authenticated the user; an inner one lies inside a jump
 * (ssh -J) and belongs to one host.  Channels of all doors live alike.
 */
#ifndef FRONT_DOOR_H
#define FRONT_DOOR_H

#include "front/front.h"

/* Who is let in.  They return libssh's SSH_AUTH_ codes; all but none may be missing. */
struct door_auth {
	int (*none)(struct door *d, const char *user);
	int (*pubkey)(struct door *d, const char *user, ssh_key key, enum ssh_publickey_state_e state);
	int (*password)(struct door *d, const char *user, const char *password);
	void (*interactive)(struct door *d, ssh_message m);      /* answers m itself */
};

/* Sets ssh up as the server on fd, which it takes, and begins to watch it.  0 or negative. */
int door_open(struct door *d, struct front *f, ssh_bind binding, const struct door_auth *auth, int fd);
/* Key exchange, while it lasts.  1: done now, 0: going on or done before, negative: failed. */
int door_step(struct door *d);
/* What the client asked for since the last time; true if something came. */
bool door_take_in(struct door *d);
/* A sentence for whoever looks at the client's log (ssh -v), where the protocol has no room for one. */
void door_say(struct door *d, const char *text);

#endif
