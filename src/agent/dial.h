/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Connecting to where a forwarded connection shall go, as the account and in a child of its own: names take time to
 * resolve, addresses to answer, and what the host's firewall says of the account's connections holds for these too.
 */
#ifndef AGENT_DIAL_H
#define AGENT_DIAL_H

#include <sys/types.h>

#include "agent/account.h"

#define DIAL_NAME_MAX 255
#define DIAL_S        15             /* then it gives up */

struct dial_to {
	char host[DIAL_NAME_MAX + 1];
	int port;
};

/* A descriptor (the caller's) that becomes readable when the child has connected or failed; pid is the child's, which the
 * caller reaps.  Negative code otherwise. */
int dial_start(const struct account *a, const struct dial_to *to, pid_t *pid);
/* After that: the connected socket, non-blocking, the caller's; -EAGAIN too early; or a negative code. */
int dial_take(int fd);

#endif
