/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/id.h"
#include "base/log.h"
#include "front/menu.h"
#include "front/steps.h"
#include "front/splice.h"
#include "front/tty.h"

struct menu {
	struct channel *channel;
	struct splice pty;
	struct chan *chan;
	bool chosen, left, others;     /* others: hosts that may not be reached were asked for */
	char host[FRONT_NAME_MAX], login[FRONT_NAME_MAX];
	uint32_t live_req, approval_req;       /* what the gate was asked for last, about sessions, about approvals */
	char look[64];                 /* the verb for the session that shall be on screen next, or "" */
};

int
menu_ask(struct channel *c)
{
	struct msg_menu_start msg = { .term = slice_from(c->term), .cols = c->cols, .rows = c->rows,
		.lang = slice_from(c->lang) };

	return chan_send(c->front->monitor, MSG_MENU_START, &msg);
}

/* The picker names sessions as the verbs do; whether they may the gate says, to either. */
static void
live_message(struct menu *m, const struct chan_in *in)
{
	struct front *f = m->channel->front;
	struct msg_live_ask ask = { .max = 400 };
	struct msg_live_do act;
	struct channel *c = m->channel;

	if (in->type == MSG_LIVE_ASK) {
		ask.past = ((const struct msg_live_ask *)in->message)->past;
		ask.req = m->live_req = ++f->last_req;
		(void)chan_send(f->gate, MSG_LIVE_ASK, &ask);
		return;
	}
	act = *(const struct msg_live_do *)in->message;
	if (act.op == MSG_LIVE_WATCH || act.op == MSG_LIVE_JOIN || act.op == MSG_LIVE_REPLAY) {
		c->picked_past = act.op == MSG_LIVE_REPLAY;
		if (slice_copy(act.session, c->picked_id, sizeof(c->picked_id)) == 0)
			(void)snprintf(m->look, sizeof(m->look), "%s %s",
			    act.op == MSG_LIVE_JOIN ? "join" : act.op == MSG_LIVE_WATCH ? "watch" : "replay", c->picked_id);
		return;
	}
	act.req = m->live_req = ++f->last_req;
	act.hold = 0;
	(void)chan_send(f->gate, MSG_LIVE_DO, &act);
}

static void
approval_message(struct menu *m, const struct chan_in *in)
{
	struct front *f = m->channel->front;
	struct msg_approval_list list = { 0 };
	struct msg_approval_say say = { 0 };

	m->approval_req = list.req = ++f->last_req;
	if (in->type == MSG_APPROVAL_SAY) {
		say = *(const struct msg_approval_say *)in->message;
		say.req = m->approval_req;
	}
	(void)chan_send(f->gate, in->type, in->type == MSG_APPROVAL_SAY ? (const void *)&say : &list);
}

bool
menu_take(struct menu *m, unsigned type, uint32_t req, const void *message)
{
	if (m == NULL || (req != m->live_req && req != m->approval_req) || req == 0)
		return false;
	(void)chan_send(m->chan, type, message);
	return true;
}

bool
menu_was_left(const struct menu *m)
{
	return m->left;
}

const char *
menu_looks(const struct menu *m)
{
	return m->look[0] != '\0' ? m->look : NULL;
}

static void
menu_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct menu *m = arg;
	struct channel *c = m->channel;
	const struct msg_menu_choice *choice = in->message;

	(void)chan;
	if (in->type == MSG_LIVE_ASK || in->type == MSG_LIVE_DO)
		live_message(m, in);
	if (in->type == MSG_APPROVAL_LIST || in->type == MSG_APPROVAL_SAY)
		approval_message(m, in);
	if (in->type == MSG_MENU_OTHERS && !m->others)
		m->others = rows_ask(c, MSG_HOSTS_OTHERS) == 0;
	m->left = m->left || in->type == MSG_MENU_QUIT;
	if (in->type != MSG_MENU_CHOICE)
		return;
	m->chosen = slice_copy(choice->host, m->host, sizeof(m->host)) == 0 &&
	    slice_copy(choice->login, m->login, sizeof(m->login)) == 0;
	(void)slice_copy(choice->query, c->query, sizeof(c->query));
}

/* The first picker of a login by code says what that has done. */
static void
note_enrolled(struct channel *c)
{
	if (c->front->enrolled && c->notice[0] == '\0')
		(void)snprintf(c->notice, sizeof(c->notice), "your key is bound to %s now: it lets you in without the code", c->front->user);
	c->front->enrolled = false;
}

struct menu *
menu_new(struct channel *c, int fds[2])
{
	struct msg_menu_init init = { .user = slice_from(c->front->user), .query = slice_from(c->query),
		.login = slice_from(c->wanted_login), .host = slice_from(c->asked_host), .session = slice_from(c->picked_id),
		.past = c->picked_past };
	struct menu *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	note_enrolled(c);
	init.notice = slice_from(c->notice);
	m->channel = c;
	m->chan = chan_new(c->front->loop, fds[1], LINK_FRONT_OF_MENU, menu_message, m);
	if (m->chan == NULL || splice_open(&m->pty, c->front->loop, fds[0], c->ssh, &c->door->wire) != 0) {
		chan_free(m->chan);
		free(m);
		return NULL;
	}
	fds[0] = fds[1] = -1;
	if (c->exited) {
		if (tty_reset(c)[0] != '\0')
			(void)ssh_channel_write(c->ssh, tty_reset(c), (uint32_t)strlen(tty_reset(c)));
		tty_drop_typed(c);               /* it was for the host */
	}
	(void)chan_send(m->chan, MSG_MENU_INIT, &init);
	(void)rows_ask(c, MSG_HOSTS_ALLOWED);
	return m;
}

void
menu_rows(struct menu *m, const struct msg_host_rows *rows)
{
	if (chan_send(m->chan, MSG_HOST_ROWS, rows) != 0)
		log_debug("menu takes no rows");
}

void
menu_resize(struct menu *m, unsigned cols, unsigned rows)
{
	struct winsize ws = { .ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows };

	(void)ioctl(m->pty.fd, TIOCSWINSZ, &ws);
}

bool
menu_pump(struct menu *m)
{
	return splice_pump(&m->pty);
}

bool
menu_is_over(const struct menu *m)
{
	return splice_is_over(&m->pty);
}

const char *
menu_choice(const struct menu *m, const char **login)
{
	/* The end of its terminal may be seen before its last words. */
	while (chan_wait(m->chan, 0) == 0)
		continue;
	*login = m->login;
	return m->chosen ? m->host : NULL;
}

void
menu_free(struct menu *m)
{
	if (m == NULL)
		return;
	splice_close(&m->pty);
	chan_free(m->chan);
	free(m);
}
