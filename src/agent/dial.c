/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/dial.h"
#include "base/fd.h"

/* ---- in the child ---- */

/* The first address that answers, or a negative code. */
static int
connect_any(const struct addrinfo *list)
{
	int fd, one = 1, r = -EHOSTUNREACH;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd < 0) {
			r = -errno;
			continue;
		}
		if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
			return fd;
		}
		r = -errno;
		fd_close(&fd);
	}
	return r;
}

static int
resolve_and_connect(const struct dial_to *to)
{
	struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *list = NULL;
	char port[8];
	int r;

	(void)snprintf(port, sizeof port, "%d", to->port);
	if (getaddrinfo(to->host, port, &want, &list) != 0)
		return -ENOENT;
	r = connect_any(list);
	freeaddrinfo(list);
	return r;
}

static _Noreturn void
child(const struct account *a, const struct dial_to *to, int pair)
{
	int r, fd = -1;

	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(DIAL_S);
	if (dup2(pair, 3) != 3)
		_exit(1);
	(void)close_range(4, ~0u, 0);
	r = account_become(a);
	if (r == 0)
		r = fd = resolve_and_connect(to);
	if (fd >= 0)
		r = fd_set_nonblock(fd);
	(void)fd_send(3, &r, sizeof r, &fd, r == 0 ? 1 : 0);
	_exit(0);
}

/* ---- in the connection's process ---- */

int
dial_start(const struct account *a, const struct dial_to *to, pid_t *pid)
{
	int pair[2], r = fd_pair(pair);

	if (r < 0)
		return r;
	*pid = fork();
	if (*pid == 0)
		child(a, to, pair[1]);
	r = *pid < 0 ? -errno : 0;
	fd_close(&pair[1]);
	if (r < 0)
		fd_close(&pair[0]);
	return r < 0 ? r : pair[0];
}

int
dial_take(int fd)
{
	int fds[FD_PASS_MAX], nfds, code = 0;
	ssize_t n = fd_recv(fd, &code, sizeof code, fds, &nfds);

	if (n < 0)
		return (int)n;
	if (n == sizeof code && code == 0 && nfds == 1)
		return fds[0];
	while (nfds > 0)
		fd_close(&fds[--nfds]);
	return n == 0 ? -ETIMEDOUT : n == sizeof code && code < 0 && code > -4096 && code != -EAGAIN ? code : -EPROTO;
}
