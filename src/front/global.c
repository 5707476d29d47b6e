/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Requests of a connection carry no numbers: they are answered in their order, one after
 * another.  Keepalives and what it does not know libssh answers itself, at once; while an
 * answer is owed, that of a keepalive would be taken for it, so a callback then takes them in.
 * It takes all requests, and libssh frees their messages: those are answered by the message of
 * an earlier one, a stamp, which makes libssh say the same words again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/channel.h"
#include "front/global.h"
#include "front/jump.h"
#include "front/letter.h"
#include "front/listen.h"
#include "msg/ocsf.h"

#define REQUESTS_MAX 128

enum request_kind { REQUEST_FORWARD, REQUEST_CANCEL, REQUEST_ALIVE };

struct request {
	struct request *next;
	enum request_kind kind;
	ssh_message letter;              /* NULL: came by the callback */
	char address[FRONT_NAME_MAX];
	int port;                        /* negative: nonsense */
};

static void
pop(struct door *d)
{
	struct request *r = d->requests;

	if (r->letter != NULL && r->letter != d->stamps[0] && r->letter != d->stamps[1])
		ssh_message_free(r->letter);
	d->requests = r->next;
	d->requests_n--;
	d->listen = NULL;
	free(r);
	if (d->requests == NULL)
		d->callbacks.global_request_function = NULL;
}

/* What says yes to r: its letter, or an earlier one whose answer has the same form; NULL: neither. */
static ssh_message
stamp_of(const struct door *d, const struct request *r)
{
	return r->letter != NULL ? r->letter : d->stamps[r->port == 0];
}

/* Without a letter nobody knows whether an answer is wanted: to a cancellation clients want none. */
static bool
is_answered(const struct request *r)
{
	return r->letter != NULL || r->kind != REQUEST_CANCEL;
}

static void
say_yes(struct door *d, int port)
{
	const struct request *r = d->requests;

	if (is_answered(r))
		(void)ssh_message_global_request_reply_success(stamp_of(d, r), (uint16_t)port);
	pop(d);
}

static void
say_no(struct door *d)
{
	const struct request *r = d->requests;
	ssh_message m = r->letter != NULL ? r->letter : d->stamps[d->stamps[0] == NULL];

	if (is_answered(r) && m != NULL)
		(void)ssh_message_reply_default(m);
	pop(d);
}

/* ---- one after another ---- */

static void
refuse(struct door *d, const char *why)
{
	char line[1000];

	(void)snprintf(line, sizeof(line), "fortress: %s [forward]", why);
	channel_tell(d, line);
	say_no(d);
}

/* Why the oldest request cannot be begun, or NULL: it is. */
static const char *
begin_listen(struct door *d)
{
	struct request *r = d->requests;
	struct msg_decide jump;

	if (r->kind == REQUEST_CANCEL) {
		d->listen = listen_cancel(d, r->address, r->port);
		return d->listen != NULL ? NULL : "there is no such remote forward";
	}
	if (d->host[0] == '\0')
		return "a remote forward needs a host: ssh -R ... USER+HOST@bastion";
	if (jump_question(d, &jump))
		return "the jump is not permitted yet: a session through it says what is lacking";
	if (stamp_of(d, r) == NULL)
		return "one remote forward at a time: ask again";
	if (r->port >= 0)
		d->listen = listen_ask(d, r->address, r->port);
	return d->listen != NULL ? NULL : "too many remote forwards";
}

static void
begin(struct door *d)
{
	const char *why;

	if (d->requests->kind == REQUEST_ALIVE) {
		say_no(d);                       /* any answer is a sign of life */
		return;
	}
	why = begin_listen(d);
	if (why == NULL)
		return;
	front_event(d->front, OCSF_SSH, 5, 2, false, "a remote forward was refused", "");
	refuse(d, why);
}

/* The oldest request is answered, if it can be. */
static bool
finish(struct door *d)
{
	struct listen *l = d->listen;
	const char *why;
	int port;

	switch (listen_answer(l, &port, &why)) {
	case LISTEN_YES:
		say_yes(d, port);
		break;
	case LISTEN_NO:
		refuse(d, why);
		break;
	default:
		return false;
	}
	listen_heard(l);
	return true;
}

static void
tell_sockets(struct door *d)
{
	if (d->sockets_refused == 0)
		return;
	d->sockets_refused = 0;
	front_event(d->front, OCSF_SSH, 5, 2, false, "a remote forward of a socket was refused", "{\"why\":\"sockets of Unix are not forwarded\"}");
	door_say(d, "fortress: sockets of Unix are not forwarded [forward]");
}

bool
global_step(struct door *d)
{
	bool moved = false;

	tell_sockets(d);
	while (d->requests != NULL && !d->ending && !d->wire.dead) {
		if (d->listen == NULL)
			begin(d);
		else if (!finish(d))
			break;
		moved = true;
	}
	return moved;
}

/* ---- what comes ---- */

static enum request_kind
kind_of(ssh_message m)
{
	switch (ssh_message_subtype(m)) {
	case SSH_GLOBAL_REQUEST_TCPIP_FORWARD:        return REQUEST_FORWARD;
	case SSH_GLOBAL_REQUEST_CANCEL_TCPIP_FORWARD: return REQUEST_CANCEL;
	default:                                      return REQUEST_ALIVE;
	}
}

static void
append(struct door *d, ssh_message m, bool is_letter)
{
	struct request **end = &d->requests, *r = d->requests_n < REQUESTS_MAX ? calloc(1, sizeof(*r)) : NULL;
	const char *address = ssh_message_global_request_address(m);

	if (r == NULL) {
		front_end(d->front, "more requests at once than anybody needs");
		return;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = r;
	d->requests_n++;
	r->kind = kind_of(m);
	r->letter = is_letter ? m : NULL;
	r->port = address != NULL && strlen(address) < sizeof(r->address) ? ssh_message_global_request_port(m) : -1;
	(void)snprintf(r->address, sizeof(r->address), "%s", r->port >= 0 ? address : "");
}

/* libssh frees m when this returns. */
static void
on_request(ssh_session s, ssh_message m, void *arg)
{
	(void)s;
	append(arg, m, false);
}

void
global_take(struct door *d, ssh_message m)
{
	bool any_port = ssh_message_global_request_port(m) == 0;

	if (!d->logged_in || d->ending || d->front->ending) {
		letter_refuse(m);
		return;
	}
	if (kind_of(m) == REQUEST_FORWARD && d->stamps[any_port] == NULL)
		d->stamps[any_port] = m;
	append(d, m, true);
	d->callbacks.global_request_function = on_request;
}

void
global_start(struct door *d)
{
	d->callbacks.userdata = d;
	ssh_callbacks_init(&d->callbacks);
	(void)ssh_set_callbacks(d->wire.ssh, &d->callbacks);
}

void
global_done(struct door *d)
{
	while (d->requests != NULL)
		pop(d);
	for (int i = 0; i < 2; i++)
		ssh_message_free(d->stamps[i]);
}
