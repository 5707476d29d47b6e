/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The monitor's half of PAM: it forks the child (pam.c) and passes messages between
 * front and child.  It understands none of the conversation, but counts how it ends: a source
 * whose passwords were wrong waits before PAM is asked again (source.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "monitor/audit.h"
#include "monitor/auth.h"
#include "monitor/pam.h"
#include "monitor/source.h"

#define PAM_TIMEOUT_MS 120000
#define LEAVE_MS       2000              /* to end by itself once nobody listens; the same again from SIGTERM to SIGKILL */
#define CLOSE_MS       8000              /* with a session to close */
#define CONVERSATIONS_MAX 200            /* each is a process; twice what MaxAuthTries may allow */

/* What the front waits for is the answer to the last of its questions. */
enum phase { AUTHENTICATING, VOUCHING, AUTHENTICATED, OPENING, OPEN };

/* Lives until its process was reaped. */
struct pam_child {
	struct conn *conn;                  /* NULL: it only has to end */
	struct loop *loop;
	pid_t pid;
	struct chan *chan;
	enum phase phase;
	bool told;                          /* to end, by a signal */
	char user[256], method[40], text[4096];   /* text: what PAM said when it let the user in */
	struct loop_timer timer;
};

static void
result(struct conn *c, const char *text)
{
	struct msg_pam_result msg = { .ok = 0, .text = slice_from(text) };

	(void)chan_send(c->chan, MSG_PAM_RESULT, &msg);
}

static void
opened(struct conn *c, bool ok, struct slice text, const char *user, const char *method)
{
	struct msg_login_opened msg = { .ok = ok, .text = text };

	audit_login(user, c->peer, ok);
	c->refused = !ok;
	if (ok)
		conn_logged_in(c, slice_from(user));
	else
		conn_expect_end(c);              /* its user is in already, as the gate sees it */
	log_info("%s: %s: from %s method=%s conn=%llu", ok ? "login" : "login refused", user, c->peer, method,
	    (unsigned long long)c->id);
	(void)chan_send(c->chan, MSG_LOGIN_OPENED, &msg);
}

/* A module may have started processes of its own, so its whole group is meant. */
static void
child_kill(void *arg)
{
	struct pam_child *p = arg;

	log_warn("killed: a PAM child that did not end: pid=%d user=%s", (int)p->pid, p->user);
	(void)kill(-p->pid, SIGKILL);
}

static void
child_terminate(void *arg)
{
	struct pam_child *p = arg;

	p->told = true;
	(void)kill(-p->pid, SIGTERM);
	loop_timer_start(p->loop, &p->timer, LEAVE_MS, child_kill, p);
}

static void
child_free(struct pam_child *p)
{
	loop_timer_stop(&p->timer);
	free(p);
}

/* By the end of its channel it hears that nobody listens any more; it closes what it has opened, and ends. */
static void
child_drop(struct pam_child *p)
{
	if (p == NULL)
		return;
	chan_free(p->chan);
	p->chan = NULL;
	p->conn->pam = NULL;
	p->conn = NULL;
	if (p->pid == 0)
		child_free(p);
	else
		loop_timer_start(p->loop, &p->timer, p->phase >= OPENING ? CLOSE_MS : LEAVE_MS, child_terminate, p);
}

/* What it said last may still be in its channel, whose end comes after that. */
static void
child_ended(void *arg, pid_t pid, int status)
{
	struct pam_child *p = arg;

	(void)status;
	p->pid = 0;
	if (p->told)                            /* its helpers may not have listened */
		(void)kill(-pid, SIGKILL);
	if (p->conn == NULL)
		child_free(p);
}

/* The front gets the answer that it waits for, if it waits for one. */
static void
child_failed(struct pam_child *p, const char *text)
{
	if (p->phase <= VOUCHING)
		result(p->conn, text);
	if (p->phase == OPENING)
		opened(p->conn, false, slice_from(text), p->user, p->method);
	child_drop(p);
}

static void
wrong(const struct pam_child *p)
{
	const struct conn *c = p->conn;

	sources_wrong(c->monitor->sources, &c->addr, slice_from(p->user), clock_mono());
}

static void
child_timeout(void *arg)
{
	struct pam_child *p = arg;

	log_warn("PAM does not answer: user=%s", p->user);
	if (p->pid > 0)
		child_terminate(p);
	child_failed(p, "no answer in time");
}

/* A module may have renamed the user: it is that one whom PAM let in. */
static int
vouch(struct pam_child *p, const struct msg_pam_result *res)
{
	const struct monitor *m = p->conn->monitor;
	struct chan *gate = m->children[CHILD_GATE].chan;
	struct msg_vouch msg = { .conn = p->conn->id,
		.methods = (m->conf->use_pam ? MSG_VOUCH_INTERACTIVE : 0u) | (m->conf->password ? MSG_VOUCH_PASSWORD : 0u) };

	if (res->user.n > 0 && slice_copy(res->user, p->user, sizeof(p->user)) != 0)
		return -ENAMETOOLONG;
	(void)slice_copy(res->text, p->text, sizeof(p->text));
	msg.user = slice_from(p->user);
	return gate != NULL ? chan_send(gate, MSG_VOUCH, &msg) : -EPIPE;
}

/* The gate hears it first (auth_vouched goes on), so that the front's own words are not needed for it. */
static void
child_authenticated(struct pam_child *p, const struct msg_pam_result *res)
{
	struct conn *c = p->conn;

	if (res->ok == 1) {
		p->phase = VOUCHING;
		if (vouch(p, res) != 0)
			child_failed(p, "the gate is away: try again");
		return;
	}
	wrong(p);
	child_drop(p);
	(void)chan_send(c->chan, MSG_PAM_RESULT, res);
}

void
auth_vouched(struct conn *c)
{
	struct pam_child *p = c->pam;
	struct msg_pam_result msg = { .ok = 1 };

	if (p == NULL || p->phase != VOUCHING)
		return;
	loop_timer_stop(&p->timer);
	p->phase = AUTHENTICATED;
	msg.user = slice_from(p->user);
	msg.text = slice_from(p->text);
	(void)chan_send(c->chan, MSG_PAM_RESULT, &msg);
}

static void
child_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct pam_child *p = arg;
	const struct msg_login_opened *login = in->message;

	(void)chan;
	switch (in->type) {
	case MSG_PAM_PROMPT:
		(void)chan_send(p->conn->chan, MSG_PAM_PROMPT, in->message);
		break;
	case MSG_PAM_RESULT:
		child_authenticated(p, in->message);
		break;
	case MSG_LOGIN_OPENED:
		loop_timer_stop(&p->timer);
		p->phase = OPEN;
		opened(p->conn, login->ok == 1, login->text, p->user, p->method);
		break;
	case 0:
		child_failed(p, "PAM has ended without an answer");
		break;
	}
}

