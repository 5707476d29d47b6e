/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A forwarded connection goes through the host's own connection, so its loopback is the
 * host's and never the bastion's.  It is a channel like any other: decided (verb forward, to
 * HOST:PORT), recorded (by counts of bytes and its first ones), relayed.  The client learns
 * that it is open when the host has connected, and not before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/forward.h"
#include "front/letter.h"
#include "front/steps.h"

static bool
destination(struct channel *c, ssh_message m)
{
	const char *host = ssh_message_channel_request_open_destination(m);
	const char *from = ssh_message_channel_request_open_originator(m);
	int port = ssh_message_channel_request_open_destination_port(m);
	char text[FRONT_NAME_MAX + 16];

	if (host == NULL || host[0] == '\0' || strlen(host) >= FRONT_NAME_MAX || port <= 0 || port > 65535)
		return false;
	(void)snprintf(text, sizeof(text), strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d", host, port);
	(void)snprintf(c->to_host, sizeof(c->to_host), "%s", host);
	c->to_port = port;
	(void)snprintf(c->from_host, sizeof(c->from_host), "%.*s", FORWARD_FROM_MAX, from != NULL ? from : "");
	c->from_port = ssh_message_channel_request_open_originator_port(m);
	c->command = strdup(text);
	return c->command != NULL;
}

void
forward_take(struct door *d, ssh_message m)
{
	struct channel *c = channel_make(d);

	if (c == NULL || !destination(c, m)) {
		letter_refuse(m);
		if (c != NULL)
			channel_drop(c);
		return;
	}
	c->opening = m;
	channel_go(c, "forward", d->host, d->login);
}
