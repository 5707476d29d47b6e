/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A connection from accept to end.  The monitor makes the front's three channels, so
 * that gate and store know by descriptor, not by claim, whose front they talk to, and
 * what they are told of its peer comes from here.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "monitor/audit.h"
#include "monitor/auth.h"
#include "monitor/child.h"
#include "monitor/conn.h"
#include "monitor/menu.h"

#define OLDEST_N 16                      /* of those who wait: their sources are counted when somebody has to go */

static void
conn_free(struct conn *c)
{
	struct monitor *m = c->monitor;
	struct conn **at = &m->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	m->conns_n--;
	if (!c->logged_in)
		m->startups_n -= !c->evicted;
	else
		audit_logout(c->user, c->peer);
	auth_close(c);
	reap_forget(c);
	chan_free(c->chan);
	free(c);
	if (m->stopping && m->conns == NULL)
		child_stop_all(m);
}

struct conn *
conn_find(struct monitor *m, uint64_t id)
{
	struct conn *c = m->conns;

	while (c != NULL && c->id != id)
		c = c->next;
	return c;
}

/* Without a zone.  What is no address (there is none such) is ::, and all of those are one. */
static struct net_addr
addr_of(const char *peer)
{
	struct net_addr a = { { 0 } };

	(void)net_parse(slice_of(peer, strcspn(peer, "%")), &a);
	return a;
}

void
conn_set_peer(struct conn *c, const char *peer)
{
	(void)snprintf(c->peer, sizeof(c->peer), "%s", peer);
	c->addr = addr_of(peer);
}

unsigned
conn_startups_of(const struct monitor *m, const char *peer)
{
	struct net_prefix source = { .addr = addr_of(peer) };
	unsigned n = 0;

	source.bits = net_is_v4(&source.addr) ? 128 : 64;
	for (const struct conn *c = m->conns; c != NULL; c = c->next)
		n += !c->logged_in && !c->evicted && net_prefix_holds(&source, &c->addr);
	return n;
}

/* It counts no more; its channel tells when it has gone. */
static void
evict(struct conn *c)
{
	struct msg_terminate msg = { slice_from("too many connections have not logged in yet: try again") };

	c->evicted = true;
	c->monitor->startups_n--;
	(void)chan_send(c->chan, MSG_TERMINATE, &msg);
}

const char *
conn_make_room(struct monitor *m, const char *peer)
{
	struct conn *oldest[OLDEST_N] = { NULL }, *most = NULL;
	unsigned seen = 0, n = conn_startups_of(m, peer), of;

	for (struct conn *c = m->conns; c != NULL; c = c->next)
		if (!c->logged_in && !c->evicted)
			oldest[seen++ % OLDEST_N] = c;
	for (unsigned i = 0; i < OLDEST_N; i++) {
		of = oldest[i] != NULL ? conn_startups_of(m, oldest[i]->peer) : 0;
		if (of > n) {
			most = oldest[i];
			n = of;
		}
	}
	if (most == NULL)
		return NULL;
	evict(most);
	return most->peer;
}

void
conn_vouched(struct monitor *m, const struct msg_vouched *msg)
{
	struct conn *c = conn_find(m, msg->conn);

	if (c != NULL)
		auth_vouched(c);
}

void
conn_set_pid(struct monitor *m, const struct msg_conn_pid *msg)
{
	struct conn *c = conn_find(m, msg->conn);

	if (c != NULL)
		c->pid = (pid_t)msg->pid;
}

