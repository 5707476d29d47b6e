/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/channel.h"
#include "front/door.h"
#include "front/forward.h"
#include "front/global.h"
#include "front/jump.h"
#include "front/letter.h"
#include "front/overhear.h"
#include "front/steps.h"
#include "msg/ocsf.h"

int
door_open(struct door *d, struct front *f, ssh_bind binding, const struct door_auth *auth, int fd)
{
	ssh_session s = ssh_new();

	if (s == NULL)
		return -ENOMEM;
	d->front = f;
	d->auth = auth;
	ssh_set_blocking(s, 0);
	(void)ssh_options_set(s, SSH_OPTIONS_COMPRESSION, "no");
	if (ssh_bind_accept_fd(binding, s, fd) != SSH_OK || wire_open(&d->wire, f->loop, s, fd) != 0) {
		ssh_free(s);
		return -EIO;
	}
	global_start(d);
	return 0;
}

int
door_step(struct door *d)
{
	int r;

	if (d->wire.event != NULL || d->wire.dead)
		return 0;
	overhear_whose(d->wire.ssh);
	r = ssh_handle_key_exchange(d->wire.ssh);
	overhear_whose(NULL);
	if (r == SSH_AGAIN)
		return 0;
	if (r != SSH_OK || wire_start_events(&d->wire) != 0)
		return -EPROTO;
	wire_step(&d->wire);
	return 1;
}

void
door_say(struct door *d, const char *text)
{
	if (!d->wire.dead && d->wire.ssh != NULL)
		(void)ssh_send_debug(d->wire.ssh, text, 1);
}

/* ---- who is it ---- */

static int
auth_pubkey(struct door *d, const char *user, ssh_message m, bool *offered)
{
	enum ssh_publickey_state_e state;
	ssh_key key = letter_key(m, &state);

	*offered = state == SSH_PUBLICKEY_STATE_NONE;
	return d->auth->pubkey != NULL && key != NULL ? d->auth->pubkey(d, user, key, state) : SSH_AUTH_DENIED;
}

static int
auth_ask(struct door *d, ssh_message m, bool *offered)
{
	const char *user = ssh_message_auth_user(m);
	int method = ssh_message_subtype(m);

	if (user == NULL)
		return SSH_AUTH_DENIED;
	if (method == SSH_AUTH_METHOD_NONE)
		return d->auth->none(d, user);
	if (method == SSH_AUTH_METHOD_PUBLICKEY)
		return auth_pubkey(d, user, m, offered);
	if (method == SSH_AUTH_METHOD_PASSWORD && d->auth->password != NULL && letter_password(m) != NULL)
		return d->auth->password(d, user, letter_password(m));
	return SSH_AUTH_DENIED;
}

/* Asked again by who is in already, it gets no answer (RFC 4252). */
static void
take_auth(struct door *d, ssh_message m)
{
	bool offered = false;
	int r;

	if (!ssh_message_auth_kbdint_is_response(m))
		d->heard++;
	if (d->logged_in || d->ending || d->front->ending)
		return;
	if (ssh_message_subtype(m) == SSH_AUTH_METHOD_INTERACTIVE && d->auth->interactive != NULL) {
		d->auth->interactive(d, m);
		return;
	}
	r = auth_ask(d, m, &offered);
	if (r == SSH_AUTH_SUCCESS && offered)
		(void)ssh_message_auth_reply_pk_ok_simple(m);
	else if (r == SSH_AUTH_SUCCESS || r == SSH_AUTH_PARTIAL)
		(void)ssh_message_auth_reply_success(m, r == SSH_AUTH_PARTIAL);
	else
		(void)ssh_message_reply_default(m);
}

/* ---- what do they want ---- */

static void
refused(struct door *d, const char *what, const char *why)
{
	char text[200], detail[300];

	(void)snprintf(text, sizeof(text), "%s was refused", what);
	(void)snprintf(detail, sizeof(detail), "{\"why\":\"%s\"}", why);
	front_event(d->front, OCSF_SSH, 5, 2, false, text, detail);
	(void)snprintf(text, sizeof(text), "fortress: %s", why);
	door_say(d, text);
}

static void
take_open(struct door *d, ssh_message m)
{
	int kind = ssh_message_subtype(m);

	if (!d->logged_in || d->ending || d->front->ending) {
		letter_refuse(m);
	} else if (kind == SSH_CHANNEL_SESSION && d->no_more_sessions) {
		refused(d, "a session", "the client had said that there would be no more");
		letter_refuse(m);
	} else if (kind == SSH_CHANNEL_SESSION) {
		channel_accept(d, m);
	} else if (kind == SSH_CHANNEL_DIRECT_TCPIP) {
		if (d->host[0] != '\0')
			forward_take(d, m);
		else
			jump_take(d, m);
	} else {
		refused(d, "a channel of an unknown kind", "only sessions and direct-tcpip are served; "
		    "sockets of Unix and tunnels are not");
		letter_refuse(m);
	}
}

/* PuTTY measures the line by requests that nobody knows; the carrier of a jump has no others. */
static void
take_request(struct door *d, ssh_message m)
{
	ssh_channel ssh = ssh_message_channel_request_channel(m);
	struct channel *c = channel_find(d, ssh);

	if (c != NULL)
		request_take(c, m);
	else if (jump_carries(d->front, ssh))
		letter_refuse(m);
	else
		ssh_message_free(m);             /* the channel is gone */
}

static void
take(void *arg, ssh_message m)
{
	struct door *d = arg;

	switch (ssh_message_type(m)) {
	case SSH_REQUEST_CHANNEL_OPEN:
		take_open(d, m);
		return;
	case SSH_REQUEST_CHANNEL:
		take_request(d, m);
		return;
	case SSH_REQUEST_GLOBAL:
		global_take(d, m);
		return;
	case SSH_REQUEST_AUTH:
		take_auth(d, m);
		ssh_message_free(m);
		return;
	default:
		letter_refuse(m);                /* of a service that is its acceptance */
	}
}

bool
door_take_in(struct door *d)
{
	return letter_take_in(&d->wire, take, d);
}
