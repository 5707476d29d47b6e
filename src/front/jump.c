/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * `ssh -J alice@bastion root@web1` shows the bastion one channel, to web1:22.  It is carried
 * over a socket pair into an inner door, an SSH server that belongs to web1 and takes anybody
 * in: whose connection it is the outer door has proved.  The inner user name is the login.  So
 * what runs inside is decided and recorded as if the host had been named at the outer door.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/text.h"
#include "front/channel.h"
#include "front/jump.h"
#include "front/splice.h"

#define LOGIN_MS    30000
#define DECISION_MS 10000

struct jump {
	struct jump *next;
	struct door door;
	ssh_channel carrier;             /* of the outer door */
	struct splice splice;
	struct ssh_channel_callbacks_struct callbacks;       /* of the carrier */
	mono_t start;
	bool carrier_closed, gone;       /* gone: closed by the user's side */
};

/* Anybody may come in; what they may do is asked channel by channel. */
static bool
let_in(struct door *d, const char *user)
{
	if (d->logged_in)
		return strcmp(d->login, user) == 0;
	if (strlen(user) >= sizeof(d->login))
		return false;
	(void)snprintf(d->login, sizeof(d->login), "%s", user);
	d->logged_in = true;
	return true;
}

static int
on_none(ssh_session s, const char *user, void *arg)
{
	(void)s;
	return let_in(arg, user) ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

/* paramiko and others do not try "none". */
static int
on_pubkey(ssh_session s, const char *user, struct ssh_key_struct *key, char state, void *arg)
{
	(void)s, (void)key;
	if (state == SSH_PUBLICKEY_STATE_NONE)
		return SSH_AUTH_SUCCESS;
	return state == SSH_PUBLICKEY_STATE_VALID && let_in(arg, user) ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

static int
on_message(ssh_session s, ssh_message m, void *arg)
{
	struct door *d = arg;

	(void)s;
	if (ssh_message_type(m) == SSH_REQUEST_CHANNEL_OPEN && d->logged_in && !d->front->ending)
		return door_take_open(d, m);
	return 1;
}

static void
jump_free(struct jump *j)
{
	struct front *f = j->door.front;
	struct jump **at = &f->jumps;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	f->channels_n--;
	splice_close(&j->splice);
	wire_close(&j->door.wire);
	wire_free_channel(j->carrier, &j->callbacks);
	free(j);
}

static int
on_data(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_stderr, void *arg)
{
	struct jump *j = arg;

	(void)s, (void)ch, (void)data;
	return is_stderr || j->door.ending || wire_is_flooded(j->splice.wire, n) ? (int)n : 0;
}

static void
on_close(ssh_session s, ssh_channel ch, void *arg)
{
	(void)s, (void)ch;
	((struct jump *)arg)->gone = true;
}

/* The carrier is what the limit of channels counts; those inside count too. */
static struct jump *
jump_new(struct door *outer, const char *host)
{
	struct front *f = outer->front;
	struct jump *j = calloc(1, sizeof(*j));
	int pair[2] = { -1, -1 };

	if (j == NULL)
		return NULL;
	j->carrier = ssh_channel_new(outer->wire.ssh);
	if (j->carrier == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0 ||
	    splice_open(&j->splice, f->loop, pair[0], j->carrier, &outer->wire) != 0)
		goto fail;
	pair[0] = -1;
	if (door_open(&j->door, f, f->binding, pair[1]) != 0) {
		splice_close(&j->splice);
		goto fail;
	}
	(void)snprintf(j->door.host, sizeof(j->door.host), "%s", host);
	ssh_set_auth_methods(j->door.wire.ssh, SSH_AUTH_METHOD_PUBLICKEY);
	j->door.callbacks.auth_none_function = on_none;
	j->door.callbacks.auth_pubkey_function = on_pubkey;
	ssh_set_message_callback(j->door.wire.ssh, on_message, &j->door);
	j->callbacks = (struct ssh_channel_callbacks_struct){ .userdata = j, .channel_data_function = on_data,
		.channel_close_function = on_close };
	ssh_callbacks_init(&j->callbacks);
	(void)ssh_set_channel_callbacks(j->carrier, &j->callbacks);
	j->start = clock_mono();
	j->next = f->jumps;
	f->jumps = j;
	f->channels_n++;
	return j;
fail:
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	if (j->carrier != NULL)
		ssh_channel_free(j->carrier);
	free(j);
	return NULL;
}

/* libssh wants its answer in the callback, so the gate is waited for. */
static bool
ask_gate(struct front *f, const char *host, int port)
{
	char to[FRONT_NAME_MAX + 16];
	struct msg_decide msg = { .verb = slice_from("jump"), .host = slice_from(host) };
	mono_t start = clock_mono();

	(void)snprintf(to, sizeof(to), "%s:%d", host, port);
	msg.to = slice_from(to);
	msg.req = f->jump_req = ++f->last_req;
	f->jump_ok = false;
	if (chan_send(f->gate, MSG_DECIDE, &msg) != 0)
		return false;
	while (f->jump_req != 0) {
		int64_t left = DECISION_MS - clock_ms_since(start);

		if (left <= 0 || chan_wait(f->gate, (int)left) != 0)
			break;
	}
	return f->jump_req == 0 && f->jump_ok;
}

bool
jump_decided(struct front *f, const struct msg_decision *d)
{
	if (f->jump_req == 0 || d->req != f->jump_req)
		return false;
	f->jump_req = 0;
	f->jump_ok = d->permit == 1 && slice_copy(d->host, f->jump_host, sizeof(f->jump_host)) == 0;
	return true;
}

int
jump_take(struct door *outer, ssh_message m)
{
	struct front *f = outer->front;
	const char *host = ssh_message_channel_request_open_destination(m);
	struct jump *j;

	if (host == NULL || host[0] == '\0' || strlen(host) >= FRONT_NAME_MAX || f->channels_n >= f->o->channels_max)
		return 1;
	if (!ask_gate(f, host, ssh_message_channel_request_open_destination_port(m)))
		return 1;
	j = jump_new(outer, f->jump_host);
	if (j == NULL)
		return 1;
	if (ssh_message_channel_request_open_reply_accept_channel(m, j->carrier) != SSH_OK)
		jump_free(j);
	return 0;
}

/* The inner server needs no more words when either side is gone; its channels end in their own steps. */
static void
jump_look(struct jump *j)
{
	struct door *d = &j->door;

	if (d->ending)
		return;
	if (d->wire.dead || ssh_channel_is_closed(j->carrier) || (ssh_channel_is_eof(j->carrier) && intake_left(&j->splice.in) == 0) ||
	    (!d->logged_in && clock_ms_since(j->start) > LOGIN_MS) || d->front->ending)
		d->ending = true;
}

static bool
jump_step(struct jump *j)
{
	bool moved;
	int r = door_step(&j->door);

	if (r < 0)
		j->door.ending = true;
	moved = splice_pump(&j->splice) || r == 1;
	jump_look(j);
	if (splice_is_over(&j->splice) && !j->carrier_closed) {
		(void)ssh_channel_send_eof(j->carrier);
		(void)ssh_channel_close(j->carrier);
		j->carrier_closed = j->door.ending = true;
		moved = true;
	}
	return moved;
}

bool
jump_step_all(struct front *f)
{
	bool moved = false;

	for (struct jump *j = f->jumps; j != NULL; j = j->next)
		moved |= jump_step(j);
	return moved;
}

static bool
has_channels(const struct jump *j)
{
	const struct channel *c = j->door.front->channels;

	while (c != NULL && c->door != &j->door)
		c = c->next;
	return c != NULL;
}

void
jump_drop_dead(struct front *f)
{
	struct jump *next;

	for (struct jump *j = f->jumps; j != NULL; j = next) {
		next = j->next;
		if (j->door.ending && !has_channels(j) && (j->gone || f->door.wire.dead || f->ending))
			jump_free(j);
	}
}

bool
jump_rearm_all(struct front *f)
{
	bool died = false;

	for (struct jump *j = f->jumps; j != NULL; j = j->next)
		died |= wire_rearm(&j->door.wire);
	return died;
}
