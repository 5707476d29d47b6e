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
#include "front/global.h"
#include "front/held.h"
#include "front/jump.h"
#include "front/letter.h"
#include "front/listen.h"
#include "front/splice.h"

#define SSH_PORT 22
#define LOGIN_MS 30000
#define LINGER_MS 1000           /* for the last words of its sessions, when it was taken back */

struct jump {
	struct jump *next;
	struct door *outer;
	struct ask ask;
	ssh_message opening;             /* of the carrier: not decided yet */
	char to[FRONT_NAME_MAX + 16];    /* as the client asked for it */
	bool denied;
	bool waits;                      /* it is open, but not permitted: its channels ask for that first */
	struct door door;
	ssh_channel carrier;             /* of the outer door */
	struct splice splice;
	struct ssh_channel_callbacks_struct callbacks;       /* of the carrier */
	mono_t start;
	uint32_t hold;                   /* of its permit (held.h) */
	mono_t revoked;                  /* when it was taken back; 0: it was not */
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
on_none(struct door *d, const char *user)
{
	return let_in(d, user) ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

/* paramiko and others do not try "none". */
static int
on_pubkey(struct door *d, const char *user, ssh_key key, enum ssh_publickey_state_e state)
{
	(void)key;
	if (state == SSH_PUBLICKEY_STATE_NONE)
		return SSH_AUTH_SUCCESS;
	return state == SSH_PUBLICKEY_STATE_VALID && let_in(d, user) ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

static const struct door_auth anybody = { .none = on_none, .pubkey = on_pubkey };

static void
jump_free(struct jump *j)
{
	struct front *f = j->outer->front;
	struct jump **at = &f->jumps;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	f->channels_n--;
	ask_forget(f, &j->ask);
	held_release(f, &j->hold);
	if (j->opening != NULL)
		letter_refuse(j->opening);
	global_done(&j->door);
	listen_leave(&j->door);
	if (j->door.wire.loop != NULL) {
		splice_close(&j->splice);
		wire_close(&j->door.wire);
	}
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

/* The inner server, on one end of a socket pair; the carrier is spliced to the other. */
static int
jump_open(struct jump *j)
{
	struct front *f = j->outer->front;
	int pair[2] = { -1, -1 }, r;

	j->carrier = ssh_channel_new(j->outer->wire.ssh);
	if (j->carrier == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return -ENOMEM;
	r = splice_open(&j->splice, f->loop, pair[0], j->carrier, &j->outer->wire);
	if (r == 0) {
		pair[0] = -1;
		r = door_open(&j->door, f, f->binding, &anybody, pair[1]);
		if (r != 0)
			splice_close(&j->splice);
		else
			pair[1] = -1;
	}
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	if (r != 0)
		return r;
	ssh_set_auth_methods(j->door.wire.ssh, SSH_AUTH_METHOD_PUBLICKEY);
	j->callbacks = (struct ssh_channel_callbacks_struct){ .userdata = j, .channel_data_function = on_data,
		.channel_close_function = on_close };
	ssh_callbacks_init(&j->callbacks);
	(void)ssh_set_channel_callbacks(j->carrier, &j->callbacks);
	j->start = clock_mono();
	return 0;
}

/* What is no host, or not one, ends here too, and so does what is not permitted (yet): a refused channel would say nothing to its
 * user, libssh gives it no words.  Inside, each channel is told, may wait, and a terminal gets the picker, or is asked.  Only what
 * may not speak SSH is refused. */
static bool
ends_here(struct jump *j, const struct msg_decision *d, struct slice *host)
{
	bool ssh = ssh_message_channel_request_open_destination_port(j->opening) == SSH_PORT;

	*host = d->host;
	if (d->missing == 1)
		*host = slice_from(ssh_message_channel_request_open_destination(j->opening));
	j->waits = d->permit != 1 && d->missing != 1;
	return d->permit == 1 || ((ssh || d->lacks != 0) && host->n > 0);
}

static void
on_decision(void *arg, const struct msg_decision *d, int *agent)
{
	struct jump *j = arg;
	char reason[900], line[1000];
	struct slice host;

	(void)agent;
	if (ends_here(j, d, &host) && slice_copy(host, j->door.host, sizeof(j->door.host)) == 0 && jump_open(j) == 0 &&
	    ssh_message_channel_request_open_reply_accept_channel(j->opening, j->carrier) == SSH_OK) {
		ssh_message_free(j->opening);
		j->opening = NULL;
		return;
	}
	(void)snprintf(line, sizeof(line), "fortress: %s [denied]", text_cleaned(d->reason, reason, sizeof(reason)));
	channel_tell(j->outer, line);
	j->denied = true;
}

static void
question(const struct jump *j, struct slice host, struct msg_decide *ret)
{
	*ret = (struct msg_decide){ .verb = slice_from("jump"), .host = host, .to = slice_from(j->to), .hold = j->hold };
}

static struct jump *
jump_of(const struct door *d)
{
	struct jump *j = d->front->jumps;

	while (j != NULL && &j->door != d)
		j = j->next;
	return j;
}

bool
jump_question(const struct door *d, struct msg_decide *ret)
{
	const struct jump *j = jump_of(d);

	if (j == NULL || !j->waits)
		return false;
	question(j, slice_from(d->host), ret);
	return true;
}

void
jump_permit(struct door *d)
{
	struct jump *j = jump_of(d);

	if (j != NULL)
		j->waits = false;
}

/* A jump is what the limit of channels counts; the channels inside count too. */
void
jump_take(struct door *outer, ssh_message m)
{
	struct front *f = outer->front;
	const char *host = ssh_message_channel_request_open_destination(m);
	struct msg_decide msg;
	struct jump *j;

	if (host == NULL || host[0] == '\0' || strlen(host) >= FRONT_NAME_MAX || f->channels_n >= f->o->channels_max ||
	    (j = calloc(1, sizeof(*j))) == NULL) {
		letter_refuse(m);
		return;
	}
	*j = (struct jump){ .next = f->jumps, .outer = outer, .opening = m, .door = { .front = f }, .hold = held_new(f) };
	f->jumps = j;
	f->channels_n++;
	(void)snprintf(j->to, sizeof(j->to), "%s:%d", host, ssh_message_channel_request_open_destination_port(m));
	question(j, slice_from(host), &msg);
	if (ask_gate(f, &j->ask, &msg, on_decision, j) != 0)
		j->denied = true;
}

struct door *
jump_find_door(struct front *f, ssh_session s)
{
	struct jump *j = f->jumps;

	while (j != NULL && j->door.wire.ssh != s)
		j = j->next;
	return j != NULL ? &j->door : NULL;
}

bool
jump_carries(const struct front *f, ssh_channel ssh)
{
	const struct jump *j = f->jumps;

	while (j != NULL && j->carrier != ssh)
		j = j->next;
	return j != NULL;
}

static bool
has_channels(const struct jump *j)
{
	const struct channel *c = j->outer->front->channels;

	while (c != NULL && c->door != &j->door)
		c = c->next;
	return c != NULL;
}

/* The inner server needs no more words when either side is gone; its channels end in their own steps. */
static void
jump_look(struct jump *j)
{
	struct door *d = &j->door;

	if (d->ending)
		return;
	if (j->revoked.us != 0 && (!has_channels(j) || clock_ms_since(j->revoked) > LINGER_MS))
		d->ending = true;
	if (d->wire.dead || ssh_channel_is_closed(j->carrier) || (ssh_channel_is_eof(j->carrier) && intake_left(&j->splice.in) == 0) ||
	    (!d->logged_in && clock_ms_since(j->start) > LOGIN_MS) || (d->front->ending && !has_channels(j)))
		d->ending = true;
}

/* Nothing more will come, and what came is delivered: the inner server has ended, or the user's side has said its last word
 * (or none in time), nothing runs inside, and there was nothing to pass on. */
static bool
is_over(const struct jump *j, bool moved)
{
	if (splice_is_over(&j->splice))
		return true;
	return j->door.ending && !j->door.wire.dead && !has_channels(j) && !moved && j->splice.out_len == 0;
}

static bool
jump_step(struct jump *j)
{
	bool moved;
	int r;

	if (j->opening != NULL)
		return false;
	r = door_step(&j->door);
	if (r < 0)
		j->door.ending = true;
	moved = door_take_in(&j->door);
	moved |= global_step(&j->door);
	moved |= splice_pump(&j->splice) || r == 1;
	jump_look(j);
	if (is_over(j, moved) && !j->carrier_closed) {
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

void
jump_drop_dead(struct front *f)
{
	struct jump *next;

	for (struct jump *j = f->jumps; j != NULL; j = next) {
		next = j->next;
		if (j->denied || (j->door.ending && !has_channels(j) && (j->gone || f->door.wire.dead || f->ending)))
			jump_free(j);
	}
}

bool
jump_revoked(struct front *f, uint32_t hold, const char *code, const char *reason)
{
	struct jump *j = f->jumps;
	char line[900];

	while (j != NULL && j->hold != hold)
		j = j->next;
	if (j == NULL)
		return false;
	for (struct channel *c = f->channels; c != NULL; c = c->next)
		if (c->door == &j->door)
			channel_cut(c, code, reason);
	(void)snprintf(line, sizeof(line), "fortress: the jump to %s ends: %s [%s]", j->door.host, reason, code);
	door_say(j->outer, line);
	j->revoked = clock_mono();
	j->door.no_more_sessions = true;
	held_release(f, &j->hold);
	return true;
}

bool
jump_rearm_all(struct front *f)
{
	bool more = false;

	for (struct jump *j = f->jumps; j != NULL; j = j->next)
		more |= wire_rearm(&j->door.wire);
	return more;
}
