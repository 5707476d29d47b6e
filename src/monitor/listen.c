/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Accepting.  Limits come first (limit.c). */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "monitor/conn.h"
#include "monitor/limit.h"
#include "monitor/listen.h"

#define BACKLOG      511
#define ACCEPT_TURN  16
#define REST_MS      100                 /* with no descriptor left, who waits would only be seen again at once */
#define REST_SAY_MS  60000

static int sockets[CONF_LIST_MAX];
static unsigned sockets_n;

static struct loop_timer rest_timer;

static void listen_ready(void *arg, int fd, uint32_t events);

/* "ADDRESS:PORT" or "[V6]:PORT" → host and port inside copy. */
static int
address_split(char *copy, char **host, char **port)
{
	char *colon = strrchr(copy, ':');

	if (colon == NULL)
		return -EINVAL;
	*colon = '\0';
	*port = colon + 1;
	*host = copy;
	if (copy[0] == '[' && colon > copy && colon[-1] == ']') {
		colon[-1] = '\0';
		(*host)++;
	}
	return **host != '\0' && **port != '\0' ? 0 : -EINVAL;
}

static int
socket_bind(const struct addrinfo *ai, const char *where, struct err *e)
{
	int one = 1, r = 0;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(e, -errno, "listen %s: %s", where, strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
		r = err_set(e, -errno, "listen %s: %s%s", where, strerror(errno),
		    errno == EADDRINUSE ? ": stop what uses it or choose another ListenAddress" : "");
	if (r != 0) {
		close(fd);
		return r;
	}
	sockets[sockets_n++] = fd;
	return 0;
}

static int
listen_add(const char *where, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *ai = NULL;
	char copy[256], *host, *port;
	int r;

	if (snprintf(copy, sizeof(copy), "%s", where) >= (int)sizeof(copy) || address_split(copy, &host, &port) != 0 ||
	    getaddrinfo(host, port, &hints, &ai) != 0)
		return err_set(e, -EINVAL, "ListenAddress %s: write an IP address and a port, e.g. 0.0.0.0:2222", where);
	r = socket_bind(ai, where, e);
	freeaddrinfo(ai);
	return r;
}

int
listen_open(struct monitor *m, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < m->conf->listen.n; i++)
		r = listen_add(m->conf->listen.items[i], e);
	return r;
}

void
listen_close(struct monitor *m)
{
	while (sockets_n > 0) {
		loop_del(m->loop, sockets[--sockets_n]);
		fd_close(&sockets[sockets_n]);
	}
	m->listening = false;
	loop_timer_stop(&rest_timer);
}

static void
sockets_watch(void *arg)
{
	struct monitor *m = arg;

	for (unsigned i = 0; m->listening && i < sockets_n; i++)
		(void)loop_add(m->loop, sockets[i], EPOLLIN, listen_ready, m);
}

static void
sockets_leave(const struct monitor *m)
{
	for (unsigned i = 0; i < sockets_n; i++)
		loop_del(m->loop, sockets[i]);
}

void
listen_pause(struct monitor *m)
{
	if (!m->listening)
		return;
	m->listening = false;
	loop_timer_stop(&rest_timer);
	sockets_leave(m);
}

void
listen_resume(struct monitor *m)
{
	if (m->listening || m->stopping)
		return;
	m->listening = true;
	sockets_watch(m);
	for (unsigned i = 0; i < sockets_n; i++)
		log_info("listening: %s", m->conf->listen.items[i]);
}

static void
listen_rest(struct monitor *m, int error)
{
	static mono_t said;

	sockets_leave(m);
	loop_timer_start(m->loop, &rest_timer, REST_MS, sockets_watch, m);
	if (said.us != 0 && clock_ms_since(said) < REST_SAY_MS)
		return;
	said = clock_mono();
	log_error("cannot accept: %s: connections wait: raise the limit of open files, or lower MaxConnections", strerror(error));
}

/* Behind a proxy the source is known only when its header has been read (conn.c asks again then). */
static const char *
refusal(struct monitor *m, const struct net_addr *addr, bool proxied)
{
	const char *why = limit_refuses(m), *left;

	if (why == NULL && !proxied)
		why = limit_refuses_source(m, addr);
	if (why != NULL || !limit_is_full(m))
		return why;
	left = conn_make_room(m, proxied ? NULL : addr);
	if (left == NULL)
		return "MaxStartups reached";
	limit_note(left, "MaxStartups reached, and its source has most of them");
	return NULL;
}

static void
take_in(struct monitor *m, int sock, const struct net_addr *addr, unsigned port)
{
	bool proxied = limit_is_proxy(m, addr);
	const char *why = refusal(m, addr, proxied);
	char peer[NET_TEXT];

	if (why != NULL)
		limit_note(net_print(addr, peer), why);
	else
		conn_open(m, sock, addr, port, proxied);
}

static bool
accept_one(struct monitor *m, int fd)
{
	struct sockaddr_storage ss;
	struct net_addr addr;
	socklen_t len = sizeof(ss);
	unsigned port;
	int sock = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (sock < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			listen_rest(m, errno);
		return errno == EINTR || errno == ECONNABORTED;
	}
	if (net_from_socket((struct sockaddr *)&ss, &addr, &port) == 0)
		take_in(m, sock, &addr, port);
	close(sock);
	return true;
}

static void
listen_ready(void *arg, int fd, uint32_t events)
{
	struct monitor *m = arg;

	(void)events;
	for (int i = 0; i < ACCEPT_TURN && m->listening; i++)
		if (!accept_one(m, fd))
			return;
}
