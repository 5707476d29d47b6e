/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * tcpip-forward becomes a question to the gate (verb forward, listen ADDRESS:PORT), then a
 * request on the host's connection.  What connects there comes back by back.c.
 * On the host's side libssh knows one request at a time: `leg->busy`.
 *
 * libssh reads the port that a host chose from whatever packet came last, so no host is asked
 * to choose: for port 0 a port is tried here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "front/ask.h"
#include "front/held.h"
#include "front/listen.h"
#include "msg/ocsf.h"

#define ANSWER_MS  10000
#define TRIES      4                     /* of ports */
#define PORT_FIRST 61000                 /* Linux takes none of these for connections that it makes */
#define PORTS      4536

enum listen_state {
	LISTEN_ASKED,                    /* the gate */
	LISTEN_LEG,                      /* waits for the connection, and for its turn there */
	LISTEN_SENT,
	LISTEN_OPEN,
	LISTEN_LEAVING,                  /* waits for its turn */
	LISTEN_CANCELLED,                /* sent */
	LISTEN_OVER,
};

struct listen {
	struct listen *next;
	struct front *front;
	struct door *door;               /* NULL: gone */
	struct leg *leg;
	enum listen_state state;
	struct ask ask;
	uint32_t hold;                   /* of its permit (held.h) */
	char address[FRONT_NAME_MAX], asked[FRONT_NAME_MAX + 16];
	int asked_port, port;
	unsigned tries;
	mono_t since;
	bool asked_again, unwanted;
	bool good;                       /* what was asked for last has succeeded */
	char why[700];
};

static void
over(struct listen *l, bool good, const char *why)
{
	l->state = LISTEN_OVER;
	l->good = good;
	(void)snprintf(l->why, sizeof(l->why), "%s", why);
}

static void
event(struct listen *l, unsigned activity, bool ok, const char *what)
{
	const char *host = l->leg != NULL ? l->leg->host : l->door != NULL ? l->door->host : "";
	char text[700], detail[900];
	struct buf b;

	(void)snprintf(text, sizeof(text), "%s: %s", host, what);
	buf_init(&b, sizeof(detail) * 6);
	if (buf_text(&b, "{\"host\":") == 0 && text_json(&b, slice_from(host)) == 0 && buf_text(&b, ",\"listen\":") == 0 &&
	    text_json(&b, slice_from(l->asked)) == 0 && buf_printf(&b, ",\"port\":%d}", l->port) == 0)
		front_event(l->front, OCSF_SSH, activity, ok ? 1 : 2, ok, text, buf_cstr(&b));
	buf_done(&b);
}

/* ---- the decision ---- */

static void ask(struct listen *l);

static void
on_decision(void *arg, const struct msg_decision *d, int *agent)
{
	struct listen *l = arg;
	char reason[600];

	if (d->permit != 1) {
		over(l, false, text_cleaned(d->reason, reason, sizeof(reason)));
		return;
	}
	l->leg = leg_take(l->front, d, agent);
	if (l->leg == NULL && !l->asked_again) {
		l->asked_again = true;           /* it has just ended: the gate gives another */
		ask(l);
		return;
	}
	if (l->leg == NULL) {
		over(l, false, "the connection to the host has just ended: try again");
		return;
	}
	l->state = LISTEN_LEG;
}

static void
ask(struct listen *l)
{
	struct front *f = l->front;
	struct door *d = l->door;
	struct msg_decide msg = { .verb = slice_from("forward"), .host = slice_from(d->host), .login = slice_from(d->login),
		.listen = slice_from(l->asked), .dial = 1, .hold = l->hold };

	if (ask_gate(f, &l->ask, &msg, on_decision, l) != 0)
		over(l, false, "the gate does not answer");
}

/* ---- the client's side ---- */

