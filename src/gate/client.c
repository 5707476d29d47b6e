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
#include "gate/again.h"
#include "gate/batch.h"
#include "gate/grant.h"
#include "gate/live.h"
#include "gate/login.h"
#include "gate/replay.h"
#include "gate/second.h"
#include "gate/ticket.h"

/* SLICE_US: of lists in one turn of the loop, whoever asks for them; everybody else is served in between. */
enum { CLIENTS_MAX = 20000, QUEUE_ENOUGH = 512 * 1024, SLICE_US = 2000 };

struct client *
client_find(struct gate *g, uint64_t id)
{
	return TABLE_OWNER(table_find(&g->clients_by_id, id), struct client, by_id);
}

struct client *
client_front(const struct gate *g, uint64_t conn)
{
	return TABLE_OWNER(table_find(&g->fronts_by_conn, conn), struct client, by_conn);
}

/* --- long lists --- */

static void list_turn(void *arg);

static void
list_enter(struct client *c)
{
	struct gate *g = c->gate;

	if (g->listing == NULL)
		g->listing_last = &g->listing;
	*g->listing_last = c;
	g->listing_last = &c->next_listing;
	c->next_listing = NULL;
	c->listed = true;
	if (!loop_timer_is_running(&g->list_timer))
		loop_timer_start(g->loop, &g->list_timer, 0, list_turn, g);
}

static void
list_leave(struct client *c)
{
	struct client **at = &c->gate->listing;

	if (!c->listed)
		return;
	while (*at != c)
		at = &(*at)->next_listing;
	*at = c->next_listing;
	if (*at == NULL)
		c->gate->listing_last = at;
	c->listed = false;
}

static void
list_end(struct client *c)
{
	c->more = NULL;
	free(c->later);
	c->later = NULL;
	c->nlater = c->caplater = 0;
	chan_pause(c->chan, false);
}

static void
list_turn(void *arg)
{
	struct gate *g = arg;
	mono_t until = { clock_mono().us + SLICE_US };
	struct client *c;
	bool over;

	while ((c = g->listing) != NULL && clock_mono().us < until.us) {
		list_leave(c);
		over = c->more(c, until);
		if (over)
			list_end(c);
		else if (chan_queued(c->chan) < QUEUE_ENOUGH)
			list_enter(c);
	}
	if (g->listing != NULL)
		loop_timer_start(g->loop, &g->list_timer, 0, list_turn, g);
}

/* It has read what waited. */
static void
list_go_on(void *arg)
{
	struct client *c = arg;

	if (c->more != NULL && !c->listed)
		list_enter(c);
}

void
client_send_list(struct client *c, client_more_fn *more)
{
	c->more = more;
	c->cursor = c->others = 0;
	c->phase = 0;
	chan_pause(c->chan, true);
	list_go_on(c);
}

int
client_done(struct client *c, uint32_t req, bool ok, struct slice text)
{
	struct msg_dir_done m = { .req = req, .ok = ok, .text = text };

	return chan_send(c->chan, MSG_DIR_DONE, &m);
}

void
client_free(struct client *c)
{
	struct gate *g = c->gate;

	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		g->clients = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	g->nclients--;
	table_take(&g->clients_by_id, &c->by_id);
	if (c->kind == MSG_CLIENT_FRONT)
		table_take(&g->fronts_by_conn, &c->by_conn);
	tickets_free(c);
	grants_free(c);
	live_forget(c);
	replay_forget(c, 0);
	again_forget(c);
	batch_forget(c);
	list_leave(c);
	free(c->later);
	second_free(c);
	login_free(c);
	chan_free(c->chan);
	free(c);
}

/* Nothing that it was permitted can be taken back here any more: the monitor sees to it that its front ends. */
static void
let_go(const struct client *c)
{
	struct msg_let_go m = { .conn = c->conn };

	if (chan_send(c->gate->monitor, MSG_LET_GO, &m) != 0)
		log_warn("monitor: it does not hear that conn %llu has to end", (unsigned long long)c->conn);
}

static void
client_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct client *c = arg;
	int r = -EPIPE;

	(void)chan;
	if (in->type == MSG_DIR_APPLY)
		r = batch_take(c, in);           /* link.c lets it come from administrators alone */
	else if (in->type != 0)
		r = c->kind == MSG_CLIENT_FRONT ? front_take(c, in->type, in->message) : control_take(c, in->type, in->message);
	else if (strcmp(in->why, "closed") != 0)
		log_warn("client ends: %s: %s", c->peer, in->why);
	if (r == 0)
		return;
	if (in->type != 0)
		log_warn("client ended: %s: %s: %s", c->peer, msg_name(in->type), strerror(-r));
	if (c->kind == MSG_CLIENT_FRONT)
		let_go(c);
	client_free(c);
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
		snprintf(c->actor, sizeof(c->actor), "uid-%u", c->uid);
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
	if (c->next != NULL)
		c->next->prev = c;
	g->clients = c;
	table_put(&g->clients_by_id, &c->by_id, c->id);
	if (c->kind == MSG_CLIENT_FRONT)
		table_put(&g->fronts_by_conn, &c->by_conn, c->conn);
	g->nclients++;
	return 0;
}
