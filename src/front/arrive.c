/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * This runs in the process that will be the front, after the fork and behind its filter, but before it has any channel
 * except the one to the monitor: whoever could trip the parser up would have only what the header could say anyway.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "front/arrive.h"
#include "front/proxy.h"
#include "msg/chan.h"

#define HEADER_MS 5000
#define GO_MS     10000

struct go {
	bool good;
	int fds[2];
	unsigned port;
};

static char peer[NET_TEXT], local[64];

/* At least one byte of at most want.  The number, or 0: the end, or too late. */
static size_t
some_read(int sock, unsigned char *to, size_t want, int64_t left_ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	ssize_t n = -1;

	if (left_ms > 0 && poll(&p, 1, (int)left_ms) == 1)
		n = recv(sock, to, want, 0);
	return n > 0 ? (size_t)n : 0;
}

/* NULL: it is whole.  "" if there was nothing at all, as with a look whether the port is open. */
static const char *
header_read(int sock, struct proxy *ret)
{
	unsigned char bytes[PROXY_MAX];
	mono_t start = clock_mono();
	size_t n = 0, want, got;
	int r;

	while ((r = proxy_parse(slice_of(bytes, n), ret, &want)) == 0) {
		if (want > sizeof(bytes) - n)
			return "its PROXY header is too long";
		got = some_read(sock, bytes + n, want, HEADER_MS - clock_ms_since(start));
		if (got == 0)
			return n == 0 && clock_ms_since(start) < HEADER_MS ? "" : "its PROXY header did not come whole, or not in time";
		n += got;
	}
	return r == 1 ? NULL : "it sent no PROXY header, and ProxyProtocolFrom lists it";
}

static int
header_report(struct chan *c, const struct proxy *p, const char *why)
{
	struct msg_proxied msg = { .kind = MSG_PROXIED_BAD, .text = slice_from(why) };
	char from[NET_TEXT], to[NET_TEXT];

	if (why == NULL)
		msg.kind = p->own ? MSG_PROXIED_OWN : MSG_PROXIED_FOR;
	if (msg.kind == MSG_PROXIED_FOR) {
		msg.addr = slice_from(net_print(&p->from, from));
		msg.port = p->from_port;
		msg.to_addr = slice_from(net_print(&p->to, to));
		msg.to_port = p->to_port;
	}
	return chan_send(c, MSG_PROXIED, &msg);
}

static void
on_message(void *arg, struct chan *c, struct chan_in *in)
{
	struct go *g = arg;
	const struct msg_conn_go *m = in->message;

	(void)c;
	if (in->type != MSG_CONN_GO || in->nfds != 2)
		return;
	g->good = slice_copy(m->peer, peer, sizeof(peer)) == 0 && slice_copy(m->local, local, sizeof(local)) == 0;
	g->port = m->peer_port;
	for (int i = 0; i < 2; i++) {
		g->fds[i] = in->fds[i];
		in->fds[i] = -1;
	}
}

/* The channel gets a copy of the descriptor: the front makes its own of it later. */
int
arrive(struct msg_conn_new *msg, int fds[4])
{
	struct go go = { .fds = { -1, -1 } };
	struct proxy p = { 0 };
	const char *why;
	struct chan *c;
	int fd = dup(fds[1]);

	sandbox_title("front: conn %llu by a proxy", (unsigned long long)msg->conn);
	why = header_read(fds[0], &p);
	if (fd < 0 || (why != NULL && why[0] == '\0'))
		return -ECONNRESET;
	c = chan_new(NULL, fd, LINK_FRONT_OF_MONITOR, on_message, &go);
	if (c == NULL || header_report(c, &p, why) != 0)
		return -EPIPE;
	if (why == NULL)
		(void)chan_wait(c, GO_MS);
	chan_free(c);
	if (!go.good)
		return -EPERM;
	fds[2] = go.fds[0];
	fds[3] = go.fds[1];
	msg->peer = slice_from(peer);
	msg->peer_port = go.port;
	msg->local = slice_from(local);
	return 0;
}
