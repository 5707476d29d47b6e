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

/* Sets ssh up as the server on fd, which it takes, and begins to watch it.  0 or negative. */
int door_open(struct door *d, struct front *f, ssh_bind binding, int fd);
/* Key exchange, while it lasts.  1: done now, 0: going on or done before, negative: failed. */
int door_step(struct door *d);
/* A channel that the client opens and that is not a session: -L, -D, -W, -J.  1: libssh refuses it. */
int door_take_open(struct door *d, ssh_message m);

#endif
