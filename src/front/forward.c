/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A forwarded connection goes through the host's own connection, so its loopback is the
 * host's and never the bastion's.  It is a channel like any other: decided (verb forward, to
 * HOST:PORT), recorded (by counts of bytes and its first ones), relayed.  libssh wants the
 * answer to the opening in its callback, so the gate is waited for; that the host connects
 * then is seen by what comes through, or by the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/forward.h"
#include "front/steps.h"

#define DECISION_MS 10000

static bool
wait_decision(struct channel *c)
{
	mono_t start = clock_mono();

	while (c->state == CH_DECIDE) {
		int64_t left = DECISION_MS - clock_ms_since(start);

		if (left <= 0 || chan_wait(c->front->gate, (int)left) != 0)
			return false;
	}
	return c->state != CH_ENDED;
}

static bool
destination(struct channel *c, ssh_message m)
{
	const char *host = ssh_message_channel_request_open_destination(m);
	int port = ssh_message_channel_request_open_destination_port(m);
	char text[FRONT_NAME_MAX + 16];

	if (host == NULL || host[0] == '\0' || strlen(host) >= FRONT_NAME_MAX || port <= 0 || port > 65535)
		return false;
	(void)snprintf(text, sizeof(text), strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d", host, port);
	(void)snprintf(c->to_host, sizeof(c->to_host), "%s", host);
	c->to_port = port;
	c->command = strdup(text);
	return c->command != NULL;
}

int
forward_take(struct door *d, ssh_message m)
{
	struct channel *c = channel_make(d);

	if (c == NULL)
		return 1;
	if (!destination(c, m)) {
		channel_drop(c);
		return 1;
	}
	channel_go(c, "forward", d->host, d->login);
	(void)step_decide(c);
	if (wait_decision(c) && ssh_message_channel_request_open_reply_accept_channel(m, c->ssh) == SSH_OK)
		return 0;
	channel_drop(c);
	return 1;
}
