/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Each half ends by itself: the socket's end becomes EOF, the channel's EOF a shutdown; CLOSE follows both. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libssh/callbacks.h>

#include "agent/dial.h"
#include "agent/tunnel.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"

#define LINGER_MS 10000                  /* that a socket may take nothing of what a peer left behind */

struct tunnel {
	const struct line *line;
	ssh_channel ssh;
	struct ssh_channel_callbacks_struct callbacks;
	struct pump pump;
	struct dial_to to;
	int dial;                        /* -1: not dialling */
	int offered;                     /* a socket whose channel the peer has not taken yet; -1: none */
	bool agent;
	char from[INET6_ADDRSTRLEN];     /* who connected; to: where */
	int from_port;
	bool dialled;                    /* there is news of it */
	pid_t child;
	bool eof_sent, gone, closed;
};

static void
on_dialled(void *arg, int fd, uint32_t events)
{
	struct tunnel *t = arg;

	(void)fd, (void)events;
	t->dialled = true;
}

static bool
destination(struct dial_to *to, ssh_message m)
{
	const char *host = ssh_message_channel_request_open_destination(m);

	to->port = ssh_message_channel_request_open_destination_port(m);
	if (host == NULL || host[0] == '\0' || strlen(host) > DIAL_NAME_MAX || to->port <= 0 || to->port > 65535)
		return false;
	(void)snprintf(to->host, sizeof to->host, "%s", host);
	return true;
}

static int
on_data(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_stderr, void *arg)
{
	const struct tunnel *t = arg;

	(void)s, (void)ch, (void)data;
	return t->closed ? (int)n : pump_on_data(&t->pump, n, is_stderr != 0);
}

static void
on_close(ssh_session s, ssh_channel ch, void *arg)
{
	(void)s, (void)ch;
	((struct tunnel *)arg)->gone = true;
}

/* Whatever fails from here on, tunnel_free closes nothing that is not the tunnel's. */
static struct tunnel *
tunnel_make(const struct line *line)
{
	struct tunnel *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	*t = (struct tunnel){ .line = line, .dial = -1, .offered = -1 };
	pump_init(&t->pump, line, NULL);
	return t;
}

static int
watch_channel(struct tunnel *t)
{
	t->callbacks = (struct ssh_channel_callbacks_struct){ .userdata = t, .channel_data_function = on_data,
		.channel_close_function = on_close };
	ssh_callbacks_init(&t->callbacks);
	t->pump.ssh = t->ssh;
	return t->ssh == NULL || ssh_set_channel_callbacks(t->ssh, &t->callbacks) != SSH_OK ? -ENOMEM : 0;
}

static void
dial_over(struct tunnel *t)
{
	if (t->dial >= 0)
		loop_del(t->line->loop, t->dial);
	fd_close(&t->dial);
	t->child = 0;
}

struct tunnel *
tunnel_new(const struct line *line, const struct account *a, ssh_message m)
{
	struct tunnel *t = tunnel_make(line);
	int r;

	if (t == NULL)
		return NULL;
	r = destination(&t->to, m) ? t->dial = dial_start(a, &t->to, &t->child) : -EINVAL;
	if (r >= 0)
		r = loop_add(line->loop, t->dial, EPOLLIN, on_dialled, t);
	if (r >= 0) {
		t->ssh = ssh_message_channel_request_open_reply_accept(m);
		r = watch_channel(t);
	}
	if (r >= 0)
		return t;
	log_error("forward: cannot be begun: %s", strerror(-r));
	tunnel_free(t);
	return NULL;
}

struct tunnel *
tunnel_offer(const struct line *line, int fd, const struct tunnel_offer *o)
{
	struct tunnel *t = tunnel_make(line);

	if (t == NULL) {
		fd_close(&fd);
		return NULL;
	}
	t->offered = fd;
	t->agent = o->agent;
	t->from_port = o->from_port;
	(void)snprintf(t->to.host, sizeof t->to.host, "%s", o->address);
	t->to.port = o->port;
	(void)snprintf(t->from, sizeof t->from, "%s", o->from);
	t->ssh = ssh_channel_new(line->ssh);
	if (watch_channel(t) == 0)
		return t;
	tunnel_free(t);
	return NULL;
}

/* Asks for the channel, until there is an answer; true if there is. */
static bool
offered(struct tunnel *t)
{
	int r = t->agent ? ssh_channel_open_auth_agent(t->ssh) :
	    ssh_channel_open_reverse_forward(t->ssh, t->to.host, t->to.port, t->from, t->from_port);

	if (r == SSH_AGAIN)
		return false;
	if (r == SSH_OK) {
		pump_start(&t->pump, PUMP_SOCKET, -1, t->offered, -1);
		t->offered = -1;
		return true;
	}
	fd_close(&t->offered);
	t->closed = t->gone = true;
	return true;
}

static void
fail(struct tunnel *t, int code)
{
	char host[DIAL_NAME_MAX * 4 + 1];

	log_info("forward: cannot connect to %s port %d: %s", text_escaped(slice_from(t->to.host), host, sizeof host), t->to.port,
	    code == -ENOENT ? "no such host" : strerror(-code));
	(void)ssh_channel_request_send_exit_status(t->ssh, -code < 256 ? -code : 255);
	(void)ssh_channel_close(t->ssh);
	t->closed = true;
}

static bool
connected(struct tunnel *t)
{
	int fd = dial_take(t->dial);

	t->dialled = false;
	if (fd == -EAGAIN)
		return false;
	dial_over(t);
	if (fd < 0) {
		fail(t, fd);
		return true;
	}
	(void)ssh_channel_request_send_exit_status(t->ssh, 0);
	pump_start(&t->pump, PUMP_SOCKET, -1, fd, -1);
	return true;
}

static bool
finish(struct tunnel *t)
{
	if (pump_is_drained(&t->pump) && !t->eof_sent && !t->gone) {
		t->eof_sent = true;
		(void)ssh_channel_send_eof(t->ssh);
		return true;
	}
	if (!t->gone && !(t->eof_sent && t->pump.in.over))
		return false;
	if (t->gone && pump_linger(&t->pump, LINGER_MS))
		return pump_out(&t->pump);
	dial_over(t);
	pump_stop(&t->pump);
	(void)ssh_channel_close(t->ssh);
	t->closed = true;
	return true;
}

bool
tunnel_pump(struct tunnel *t)
{
	bool moved = t->offered >= 0 ? offered(t) : t->dialled && connected(t);

	if (t->closed || t->offered >= 0)
		return moved;
	moved |= pump_in(&t->pump);
	if (!t->gone)
		moved |= pump_out(&t->pump);
	return finish(t) || moved;
}

void
tunnel_watch(struct tunnel *t)
{
	if (t->pump.started && !t->closed)
		pump_watch(&t->pump);
}

bool
tunnel_is_over(const struct tunnel *t)
{
	return t->closed && t->gone;
}

pid_t
tunnel_child(const struct tunnel *t)
{
	return t->child;
}

void
tunnel_free(struct tunnel *t)
{
	if (t == NULL)
		return;
	dial_over(t);
	fd_close(&t->offered);
	pump_done(&t->pump);
	if (t->ssh != NULL) {
		(void)ssh_remove_channel_callbacks(t->ssh, &t->callbacks);
		ssh_channel_free(t->ssh);
	}
	free(t);
}
