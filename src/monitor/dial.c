/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A dial is: resolve (a name only: in a short child without rights, because answers of
 * name servers are foreign bytes), then connect to each address in turn without
 * blocking, then pass the socket on before its first byte.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <signal.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "monitor/conn.h"
#include "monitor/dial.h"

#define DIAL_TIMEOUT_MS 10000
#define ADDRESSES_MAX   8

struct address {
	socklen_t len;
	struct sockaddr_storage ss;
};

struct dial {
	struct monitor *monitor;
	uint64_t ticket, conn;
	unsigned port;
	char name[256];
	struct address addresses[ADDRESSES_MAX];
	unsigned n, next;
	int fd;                              /* the resolver's pipe, then the socket */
	int last_error;
	struct loop_timer timer;
};

static void dial_next(struct dial *d);

/* Answers and frees. */
static void
dial_done(struct dial *d, bool ok, const char *text)
{
	struct conn *c = conn_find(d->monitor, d->conn);
	struct msg_dialled msg = { .ticket = d->ticket, .ok = ok, .text = slice_from(text) };

	loop_timer_stop(&d->timer);
	if (d->fd >= 0)
		loop_del(d->monitor->loop, d->fd);
	if (c != NULL && chan_send_fds(c->chan, MSG_DIALLED, &msg, &d->fd, ok ? 1 : 0) != 0)
		log_warn("target's socket lost: conn %llu: its front does not read", (unsigned long long)d->conn);
	fd_close(&d->fd);
	free(d);
}

static void
dial_failed(struct dial *d, const char *why)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %s", d->name, why);
	dial_done(d, false, text);
}

static void
dial_timeout(void *arg)
{
	dial_failed(arg, "no answer within 10 s");
}

static void
dial_connected(void *arg, int fd, uint32_t events)
{
	struct dial *d = arg;
	int error = 0, one = 1;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0) {
		d->last_error = error;
		loop_del(d->monitor->loop, fd);
		fd_close(&d->fd);
		dial_next(d);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	dial_done(d, true, "");
}

/* The next address; when there is none, the last one's error is the answer. */
static void
dial_next(struct dial *d)
{
	struct address *a;

	while (d->next < d->n) {
		a = &d->addresses[d->next++];
		d->fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (d->fd >= 0 && (connect(d->fd, (struct sockaddr *)&a->ss, a->len) == 0 || errno == EINPROGRESS) &&
		    loop_add(d->monitor->loop, d->fd, EPOLLOUT, dial_connected, d) == 0)
			return;
		d->last_error = errno;
		fd_close(&d->fd);
	}
	dial_failed(d, strerror(d->last_error != 0 ? d->last_error : EHOSTUNREACH));
}

static bool
address_add(struct dial *d, const struct sockaddr *sa, socklen_t len)
{
	if (d->n == ADDRESSES_MAX || len > sizeof(struct sockaddr_storage))
		return false;
	memcpy(&d->addresses[d->n].ss, sa, len);
	d->addresses[d->n++].len = len;
	return true;
}

static bool
address_unix(struct dial *d)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path = d->name + strlen("unix:");

	if (strlen(path) >= sizeof(un.sun_path))
		return false;
	memcpy(un.sun_path, path, strlen(path) + 1);
	return address_add(d, (struct sockaddr *)&un, sizeof(un));
}

static bool
address_numeric(struct dial *d)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *ai;
	char port[16];

	snprintf(port, sizeof(port), "%u", d->port);
	if (getaddrinfo(d->name, port, &hints, &ai) != 0)
		return false;
	(void)address_add(d, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	return true;
}

/* In the child: no rights, no descriptor but the pipe; one struct address after the other. */
static void
resolve(const struct dial *d, const struct monitor *m, int out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *ai = NULL;
	struct passwd *pw = m->root ? getpwnam(m->conf->user) : NULL;
	char port[16];
	int n = 0;

	if (m->root && (pw == NULL || setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0))
		_exit(1);
	alarm(DIAL_TIMEOUT_MS / 1000);
	snprintf(port, sizeof(port), "%u", d->port);
	if (getaddrinfo(d->name, port, &hints, &ai) != 0)
		_exit(1);
	for (; ai != NULL && n < ADDRESSES_MAX; ai = ai->ai_next, n++) {
		struct address a = { .len = ai->ai_addrlen };

		memcpy(&a.ss, ai->ai_addr, ai->ai_addrlen);
		if (write(out, &a, sizeof(a)) != (ssize_t)sizeof(a))
			_exit(1);
	}
	_exit(0);
}

static void
resolved(void *arg, int fd, uint32_t events)
{
	struct dial *d = arg;
	struct address a;

	(void)events;
	if (read(fd, &a, sizeof(a)) == (ssize_t)sizeof(a)) {
		if (a.len <= sizeof(a.ss) && (a.ss.ss_family == AF_INET || a.ss.ss_family == AF_INET6))
			(void)address_add(d, (struct sockaddr *)&a.ss, a.len);
		return;
	}
	loop_del(d->monitor->loop, fd);
	fd_close(&d->fd);
	if (d->n == 0)
		dial_failed(d, "its name does not resolve");
	else
		dial_next(d);
}

static void
resolver_ended(void *arg, pid_t pid, int status)
{
	(void)arg;
	(void)pid;
	(void)status;
}

static int
resolve_start(struct dial *d)
{
	int pipes[2];
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		if (dup2(pipes[1], 3) == 3) {
			closefrom(4);
			resolve(d, d->monitor, 3);
		}
		_exit(1);
	}
	close(pipes[1]);
	if (pid < 0 || reap_add(pid, resolver_ended, NULL) != 0) {
		close(pipes[0]);
		return -ENOMEM;
	}
	d->fd = pipes[0];
	return loop_add(d->monitor->loop, d->fd, EPOLLIN, resolved, d);
}

void
dial_start(struct monitor *m, const struct msg_dial *msg)
{
	const struct conn *c = conn_find(m, msg->conn);
	struct dial *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return;
	*d = (struct dial){ .monitor = m, .ticket = msg->ticket, .conn = msg->conn, .port = msg->port, .fd = -1 };
	if (slice_copy(msg->addr, d->name, sizeof(d->name)) != 0 || msg->port > 65535) {
		dial_failed(d, "not an address");
		return;
	}
	if (c == NULL || !c->logged_in) {
		dial_failed(d, "its login is not open");
		return;
	}
	loop_timer_start(m->loop, &d->timer, DIAL_TIMEOUT_MS, dial_timeout, d);
	if (strncmp(d->name, "unix:", 5) == 0 ? address_unix(d) : address_numeric(d))
		dial_next(d);
	else if (strncmp(d->name, "unix:", 5) == 0 || resolve_start(d) != 0)
		dial_failed(d, "cannot be resolved");
}
