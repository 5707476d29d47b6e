/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a target opens is a channel like one that the user opens, the other way round: it is
 * decided, recorded, and opened towards the door that asked for it; when its client has taken
 * it, the target hears so.  Who has asked for nothing gets nothing.
 */
#include <stdio.h>
#include <string.h>

#include "front/back.h"
#include "front/letter.h"
#include "front/listen.h"
#include "front/steps.h"

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
	channel_go(c, kind, d->host, d->login);
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
	c = back_make(l, listen_door(x), m, "forward");
	if (c == NULL)
		return true;
	(void)snprintf(c->to_host, sizeof(c->to_host), "%s", listen_address(x, &c->to_port));
	(void)snprintf(c->listen, sizeof(c->listen), "%s", listen_asked(x));
	(void)snprintf(text, sizeof(text), "listen %s:%d", c->to_host[0] != '\0' ? c->to_host : "*", c->to_port);
	c->command = strdup(text);
	return true;
}

bool
back_take(struct leg *l, ssh_message m)
{
	if (ssh_message_subtype(m) == SSH_CHANNEL_FORWARDED_TCPIP)
		return take_forward(l, m);
	return false;
}

int
back_open(struct channel *c)
{
	int r = ssh_channel_open_reverse_forward(c->ssh, c->to_host, c->to_port, c->from_host, c->from_port);

	c->calling = r == SSH_AGAIN;
	return r;
}