/* In the child: nothing of the monitor's but this one descriptor. */
static void
child_main(struct conn *c, const char *user, bool authenticate, int fd)
{
	struct pam_options o = { .service = c->monitor->conf->pam_service, .user = user, .rhost = c->peer,
		.authenticate = authenticate };

	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (setpgid(0, 0) != 0 || dup2(fd, 3) != 3 || fcntl(3, F_SETFD, FD_CLOEXEC) != 0)
		_exit(1);
	closefrom(4);
	_exit(pam_serve(&o, 3));
}

/* Takes fd on success; p is gone otherwise. */
static bool
child_watch(struct pam_child *p, int fd)
{
	if (p->pid > 0)
		(void)setpgid(p->pid, p->pid);          /* the child does the same: whoever comes first */
	if (p->pid > 0 && reap_add(p->pid, child_ended, p) == 0) {
		p->chan = chan_new(p->loop, fd, LINK_MONITOR_OF_PAM, child_message, p);
		if (p->chan != NULL)
			return true;
		p->conn = NULL;                         /* freed when it is reaped */
		(void)kill(-p->pid, SIGKILL);
		return false;
	}
	if (p->pid > 0)
		(void)kill(-p->pid, SIGKILL);
	child_free(p);
	return false;
}

static struct pam_child *
child_start(struct conn *c, const char *user, bool authenticate)
{
	struct pam_child *p = calloc(1, sizeof(*p));
	int pair[2];

	if (p == NULL || fd_pair(pair) != 0) {
		free(p);
		return NULL;
	}
	*p = (struct pam_child){ .conn = c, .loop = c->monitor->loop };
	snprintf(p->user, sizeof(p->user), "%s", user);
	p->pid = fork();
	if (p->pid == 0)
		child_main(c, user, authenticate, pair[1]);
	close(pair[1]);
	if (!child_watch(p, pair[0])) {
		close(pair[0]);
		return NULL;
	}
	loop_timer_start(p->loop, &p->timer, PAM_TIMEOUT_MS, child_timeout, p);
	c->pam = p;
	return p;
}