/* How its process ended matters only when it was not by its own will. */
void
conn_note_end(struct monitor *m, const struct msg_conn_end *msg)
{
	int status = (int)msg->status;

	(void)m;
	if (WIFSIGNALED(status))
		log_error("front died: conn %llu: signal %d (%s)", (unsigned long long)msg->conn, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
}

void
conn_logged_in(struct conn *c, struct slice user)
{
	if (c->logged_in || c->evicted)
		return;
	c->logged_in = true;
	c->monitor->startups_n--;
	(void)text_escaped(user, c->user, sizeof(c->user));
}

static void
conn_audit_note(struct conn *c, const struct msg_audit_note *n)
{
	audit_note(n, c->user, c->peer);
}

static void
conn_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct conn *c = arg;

	(void)chan;
	switch (in->type) {
	case MSG_PAM_START:
		auth_start(c, in->message);
		break;
	case MSG_PAM_ANSWER:
		auth_answer(c, in->message);
		break;
	case MSG_LOGIN_OPEN:
		auth_login(c, in->message);
		break;
	case MSG_MENU_START:
		menu_start(c, in->message);
		break;
	case MSG_AUDIT_NOTE:
		conn_audit_note(c, in->message);
		break;
	case 0:
		log_debug("connection ended: conn %llu: %s", (unsigned long long)c->id, in->why);
		conn_free(c);
		break;
	}
}

static int
introduce(struct chan *to, uint64_t id, const char *peer, int fd)
{
	struct msg_client_new msg = { .conn = id, .kind = MSG_CLIENT_FRONT, .peer = slice_from(peer) };

	return chan_send_fds(to, MSG_CLIENT_NEW, &msg, &fd, 1);
}

/* pairs: [0] front's ends … [1] the others'. */
/* Where the client came in: "[ADDRESS]:PORT", or "" when that cannot be known. */
static void
local_address(int sock, char text[64])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[48], port[8];

	text[0] = '\0';
	if (getsockname(sock, (struct sockaddr *)&ss, &len) == 0 && getnameinfo((struct sockaddr *)&ss, len, host,
	    sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		(void)snprintf(text, 64, "[%s]:%s", host, port);
}

static int
conn_hand_over(struct monitor *m, struct conn *c, int sock, int pairs[3][2])
{
	int fds[4] = { sock, pairs[0][0], pairs[1][0], pairs[2][0] };
	struct msg_conn_new msg = { .conn = c->id, .peer = slice_from(c->peer), .peer_port = c->port };
	char local[64];
	int r;

	local_address(sock, local);
	msg.local = slice_from(local);
	r = introduce(m->children[CHILD_GATE].chan, c->id, c->peer, pairs[1][1]);
	if (r == 0)
		r = introduce(m->children[CHILD_STORE].chan, c->id, c->peer, pairs[2][1]);
	if (r == 0)
		r = chan_send_fds(m->children[CHILD_ACCEPTOR].chan, MSG_CONN_NEW, &msg, fds, 4);
	return r;
}

static struct conn *
conn_new(struct monitor *m, const char *peer, unsigned port)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct conn){ .next = m->conns, .monitor = m, .id = ++m->conn_last, .port = port };
	conn_set_peer(c, peer);
	m->conns = c;
	m->conns_n++;
	m->startups_n++;
	return c;
}

void
conn_open(struct monitor *m, int sock, const char *peer, unsigned port)
{
	int pairs[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct conn *c = conn_new(m, peer, port);
	int r = c == NULL ? -ENOMEM : child_all_ready(m) ? 0 : -EAGAIN;

	for (int i = 0; r == 0 && i < 3; i++)
		r = fd_pair(pairs[i]);
	if (r == 0)
		r = conn_hand_over(m, c, sock, pairs);
	if (r == 0) {
		c->chan = chan_new(m->loop, pairs[0][1], LINK_MONITOR_OF_FRONT, conn_message, c);
		r = c->chan != NULL ? 0 : -ENOMEM;
		if (r == 0)
			pairs[0][1] = -1;
	}
	for (int i = 0; i < 3; i++) {
		fd_close(&pairs[i][0]);
		fd_close(&pairs[i][1]);
	}
	if (r != 0) {
		log_error("connection refused: %s: %s", peer, strerror(-r));
		if (c != NULL)
			conn_free(c);
	}
}

void
conn_terminate_all(struct monitor *m, const char *reason)
{
	struct msg_terminate msg = { slice_from(reason) };

	for (struct conn *c = m->conns; c != NULL; c = c->next)
		(void)chan_send(c->chan, MSG_TERMINATE, &msg);
}
