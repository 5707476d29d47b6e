/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a target opens is a channel like one that the user opens, the other way round: it is
 * decided, recorded, and opened towards the door that asked for it; when its client has taken
 * it, the target hears so.  Who has asked for nothing gets nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/back.h"
#include "front/letter.h"
#include "front/listen.h"
#include "front/signs.h"
#include "front/steps.h"
#include "msg/ocsf.h"

/* Takes m, whatever comes of it. */
static struct channel *
back_make(struct leg *l, struct door *d, ssh_message m, const char *kind)
{
	struct channel *c = channel_make(d);
	const char *from = ssh_message_channel_request_open_originator(m);

	if (c == NULL) {
		letter_refuse(m);
		return NULL;
	}
	c->back = true;
	c->opening = m;
	(void)snprintf(c->from_host, sizeof(c->from_host), "%.*s", FORWARD_FROM_MAX, from != NULL ? from : "");
	c->from_port = ssh_message_channel_request_open_originator_port(m);
	channel_go(c, kind, l->host, l->login);
	c->leg = l;
	l->users++;
	c->target = ssh_channel_new(l->wire.ssh);
	return c;
}

static bool
take_forward(struct leg *l, ssh_message m)
{
	const char *to = ssh_message_channel_request_open_destination(m);
	const struct listen *x = to == NULL ? NULL :
	    listen_find(l, to, ssh_message_channel_request_open_destination_port(m));
	char text[FRONT_NAME_MAX + 32];
	struct channel *c;

	if (x == NULL)
		return false;
	if (listen_door(x) == NULL) {
		letter_refuse(m);
		return true;
	}
	c = back_make(l, listen_door(x), m, "forward");
	if (c == NULL)
		return true;
	(void)snprintf(c->to_host, sizeof(c->to_host), "%s", listen_address(x, &c->to_port));
	(void)snprintf(c->listen, sizeof(c->listen), "%s", listen_asked(x));
	c->under = listen_hold(x);
	(void)snprintf(text, sizeof(text), strchr(c->to_host, ':') != NULL ? "listen [%s]:%d" : "listen %s:%d",
	    c->to_host[0] != '\0' ? c->to_host : "*", c->to_port);
	c->command = strdup(text);
	return true;
}

/* ---- the user's agent and display ---- */

static const struct {
	int subtype;
	const char *kind;
	enum wish_kind wish;
} lent[] = {
	{ SSH_CHANNEL_AUTH_AGENT, "agent", WISH_AGENT }, { SSH_CHANNEL_X11, "x11", WISH_X11 },
};

/* The newest session of this target that has it, or NULL. */
static struct channel *
find_lender(const struct leg *l, enum wish_kind wish)
{
	struct channel *c = l->front->channels;

	while (c != NULL && (c->leg != l || !c->wishes[wish].granted || c->target == NULL || !ssh_channel_is_open(c->ssh)))
		c = c->next;
	return c;
}

static bool
take_lent(struct leg *l, ssh_message m, const char *kind, enum wish_kind wish)
{
	struct channel *lender = find_lender(l, wish), *c;

	if (lender == NULL)
		return false;
	if (wish == WISH_X11 && lender->x11.single)
		lender->wishes[wish].granted = false;
	c = back_make(l, lender->door, m, kind);
	if (c != NULL)
		c->under = lender->hold;
	return true;
}

bool
back_take(struct leg *l, ssh_message m)
{
	int subtype = ssh_message_subtype(m);

	if (subtype == SSH_CHANNEL_FORWARDED_TCPIP)
		return take_forward(l, m);
	for (size_t i = 0; i < sizeof(lent) / sizeof(lent[0]); i++)
		if (lent[i].subtype == subtype)
			return take_lent(l, m, lent[i].kind, lent[i].wish);
	return false;
}

int
back_open(struct channel *c)
{
	int r;

	if (strcmp(c->kind, "agent") == 0)
		r = ssh_channel_open_auth_agent(c->ssh);
	else if (strcmp(c->kind, "x11") == 0)
		r = ssh_channel_open_x11(c->ssh, c->from_host, c->from_port);
	else
		r = ssh_channel_open_reverse_forward(c->ssh, c->to_host, c->to_port, c->from_host, c->from_port);
	c->calling = r == SSH_AGAIN;
	return r;
}

/* ---- what is asked of the agent ---- */

static void
on_sign(void *arg, const char *what, const char *key)
{
	struct channel *c = arg;
	char text[120];

	(void)snprintf(text, sizeof(text), "agent: %s%s%s", what, key[0] != '\0' ? " " : "", key);
	(void)record_add(&c->record, FRAME_MARK, slice_from(text));
	c->signs_n += key[0] != '\0';
}

static void
on_bytes(void *arg, struct slice bytes)
{
	struct channel *c = arg;

	if (!signs_feed(c->signs, bytes))
		(void)record_add(&c->record, FRAME_MARK, slice_from("what the host sends is not the agent protocol"));
}

int
back_watch(struct channel *c)
{
	c->signs = signs_new(on_sign, c);
	if (c->signs == NULL)
		return -ENOMEM;
	c->out.watch = on_bytes;
	c->out.watch_arg = c;
	return 0;
}

void
back_end(struct channel *c)
{
	char text[700], detail[64], id[ID_TEXT];
	struct front *f = c->front;
	struct msg_event msg = { .class_uid = OCSF_SSH, .activity = 6, .severity = 2, .ok = 1, .actor = slice_from(f->user),
		.src = slice_from(f->peer) };

	if (c->signs == NULL)
		return;
	signs_free(c->signs);
	c->signs = NULL;
	c->out.watch = NULL;
	(void)snprintf(text, sizeof(text), "%s asked the agent of %s for %u signatures", c->leg->host, f->user, c->signs_n);
	(void)snprintf(detail, sizeof(detail), "{\"signatures\":%u}", c->signs_n);
	msg.session = slice_from(id_print(c->record.id, id));
	msg.host = slice_from(c->leg->host);
	msg.text = slice_from(text);
	msg.detail = slice_from(detail);
	(void)chan_send(f->store, MSG_EVENT, &msg);
}
