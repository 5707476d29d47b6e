/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A connection that comes by a proxy: its header is read before the front knows whose it is. */
#ifndef FRONT_ARRIVE_H
#define FRONT_ARRIVE_H

#include "msg/msg.h"

/* fds: [0] the socket, [1] the monitor.  Reads the header, tells the monitor, and waits for its word: then msg has the client's
 * address and where it went to, fds[2] and [3] are the ways to gate and store, and 0 is returned.  Else negative: end. */
int arrive(struct msg_conn_new *msg, int fds[4]);

#endif
