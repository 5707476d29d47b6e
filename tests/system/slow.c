/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* For LD_PRELOAD: each pair of sockets takes as many milliseconds as SLOW_PAIRS says. */
#include <dlfcn.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int (*real_socketpair)(int, int, int, int[2]);
static int delay_ms;

static void __attribute__((constructor))
start(void)
{
	void *p = dlsym(RTLD_NEXT, "socketpair");
	const char *ms = getenv("SLOW_PAIRS");

	memcpy(&real_socketpair, &p, sizeof(p));
	delay_ms = ms != NULL ? atoi(ms) : 0;
}

int
socketpair(int domain, int type, int protocol, int fds[2])
{
	(void)poll(NULL, 0, delay_ms);
	return real_socketpair(domain, type, protocol, fds);
}
