/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "front/ahead.h"

static struct ahead *all;                /* of this process: its connection's few */

void
ahead_start(struct ahead *a, ssh_session ssh, int fd)
{
	*a = (struct ahead){ .next = all, .ssh = ssh, .fd = fd };
	all = a;
}

bool
ahead_is_left(const struct ahead *a)
{
	return a->off < a->len;
}

void
ahead_stop(struct ahead *a)
{
	struct ahead **at = &all;

	while (*at != NULL && *at != a)
		at = &(*at)->next;
	if (*at != NULL)
		*at = a->next;
	free(a->p);
	*a = (struct ahead){ .fd = -1 };
}

/* libssh closes sockets by itself, and the number may be another's by now: the session knows. */
static struct ahead *
ahead_find(int fd)
{
	struct ahead *a = all;

	while (a != NULL && (a->fd != fd || ssh_get_fd(a->ssh) != fd))
		a = a->next;
	return a;
}

static ssize_t
ahead_fill(struct ahead *a)
{
	ssize_t n;

	if (a->p == NULL && (a->p = malloc(AHEAD_BYTES)) == NULL)
		return -1;
	n = recvfrom(a->fd, a->p, AHEAD_BYTES, 0, NULL, NULL);
	a->off = 0;
	a->len = n > 0 ? (size_t)n : 0;
	return n;
}

/* libc's, to whoever calls it. */
ssize_t
recv(int fd, void *p, size_t size, int flags)
{
	struct ahead *a = flags == 0 && size < AHEAD_BYTES ? ahead_find(fd) : NULL;
	ssize_t n;

	if (a == NULL || !a->polled)
		return recvfrom(fd, p, size, flags, NULL, NULL);
	if (!ahead_is_left(a) && (n = ahead_fill(a)) <= 0)
		return n;
	size = size < a->len - a->off ? size : a->len - a->off;
	memcpy(p, a->p + a->off, size);
	a->off += size;
	return (ssize_t)size;
}

/* The same.  Where something is left nothing else is looked at: that comes when it has been taken. */
int
poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	struct ahead *a;
	int left = 0;

	for (nfds_t i = 0; i < n; i++) {
		fds[i].revents = 0;
		if ((fds[i].events & POLLIN) == 0 || (a = ahead_find(fds[i].fd)) == NULL)
			continue;
		a->polled = true;
		fds[i].revents = ahead_is_left(a) ? POLLIN : 0;
		left += fds[i].revents != 0;
	}
	return left > 0 ? left : ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, NULL);
}
