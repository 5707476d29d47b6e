/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A connection from accept to end.  The monitor makes the front's three channels, so
 * that gate and store know by descriptor, not by claim, whose front they talk to, and
 * what they are told of its peer comes from here.
 *
 * Behind a listed proxy the peer stands in the first bytes, and the monitor reads none: the
 * process that will be the front reads the header, with no channel but the one to here, and
 * says what it found, once.  Then the limits are asked, and only then are gate and store
 * told of it and the front given its way to them.
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
#include "monitor/limit.h"
#include "monitor/menu.h"

#define HEADER_MS  8000                  /* the front's own limit is shorter */
#define CUT_MS     4000                  /* a front's own time for its last words is 3 s */
#define ORPHAN_MS  10000                 /* the same, where all of them end at once */
#define ENDED_KEPT 64
#define OLDEST_N   16                    /* of those who wait: their sources are compared when somebody has to go */
#define AUDITED_MAX 100

/* The last ones that ended without a login: how their processes ended is heard a little later. */
static struct { uint64_t conn; struct net_addr addr; } ended[ENDED_KEPT];

static void
source_enter(struct conn *c)
{
	c->counted = sources_enter(c->monitor->sources, &c->addr) == 0;
}

static void
source_leave(struct conn *c)
{
	if (c->counted)
		sources_leave(c->monitor->sources, &c->addr);
	c->counted = false;
}

/* What its source has to answer for. */
static void
conn_blame(struct conn *c)
{
	struct monitor *m = c->monitor;
	bool slow = clock_ms_since(c->since) >= (int64_t)m->conf->login_grace_s * 1000;

	if (c->nameless || c->evicted || !child_all_ready(m))
		return;
	ended[c->id % ENDED_KEPT].conn = c->id;
	ended[c->id % ENDED_KEPT].addr = c->addr;
	limit_punish(m, &c->addr, slow ? FAULT_GRACE : c->wrong > 0 ? FAULT_WRONG : FAULT_NO_TRY);
}

static void
conn_free(struct conn *c)
{
	struct monitor *m = c->monitor;

	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		m->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	table_take(&m->conns_by_id, &c->node);
	m->conns_n--;
	loop_timer_stop(&c->timer);
	loop_timer_stop(&c->end_timer);
	if (!c->logged_in) {
		m->startups_n -= !c->evicted;
		source_leave(c);
		conn_blame(c);
	} else {
		audit_logout(c->user, c->peer);
	}
	auth_close(c);
	if (c->menus > 0)
		reap_forget(c);
	chan_free(c->chan);
	free(c);
	if (m->stopping && m->conns == NULL)
		child_stop_all(m);
}

struct conn *
conn_find(struct monitor *m, uint64_t id)
{
	return TABLE_OWNER(table_find(&m->conns_by_id, id), struct conn, node);
}

/* Its front lives as long as its channel: one that has let go of that is about to end, or nobody could end it any more. */
static void
conn_lost(struct conn *c)
{
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
	conn_free(c);
}

/* It was told to end and has not: its user may be there no more. */
static void
end_too_slow(void *arg)
{
	struct conn *c = arg;

	log_warn("killed: conn %llu: did not end when told to", (unsigned long long)c->id);
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
}

/* A timer of its own, that nothing which a front says can stop. */
static void
end_within(struct conn *c, int64_t ms)
{
	if (!loop_timer_is_running(&c->end_timer))
		loop_timer_start(c->monitor->loop, &c->end_timer, ms, end_too_slow, c);
}

/* It counts no more; its channel tells when it has gone. */
static void
evict(struct conn *c)
{
	struct msg_terminate msg = { slice_from("too many connections have not logged in yet: try again") };

	c->evicted = true;
	c->monitor->startups_n--;
	source_leave(c);
	(void)chan_send(c->chan, MSG_TERMINATE, &msg);
	end_within(c, CUT_MS);
}

