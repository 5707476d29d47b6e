/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/channel.h"
#include "front/door.h"
#include "front/forward.h"
#include "front/jump.h"

static ssh_channel
on_session(ssh_session s, void *arg)
{
	(void)s;
	return channel_accept(arg);
}

int
door_open(struct door *d, struct front *f, ssh_bind binding, int fd)
{
	ssh_session s = ssh_new();

	if (s == NULL)
		return -ENOMEM;
	d->front = f;
	ssh_set_blocking(s, 0);
	(void)ssh_options_set(s, SSH_OPTIONS_COMPRESSION, "no");
	if (ssh_bind_accept_fd(binding, s, fd) != SSH_OK || wire_open(&d->wire, f->loop, s, fd) != 0) {
		ssh_free(s);
		return -EIO;
	}
	d->callbacks.userdata = d;
	d->callbacks.channel_open_request_session_function = on_session;
	ssh_callbacks_init(&d->callbacks);
	return ssh_set_server_callbacks(s, &d->callbacks) == SSH_OK ? 0 : -EIO;
}

int
door_step(struct door *d)
{
	int r;

	if (d->wire.event != NULL || d->wire.dead)
		return 0;
	r = ssh_handle_key_exchange(d->wire.ssh);
	if (r == SSH_AGAIN)
		return 0;
	if (r != SSH_OK || wire_start_events(&d->wire) != 0)
		return -EPROTO;
	wire_step(&d->wire);
	return 1;
}

static void
refused(struct door *d, const char *what, const char *why)
{
	char text[200], detail[300];

	(void)snprintf(text, sizeof(text), "%s was refused", what);
	(void)snprintf(detail, sizeof(detail), "{\"why\":\"%s\"}", why);
	front_event(d->front, 4007, 5, 2, false, text, detail);
}

int
door_take_open(struct door *d, ssh_message m)
{
	if (ssh_message_subtype(m) != SSH_CHANNEL_DIRECT_TCPIP) {
		refused(d, "a channel of an unknown kind", "only sessions and direct-tcpip are served; "
		    "sockets of Unix are not");
		return 1;
	}
	return d->host[0] != '\0' ? forward_take(d, m) : jump_take(d, m);
}
