/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/wire.h"

#define STEPS_TURN 32                    /* 4 KiB each: others get their turn too */

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
	return ssh_event_add_session(w->event, w->ssh) == SSH_OK ? 0 : -ENOMEM;
}

/* A dead socket's number may already belong to somebody else. */
static void
wire_unwatch(struct wire *w)
{
	if (w->watched)
		loop_del(w->loop, w->fd);
	w->watched = false;
}

void
wire_step(struct wire *w)
{
	int r = SSH_OK;

	if (w->dead || w->event == NULL)
		return;
	for (int i = 0; r == SSH_OK && i < STEPS_TURN; i++)
		r = ssh_event_dopoll(w->event, 0);
	if (r == SSH_ERROR || !ssh_is_connected(w->ssh)) {
		w->dead = true;
		wire_unwatch(w);
	}
}

bool
wire_is_writable(const struct wire *w)
{
	return !w->dead && (ssh_get_poll_flags(w->ssh) & SSH_WRITE_PENDING) == 0;
}

void
wire_rearm(struct wire *w)
{
	bool writing;

	if (!w->watched)
		return;
	if (ssh_get_fd(w->ssh) != w->fd) {
		w->dead = true;
		wire_unwatch(w);
		return;
	}
	writing = (ssh_get_poll_flags(w->ssh) & SSH_WRITE_PENDING) != 0;
	if (writing == w->writing)
		return;
	w->writing = writing;
	(void)loop_mod(w->loop, w->fd, EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0u));
}

void
wire_close(struct wire *w)
{
	wire_unwatch(w);
	if (w->event != NULL) {
		(void)ssh_event_remove_session(w->event, w->ssh);
		ssh_event_free(w->event);
	}
	if (w->ssh != NULL)
		ssh_free(w->ssh);
	*w = (struct wire){ .fd = -1, .dead = true };
}