const char *
conn_make_room(struct monitor *m, const struct net_addr *addr)
{
	struct conn *oldest[OLDEST_N] = { NULL }, *most = NULL;
	unsigned seen = 0, n = addr != NULL ? sources_startups(m->sources, addr) : 1, of;

	for (struct conn *c = m->conns; c != NULL; c = c->next)
		if (c->counted)
			oldest[seen++ % OLDEST_N] = c;
	for (unsigned i = 0; i < OLDEST_N; i++) {
		of = oldest[i] != NULL ? sources_startups(m->sources, &oldest[i]->addr) : 0;
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
conn_admitted(struct monitor *m, const struct msg_admitted *msg)
{
	struct conn *c = conn_find(m, msg->conn);

	if (c != NULL)
		auth_admitted(c, msg->user);
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
	struct conn *c = conn_find(m, msg->conn);
	int status = (int)msg->status;

	if (c != NULL)
		c->pid = 0;                      /* the number may be another's soon */
	if (!WIFSIGNALED(status))
		return;
	log_error("front died: conn %llu: signal %d (%s)", (unsigned long long)msg->conn, WTERMSIG(status),
	    strsignal(WTERMSIG(status)));
	if (ended[msg->conn % ENDED_KEPT].conn == msg->conn)
		limit_punish(m, &ended[msg->conn % ENDED_KEPT].addr, FAULT_CRASH);
}

void
conn_logged_in(struct conn *c, struct slice user)
{
	if (c->logged_in || c->evicted)
		return;
	c->logged_in = true;
	c->monitor->startups_n--;
	source_leave(c);
	(void)text_escaped(user, c->user, sizeof(c->user));
}

static void
conn_audit_note(struct conn *c, const struct msg_audit_note *n)
{
	audit_note(n, c->user, c->peer);
}

static void conn_proxied(struct conn *c, const struct msg_proxied *p);

/* As many as a front lets somebody try; one that was taken over must not flood the kernel's log. */
static void
conn_failed(struct conn *c, const struct msg_login_failed *m)
{
	char user[256];

	if (c->wrong++ < AUDITED_MAX && !c->refused)
		audit_login(text_escaped(m->user, user, sizeof(user)), c->peer, false);
	c->refused = false;
}

/* One that has not said for whom it is may say nothing else, and nothing of a login one that is in. */
static bool
is_in_turn(const struct conn *c, unsigned type)
{
	switch (type) {
	case MSG_PROXIED:
		return c->nameless;
	case MSG_MENU_START:
	case MSG_AUDIT_NOTE:
		return c->logged_in;
	default:
		return !c->nameless && !c->logged_in;
	}
}

/* 0, or negative: its front does what ours never would. */
static int
conn_take(struct conn *c, const struct chan_in *in)
{
	if (!is_in_turn(c, in->type))
		return -EPROTO;
	switch (in->type) {
	case MSG_LOGIN_FAILED:
		conn_failed(c, in->message);
		break;
	case MSG_PAM_START:
		return auth_start(c, in->message);
	case MSG_PAM_ANSWER:
		auth_answer(c, in->message);
		break;
	case MSG_LOGIN_OPEN:
		return auth_login(c, in->message);
	case MSG_MENU_START:
		menu_start(c, in->message);
		break;
	case MSG_AUDIT_NOTE:
		conn_audit_note(c, in->message);
		break;
	}
	return 0;
}

static void
conn_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct conn *c = arg;

	(void)chan;
	if (in->type == 0) {
		log_debug("connection ended: conn %llu: %s", (unsigned long long)c->id, in->why);
		conn_lost(c);
	} else if (in->type == MSG_PROXIED && c->nameless) {
		conn_proxied(c, in->message);           /* after which there may be no connection */
	} else if (conn_take(c, in) != 0) {
		log_warn("connection ended: conn %llu: its front broke the rules: %s", (unsigned long long)c->id, msg_name(in->type));
		conn_lost(c);
	}
}

static int
introduce(struct chan *to, uint64_t id, const char *peer, int fd)
{
	struct msg_client_new msg = { .conn = id, .kind = MSG_CLIENT_FRONT, .peer = slice_from(peer) };

	return chan_send_fds(to, MSG_CLIENT_NEW, &msg, &fd, 1);
}

/* "[ADDRESS]:PORT" of this end, or "" when that cannot be known. */
static void
local_address(int sock, char text[64])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct net_addr a;
	char addr[NET_TEXT];
	unsigned port;

	text[0] = '\0';
	if (getsockname(sock, (struct sockaddr *)&ss, &len) == 0 && net_from_socket((struct sockaddr *)&ss, &a, &port) == 0)
		(void)snprintf(text, 64, "[%s]:%u", net_print(&a, addr), port);
}