struct listen *
listen_ask(struct door *d, const char *address, int port)
{
	struct front *f = d->front;
	struct listen *l;

	if (port > 65535 || f->listens_n >= f->o->channels_max || (l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	*l = (struct listen){ .next = f->listens, .front = f, .door = d, .asked_port = port, .port = port, .hold = held_new(f) };
	(void)snprintf(l->address, sizeof(l->address), "%s", address);
	(void)snprintf(l->asked, sizeof(l->asked), strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d",
	    address[0] != '\0' ? address : "*", port);
	f->listens = l;
	f->listens_n++;
	ask(l);
	return l;
}

static void
listen_free(struct listen *l)
{
	struct front *f = l->front;
	struct listen **at = &f->listens;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	f->listens_n--;
	ask_forget(f, &l->ask);
	held_release(f, &l->hold);
	leg_release(l->leg);
	free(l);
}

struct listen *
listen_cancel(struct door *d, const char *address, int port)
{
	struct listen *l = d->front->listens;

	while (l != NULL && (l->door != d || l->port != port || strcmp(l->address, address) != 0 || l->state != LISTEN_OPEN))
		l = l->next;
	if (l != NULL)
		l->state = LISTEN_LEAVING;
	return l;
}

enum listen_answer
listen_answer(const struct listen *l, int *port, const char **why)
{
	*port = l->port;
	*why = l->why;
	if (l->state != LISTEN_OPEN && l->state != LISTEN_OVER)
		return LISTEN_WAIT;
	return l->good ? LISTEN_YES : LISTEN_NO;
}

void
listen_heard(struct listen *l)
{
	/* That the gate has denied it is told by the gate. */
	if (!l->good && l->leg != NULL)
		event(l, 5, false, l->why);
	if (l->state == LISTEN_OVER)
		listen_free(l);
}

bool
listen_revoked(struct front *f, uint32_t hold, const char *code, const char *reason)
{
	struct listen *l = f->listens;
	char line[900];

	while (l != NULL && l->hold != hold)
		l = l->next;
	if (l == NULL)
		return false;
	(void)snprintf(line, sizeof(line), "fortress: the remote forward of %s ends: %s [%s]", l->asked, reason, code);
	if (l->door != NULL)
		door_say(l->door, line);
	if (l->state == LISTEN_OPEN)
		l->state = LISTEN_LEAVING;
	else if (l->state == LISTEN_ASKED || l->state == LISTEN_LEG)
		over(l, false, reason);
	else if (l->state == LISTEN_SENT)
		l->unwanted = true;              /* it leaves as soon as it is there */
	held_release(f, &l->hold);
	return true;
}

void
listen_leave(struct door *d)
{
	struct listen *next;

	for (struct listen *l = d->front->listens; l != NULL; l = next) {
		next = l->next;
		if (l->door != d)
			continue;
		l->door = NULL;
		if (l->state == LISTEN_ASKED || l->state == LISTEN_LEG || l->state == LISTEN_OVER)
			listen_free(l);
		else if (l->state == LISTEN_OPEN)
			l->state = LISTEN_LEAVING;
	}
}

/* ---- the host's side ---- */

/* Is there one to be tried (again)? */
static bool
choose_port(struct listen *l)
{
	uint16_t r;

	if (l->asked_port != 0 || l->tries++ == TRIES || secret_random(&r, sizeof(r)) != 0)
		return false;
	l->port = PORT_FIRST + r % PORTS;
	return true;
}

/* Its turn on the host's connection; true if it has it now. */
static bool
take_turn(struct listen *l, enum listen_state then)
{
	if (l->leg->state != LEG_READY || l->leg->busy)
		return false;
	if (then == LISTEN_SENT && l->port == 0 && !choose_port(l)) {
		over(l, false, "no port can be chosen");
		return true;
	}
	l->leg->busy = true;
	l->since = clock_mono();
	l->state = then;
	return true;
}

/* The turn is never given back: libssh would take a late answer for the next request's. */
static bool
is_late(struct listen *l)
{
	if (clock_ms_since(l->since) < ANSWER_MS)
		return false;
	l->leg->deaf = true;
	over(l, false, "the host does not answer");
	return true;
}

static bool
step_sent(struct listen *l)
{
	int r = ssh_channel_listen_forward(l->leg->wire.ssh, l->address, l->port, NULL);

	if (r == SSH_AGAIN)
		return is_late(l);
	if (r != SSH_OK && choose_port(l))
		return true;                     /* the next call asks for that one */
	l->leg->busy = false;
	if (r != SSH_OK) {
		over(l, false, "the host refused to listen there: it does not permit it, or the port is taken");
		return true;
	}
	l->good = true;
	l->state = l->door != NULL && !l->unwanted ? LISTEN_OPEN : LISTEN_LEAVING;
	event(l, 7, true, "listens for a remote forward");
	return true;
}

static bool
step_cancelled(struct listen *l)
{
	int r = ssh_channel_cancel_forward(l->leg->wire.ssh, l->address, l->port);

	if (r == SSH_AGAIN)
		return is_late(l);
	l->leg->busy = false;
	over(l, r == SSH_OK, "the host did not stop listening");
	event(l, 2, r == SSH_OK, r == SSH_OK ? "listens no more" : l->why);
	return true;
}

/* A client cannot be told that its forward is gone but by the end. */
static bool
lost(struct listen *l)
{
	if (l->state == LISTEN_OPEN) {
		door_say(l->door, "fortress: the host closed the connection, and the remote forward with it [target-gone]");
		event(l, 2, true, "the connection ended, and the remote forward with it");
		l->door->ending = true;
		if (l->door == &l->front->door)
			front_end(l->front, "a remote forward was lost");
	}
	over(l, false, l->leg->why);
	return true;
}

static bool
step(struct listen *l)
{
	if (l->state == LISTEN_ASKED || l->state == LISTEN_OVER)
		return false;
	if (l->leg->state == LEG_DEAD)
		return lost(l);
	if (l->leg->deaf && (l->state == LISTEN_LEG || l->state == LISTEN_LEAVING)) {
		over(l, false, "the host does not answer");
		return true;
	}
	switch (l->state) {
	case LISTEN_LEG:
		return take_turn(l, LISTEN_SENT);
	case LISTEN_SENT:
		return step_sent(l);
	case LISTEN_LEAVING:
		return take_turn(l, LISTEN_CANCELLED);
	case LISTEN_CANCELLED:
		return step_cancelled(l);
	default:
		return false;
	}
}

bool
listen_step_all(struct front *f)
{
	struct listen *next;
	bool moved = false;

	for (struct listen *l = f->listens; l != NULL; l = next) {
		next = l->next;
		moved |= step(l);
		/* One that no request waits for and no client knows. */
		if (l->state == LISTEN_OVER && (l->door == NULL || l->door->listen != l))
			listen_free(l);
	}
	return moved;
}

/* ---- who is meant ---- */

/* Its first connection may come with the answer, its last one after the end. */
static bool
is_known(const struct listen *l)
{
	return l->state != LISTEN_ASKED && l->state != LISTEN_LEG && l->state != LISTEN_OVER;
}

const struct listen *
listen_find(const struct leg *leg, const char *address, int port)
{
	const struct listen *l = leg->front->listens, *other = NULL;
	unsigned others = 0;

	/* Hosts give the address as they were asked for it, or what they made of it. */
	for (; l != NULL; l = l->next) {
		if (l->leg != leg || !is_known(l) || l->port != port)
			continue;
		if (strcmp(l->address, address) == 0)
			return l;
		other = l;
		others++;
	}
	return others == 1 ? other : NULL;
}

struct door *
listen_door(const struct listen *l)
{
	return l->state == LISTEN_SENT || l->state == LISTEN_OPEN ? l->door : NULL;
}

const char *
listen_asked(const struct listen *l)
{
	return l->asked;
}

uint32_t
listen_hold(const struct listen *l)
{
	return l->hold;
}

const char *
listen_address(const struct listen *l, int *port)
{
	*port = l->port;
	return l->address;
}
