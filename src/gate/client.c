/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Fronts and administrators: who they are, what they hold (tickets), and lists that are sent piece by piece. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "gate/login.h"
#include "gate/second.h"
#include "gate/ticket.h"

enum { CLIENTS_MAX = 20000, QUEUE_ENOUGH = 512 * 1024 };

struct client *
client_find(struct gate *g, uint64_t id)
{
	struct client *c;

	for (c = g->clients; c != NULL && c->id != id; c = c->next)
		;
	return c;
}

void
client_free(struct client *c)
{
	struct client **at = &c->gate->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->gate->nclients--;
	tickets_free(c);
	second_free(c);
	login_free(c);
	chan_free(c->chan);
	free(c);
}

static void
client_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct client *c = arg;
	int r = -EPIPE;

	(void)chan;
	if (in->type != 0)
		r = c->kind == MSG_CLIENT_FRONT ? front_take(c, in->type, in->message) : control_take(c, in->type, in->message);
	else if (strcmp(in->why, "closed") != 0)
		log_warn("client ends: %s: %s", c->peer, in->why);
	if (r == 0)
		return;
	if (in->type != 0)
		log_warn("client ended: %s: %s: %s", c->peer, msg_name(in->type), strerror(-r));
	client_free(c);
}

static void
list_go_on(void *arg)
{
	struct client *c = arg;
	bool over = false;

	if (c->more == NULL)
		return;
	while (!over && chan_queued(c->chan) < QUEUE_ENOUGH)
		over = c->more(c);
	if (over) {
		c->more = NULL;
		chan_pause(c->chan, false);
	}
}

void
client_send_list(struct client *c, client_more_fn *more)
{
	c->more = more;
	c->cursor = 0;
	c->phase = 0;
	chan_pause(c->chan, true);
	list_go_on(c);
}

static void
client_name(struct client *c)
{
	if (c->kind == MSG_CLIENT_FRONT)
		return;
	if (c->uid == 0)
		snprintf(c->actor, sizeof(c->actor), "root");
	else if (c->uid == c->gate->owner_uid && c->gate->owner[0] != '\0')
		snprintf(c->actor, sizeof(c->actor), "%s", c->gate->owner);
	else
		snprintf(c->actor, sizeof(c->actor), "uid %u", c->uid);
}

int
client_new(struct gate *g, const struct msg_client_new *m, int *fd)
{
	enum link_end end = m->kind == MSG_CLIENT_FRONT ? LINK_GATE_OF_FRONT : LINK_GATE_OF_CTL;
	struct client *c;

	if (m->kind == MSG_CLIENT_CTL && m->uid != 0 && m->uid != g->owner_uid)
		return -EPERM;
	if ((m->kind != MSG_CLIENT_FRONT && m->kind != MSG_CLIENT_CTL) || g->nclients >= CLIENTS_MAX)
		return -EAGAIN;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	*c = (struct client){ .gate = g, .id = ++g->client_last, .conn = m->conn, .kind = m->kind, .uid = m->uid };
	(void)text_escaped(m->peer, c->peer, sizeof(c->peer));
	client_name(c);
	c->chan = chan_new(g->loop, *fd, end, client_message, c);
	if (c->chan == NULL) {
		free(c);
		return -errno;
	}
	chan_on_drained(c->chan, list_go_on, c);
	*fd = -1;
	c->next = g->clients;
	g->clients = c;
	g->nclients++;
	return 0;
}