/* Gate and store get their ends of the front's channels to them: pairs[i][1]. */
static int
conn_introduce(struct conn *c, int pairs[2][2])
{
	struct monitor *m = c->monitor;
	int r = introduce(m->children[CHILD_GATE].chan, c->id, c->peer, pairs[0][1]);

	return r == 0 ? introduce(m->children[CHILD_STORE].chan, c->id, c->peer, pairs[1][1]) : r;
}

/* To the acceptor: all that a front needs, or, while it is nameless, no way to gate and store. */
static int
conn_hand_over(struct conn *c, int sock, int monitor_end)
{
	struct monitor *m = c->monitor;
	struct msg_conn_new msg = { .conn = c->id, .peer = slice_from(c->peer), .peer_port = c->port,
		.local = slice_from(c->local), .proxied = c->nameless };
	int pairs[2][2] = { { -1, -1 }, { -1, -1 } }, r = 0;

	for (int i = 0; r == 0 && !c->nameless && i < 2; i++)
		r = fd_pair(pairs[i]);
	if (r == 0 && !c->nameless)
		r = conn_introduce(c, pairs);
	if (r == 0)
		r = chan_send_fds(m->children[CHILD_ACCEPTOR].chan, MSG_CONN_NEW, &msg,
		    (int[]){ sock, monitor_end, pairs[0][0], pairs[1][0] }, c->nameless ? 2 : 4);
	for (int i = 0; i < 2; i++) {
		fd_close(&pairs[i][0]);
		fd_close(&pairs[i][1]);
	}
	return r;
}

static void
header_too_slow(void *arg)
{
	struct conn *c = arg;

	limit_note(c->peer, "no PROXY header in time");
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
	conn_free(c);
}

static struct conn *
conn_new(struct monitor *m, const struct net_addr *addr, unsigned port, bool proxied)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct conn){ .next = m->conns, .monitor = m, .id = ++m->conn_last, .addr = *addr, .port = port, .nameless = proxied,
		.since = clock_mono() };
	(void)net_print(addr, c->peer);
	if (c->next != NULL)
		c->next->prev = c;
	m->conns = c;
	table_put(&m->conns_by_id, &c->node, c->id);
	m->conns_n++;
	m->startups_n++;
	if (proxied)
		loop_timer_start(m->loop, &c->timer, HEADER_MS, header_too_slow, c);
	else
		source_enter(c);
	return c;
}

void
conn_open(struct monitor *m, int sock, const struct net_addr *addr, unsigned port, bool proxied)
{
	struct conn *c = conn_new(m, addr, port, proxied);
	char peer[NET_TEXT];
	int pair[2] = { -1, -1 }, r = c == NULL ? -ENOMEM : child_all_ready(m) ? fd_pair(pair) : -EAGAIN;

	if (r == 0) {
		local_address(sock, c->local);
		r = conn_hand_over(c, sock, pair[0]);
	}
	if (r == 0) {
		c->chan = chan_new(m->loop, pair[1], LINK_MONITOR_OF_FRONT, conn_message, c);
		r = c->chan != NULL ? 0 : -ENOMEM;
		if (r == 0)
			pair[1] = -1;
	}
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	if (r != 0) {
		log_error("connection refused: %s: %s", net_print(addr, peer), strerror(-r));
		if (c != NULL)
			conn_free(c);
	}
}