static void
wait_over(void *arg)
{
	struct conn *c = arg;

	if (child_start(c, c->waiting_user, true) == NULL)
		result(c, "authentication failed");
}

static void
wait_turn(struct conn *c)
{
	unsigned delay_ms = sources_delay_ms(c->monitor->sources, &c->addr, slice_from(c->waiting_user), clock_mono());

	if (delay_ms > 0)
		log_info("a try waits: %s: from %s for %u ms", c->waiting_user, c->peer, delay_ms);
	if (delay_ms > 0)
		loop_timer_start(c->monitor->loop, &c->timer, delay_ms, wait_over, c);
	else
		wait_over(c);
}

int
auth_start(struct conn *c, const struct msg_pam_start *msg)
{
	child_drop(c->pam);
	loop_timer_stop(&c->timer);
	if (c->conversations++ == CONVERSATIONS_MAX)
		return -EPROTO;
	if (!c->monitor->conf->use_pam && !c->monitor->conf->password)
		result(c, "this bastion does not use PAM");
	else if (slice_copy(msg->user, c->waiting_user, sizeof(c->waiting_user)) != 0)
		result(c, "authentication failed");
	else
		wait_turn(c);
	return 0;
}

void
auth_answer(struct conn *c, const struct msg_pam_answer *msg)
{
	if (c->pam != NULL)
		(void)chan_send(c->pam->chan, MSG_PAM_ANSWER, msg);
}

/* By PAM: its account and session phases, in the child that let the user in or in one of their own. */
static void
open_by_pam(struct conn *c)
{
	struct msg_login_open msg = { slice_from(c->opening), slice_from(c->method) };
	struct pam_child *p = c->pam;

	if (p == NULL || p->phase != AUTHENTICATED || strcmp(p->user, c->opening) != 0) {
		child_drop(p);
		p = child_start(c, c->opening, false);
	}
	if (p == NULL) {
		opened(c, false, slice_from("cannot start PAM"), c->opening, c->method);
		return;
	}
	snprintf(p->method, sizeof(p->method), "%s", c->method);
	p->phase = OPENING;
	loop_timer_start(p->loop, &p->timer, PAM_TIMEOUT_MS, child_timeout, p);
	(void)chan_send(p->chan, MSG_LOGIN_OPEN, &msg);
}

/* Front and gate have both spoken, whichever came first. */
static void
open_login(struct conn *c)
{
	const char *no = NULL;

	if (c->opening[0] == '\0' || c->admitted[0] == '\0')
		return;
	if (strcmp(c->opening, c->admitted) != 0)
		no = "the gate has let in somebody else";
	else if (c->evicted)
		no = "it had to make room for others";
	else if (!audit_may_login())
		no = "the kernel's audit log does not take records, and KernelAudit is required";
	if (no != NULL)
		opened(c, false, slice_from(no), c->opening, c->method);
	else if (!c->monitor->conf->use_pam)
		opened(c, true, slice_from(""), c->opening, c->method);
	else
		open_by_pam(c);
}

int
auth_login(struct conn *c, const struct msg_login_open *msg)
{
	if (c->opening[0] != '\0' || msg->user.n == 0)
		return -EPROTO;
	(void)text_escaped(msg->user, c->opening, sizeof(c->opening));
	(void)text_escaped(msg->method, c->method, sizeof(c->method));
	open_login(c);
	return 0;
}

void
auth_admitted(struct conn *c, struct slice user)
{
	if (c->admitted[0] != '\0')
		return;
	(void)text_escaped(user, c->admitted, sizeof(c->admitted));
	open_login(c);
}

void
auth_close(struct conn *c)
{
	child_drop(c->pam);
}
