/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/intake.h"
#include "front/overhear.h"
#include "front/wire.h"

#define STEPS_TURN 32                    /* 4 KiB each: others get their turn too */
#define OWED_MAX   (8u << 20)            /* what is relayed stays far below: a chunk for each flow */
#define PACKET_MIN 25                    /* length, padding and tag, at least */

static void
wire_ready(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	wire_step(arg);
}

int
wire_open(struct wire *w, struct loop *loop, ssh_session ssh, int fd)
{
	int r;

	*w = (struct wire){ .loop = loop, .ssh = ssh, .fd = fd };
	ssh_set_counters(ssh, &w->socket, &w->packets);
	r = loop_add(loop, fd, EPOLLIN, wire_ready, w);
	w->watched = r == 0;
	return r;
}

int
wire_start_events(struct wire *w)
{
	w->event = ssh_event_new();
	if (w->event == NULL)
		return -ENOMEM;
	if (ssh_event_add_session(w->event, w->ssh) != SSH_OK)
		return -ENOMEM;
	ahead_start(&w->ahead, w->ssh, w->fd);
	return 0;
}

/* A dead socket's number may already belong to somebody else. */
static void
wire_unwatch(struct wire *w)
{
	if (w->watched)
		loop_del(w->loop, w->fd);
	w->watched = false;
}

/* libssh does not know of our own will: it must read an end from the socket, or its channels would never have one. */
static void
wire_die(struct wire *w, const char *why)
{
	if (w->dead)
		return;
	if (why != NULL)
		(void)shutdown(w->fd, SHUT_RDWR);
	w->dead = true;
	w->why = why;
	wire_unwatch(w);
}

/* libssh answers whatever comes, and keeps the answers of a peer that does not read without end.  It does not tell
 * how much that is; what its packets take on the line at least, less what went over it, does. */
static bool
owes_too_much(struct wire *w)
{
	uint64_t said = w->packets.out_bytes + w->packets.out_packets * PACKET_MIN, sent = w->socket.out_bytes;

	if ((ssh_get_poll_flags(w->ssh) & SSH_WRITE_PENDING) == 0) {
		w->said = said;
		w->sent = sent;
	}
	return said - w->said > sent - w->sent + OWED_MAX;
}

bool
wire_is_dead(struct wire *w)
{
	if (w->dead || w->event == NULL)
		return w->dead;
	if (!ssh_is_connected(w->ssh) || (ssh_get_status(w->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0)
		wire_die(w, NULL);
	else if (w->condemned != NULL || owes_too_much(w))
		wire_die(w, w->condemned != NULL ? w->condemned : "it does not read what it is told");
	return w->dead;
}

void
wire_step(struct wire *w)
{
	int r = SSH_OK;

	if (w->dead || w->event == NULL)
		return;
	overhear_whose(w->ssh);
	for (int i = 0; r == SSH_OK && i < STEPS_TURN; i++)
		r = ssh_event_dopoll(w->event, 0);
	overhear_whose(NULL);
	if (r == SSH_ERROR)
		wire_die(w, NULL);
	else
		(void)wire_is_dead(w);
}

static bool
has_news(const struct wire *w)
{
	return w->packets.in_packets != w->seen;
}

bool
wire_has_moved(struct wire *w)
{
	bool moved = has_news(w);

	w->seen = w->packets.in_packets;
	return moved;
}

uint64_t
wire_packets(const struct wire *w)
{
	return w->packets.in_packets;
}

bool
wire_is_looked_at(const struct wire *w, uint64_t packets)
{
	return w->seen >= packets;
}

bool
wire_is_writable(const struct wire *w)
{
	return !w->dead && (ssh_get_poll_flags(w->ssh) & SSH_WRITE_PENDING) == 0;
}

bool
wire_rearm(struct wire *w)
{
	bool writing;

	if (!w->watched)
		return false;
	if (ssh_get_fd(w->ssh) != w->fd)
		wire_die(w, NULL);
	if (ahead_is_left(&w->ahead))
		wire_step(w);
	if (wire_is_dead(w))
		return true;
	writing = (ssh_get_poll_flags(w->ssh) & SSH_WRITE_PENDING) != 0;
	if (writing != w->writing)
		(void)loop_mod(w->loop, w->fd, EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0u));
	w->writing = writing;
	return ahead_is_left(&w->ahead) || has_news(w);
}

void
wire_condemn(struct wire *w, const char *why)
{
	w->condemned = why;
}

bool
wire_is_flooded(struct wire *w, size_t n)
{
	if (n > INTAKE_MAX)
		wire_condemn(w, "it sends more than its window allows");
	return n > INTAKE_MAX;
}

static int
throw_away(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_stderr, void *arg)
{
	(void)s, (void)ch, (void)data, (void)is_stderr, (void)arg;
	return (int)n;
}

void
wire_free_channel(ssh_channel ch, struct ssh_channel_callbacks_struct *callbacks)
{
	static struct ssh_channel_callbacks_struct nobody = { .size = sizeof(nobody), .channel_data_function = throw_away };

	if (ch == NULL)
		return;
	(void)ssh_remove_channel_callbacks(ch, callbacks);
	(void)ssh_set_channel_callbacks(ch, &nobody);
	ssh_channel_free(ch);
}

void
wire_close(struct wire *w)
{
	wire_unwatch(w);
	ahead_stop(&w->ahead);
	if (w->event != NULL) {
		(void)ssh_event_remove_session(w->event, w->ssh);
		ssh_event_free(w->event);
	}
	if (w->ssh != NULL)
		ssh_free(w->ssh);
	*w = (struct wire){ .fd = -1, .dead = true };
}