/* ---- behind a proxy ---- */

static int
conn_go(struct conn *c)
{
	struct msg_conn_go go = { .peer = slice_from(c->peer), .peer_port = c->port, .local = slice_from(c->local) };
	int pairs[2][2] = { { -1, -1 }, { -1, -1 } }, r = 0;

	for (int i = 0; r == 0 && i < 2; i++)
		r = fd_pair(pairs[i]);
	if (r == 0)
		r = conn_introduce(c, pairs);
	if (r == 0)
		r = chan_send_fds(c->chan, MSG_CONN_GO, &go, (int[]){ pairs[0][0], pairs[1][0] }, 2);
	for (int i = 0; i < 2; i++) {
		fd_close(&pairs[i][0]);
		fd_close(&pairs[i][1]);
	}
	return r;
}

/* What the header said: the client's address, and the one that it went to. */
static int
conn_rename(struct conn *c, const struct msg_proxied *p)
{
	struct net_addr peer, to;
	char text[NET_TEXT];

	if (p->kind == MSG_PROXIED_OWN)
		return 0;
	if (p->kind != MSG_PROXIED_FOR || net_parse(p->addr, &peer) != 0 || net_parse(p->to_addr, &to) != 0 || p->port > 65535 ||
	    p->to_port > 65535)
		return -EBADMSG;
	c->addr = peer;
	c->port = p->port;
	(void)net_print(&peer, c->peer);
	(void)snprintf(c->local, sizeof(c->local), "[%s]:%u", net_print(&to, text), p->to_port);
	return 0;
}

static void
conn_proxied(struct conn *c, const struct msg_proxied *p)
{
	const char *why = NULL;
	char said[160];

	loop_timer_stop(&c->timer);
	if (conn_rename(c, p) != 0)
		why = p->kind == MSG_PROXIED_BAD ? text_escaped(p->text, said, sizeof(said)) : "its front broke the rules";
	else if (!child_all_ready(c->monitor))
		why = "starting again";
	else
		why = limit_refuses_source(c->monitor, &c->addr);
	if (why == NULL) {
		c->nameless = false;
		source_enter(c);
		why = conn_go(c) == 0 ? NULL : "out of memory";
	}
	if (why == NULL)
		return;
	limit_note(c->peer, why);
	conn_free(c);
}

static void
cut_say(struct conn *c, const struct msg_cut *msg)
{
	struct msg_terminate terminate = { msg->reason, msg->session };
	char why[300], session[64];

	log_info("told to end: %s: %s: from %s conn=%llu session=%s", c->user, text_escaped(msg->reason, why, sizeof(why)), c->peer,
	    (unsigned long long)c->id, msg->session.n > 0 ? text_escaped(msg->session, session, sizeof(session)) : "all");
	(void)chan_send(c->chan, MSG_TERMINATE, &terminate);
}

void
conn_cut(struct monitor *m, const struct msg_cut *msg)
{
	struct conn *c = conn_find(m, msg->conn);

	if (c == NULL || c->told)
		return;
	c->told = msg->session.n == 0;
	cut_say(c, msg);
	if (c->told)
		end_within(c, CUT_MS);
}

void
conn_expect_end(struct conn *c)
{
	end_within(c, CUT_MS);
}

void
conn_let_go(struct monitor *m, const struct msg_let_go *msg)
{
	struct conn *c = conn_find(m, msg->conn);

	if (c != NULL)
		conn_expect_end(c);
}

void
conn_orphan_all(struct monitor *m)
{
	for (struct conn *c = m->conns; c != NULL; c = c->next)
		end_within(c, ORPHAN_MS);
}

void
conn_terminate_all(struct monitor *m, const char *reason)
{
	struct msg_terminate msg = { slice_from(reason) };

	for (struct conn *c = m->conns; c != NULL; c = c->next)
		(void)chan_send(c->chan, MSG_TERMINATE, &msg);
}
