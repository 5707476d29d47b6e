/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The monitor's half of PAM: it forks the child (pam.c) and passes messages between
 * front and child.  It understands none of the conversation.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "monitor/audit.h"
#include "monitor/auth.h"
#include "monitor/pam.h"

#define PAM_TIMEOUT_MS 120000

struct pam_child {
	struct conn *conn;
	pid_t pid;
	struct chan *chan;
	bool authenticated;
	char user[256], method[40];
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
	if (ok)
		conn_logged_in(c, slice_from(user));
	log_info("%s: %s: from %s method=%s conn=%llu", ok ? "login" : "login refused", user, c->peer, method,
	    (unsigned long long)c->id);
	(void)chan_send(c->chan, MSG_LOGIN_OPENED, &msg);
}

static void
child_free(struct pam_child *p)
{
	if (p == NULL)
		return;
	loop_timer_stop(&p->timer);
	reap_forget(p);
	chan_free(p->chan);
	if (p->conn != NULL)
		p->conn->pam = NULL;
	free(p);
}

static void
child_ended(void *arg, pid_t pid, int status)
{
	(void)pid;
	(void)status;
	((struct pam_child *)arg)->pid = 0;
}

static void
child_timeout(void *arg)
{
	struct pam_child *p = arg;

	result(p->conn, "no answer in time");
	if (p->pid > 0)
		(void)kill(p->pid, SIGTERM);
	child_free(p);
}

static void
child_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct pam_child *p = arg;
	struct conn *c = p->conn;
	const struct msg_pam_result *res = in->message;
	const struct msg_login_opened *login = in->message;

	(void)chan;
	switch (in->type) {
	case MSG_PAM_PROMPT:
		(void)chan_send(c->chan, MSG_PAM_PROMPT, in->message);
		break;
	case MSG_PAM_RESULT:
		p->authenticated = res->ok == 1;
		loop_timer_stop(&p->timer);
		(void)chan_send(c->chan, MSG_PAM_RESULT, res);
		if (!res->ok)
			child_free(p);
		break;
	case MSG_LOGIN_OPENED:
		loop_timer_stop(&p->timer);
		opened(c, login->ok == 1, login->text, p->user, p->method);
		break;
	case 0:
		result(c, "authentication failed");
		child_free(p);
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
	if (dup2(fd, 3) != 3)
		_exit(1);
	closefrom(4);
	_exit(pam_serve(&o, 3));
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
	p->conn = c;
	p->pid = fork();
	if (p->pid == 0)
		child_main(c, user, authenticate, pair[1]);
	close(pair[1]);
	p->chan = p->pid > 0 ? chan_new(c->monitor->loop, pair[0], LINK_MONITOR_OF_PAM, child_message, p) : NULL;
	if (p->chan == NULL || reap_add(p->pid, child_ended, p) != 0) {
		if (p->chan == NULL)
			close(pair[0]);
		child_free(p);
		return NULL;
	}
	loop_timer_start(c->monitor->loop, &p->timer, PAM_TIMEOUT_MS, child_timeout, p);
	c->pam = p;
	return p;
}

void
auth_start(struct conn *c, const struct msg_pam_start *msg)
{
	char user[256];

	child_free(c->pam);
	if (!c->monitor->conf->use_pam && !c->monitor->conf->password) {
		result(c, "this bastion does not use PAM");
		return;
	}
	if (slice_copy(msg->user, user, sizeof(user)) != 0 || child_start(c, user, true) == NULL)
		result(c, "authentication failed");
}

void
auth_answer(struct conn *c, const struct msg_pam_answer *msg)
{
	if (c->pam != NULL)
		(void)chan_send(c->pam->chan, MSG_PAM_ANSWER, msg);
}

void
auth_login(struct conn *c, const struct msg_login_open *msg)
{
	char user[256], method[40];
	struct pam_child *p = c->pam;

	(void)text_escaped(msg->user, user, sizeof(user));
	(void)text_escaped(msg->method, method, sizeof(method));
	if (!audit_may_login()) {
		opened(c, false, slice_from("the kernel's audit log does not take records, and KernelAudit is required"),
		    user, method);
		return;
	}
	if (!c->monitor->conf->use_pam) {
		opened(c, true, slice_from(""), user, method);
		return;
	}
	if (p == NULL || !p->authenticated) {
		child_free(p);
		p = child_start(c, user, false);
	}
	if (p == NULL) {
		opened(c, false, slice_from("cannot start PAM"), user, method);
		return;
	}
	snprintf(p->user, sizeof(p->user), "%s", user);
	snprintf(p->method, sizeof(p->method), "%s", method);
	(void)chan_send(p->chan, MSG_LOGIN_OPEN, msg);
}

void
auth_close(struct conn *c)
{
	child_free(c->pam);
}
