/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Receiving: one datagram into one static buffer (a process has one thread, and handlers
 * get views that live until they return), checked against link.c, unpacked, handed on.
 * Sending: at once if nothing waits, else a queue of whole datagrams with a hard limit.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg/chan.h"

#define QUEUE_MAX   (4u << 20)
#define DRAINED     65536
#define TURN_MAX    64                  /* messages a turn: others get theirs too */

struct queued {
	struct queued *next;
	size_t n;
	int fds[FD_PASS_MAX], nfds;
	unsigned char bytes[];
};

struct chan {
	struct loop *loop;
	int fd;
	enum link_end end;
	chan_fn *fn;
	void *arg;
	struct queued *first, **last;
	size_t queued;
	bool was_full, paused, over;
	bool *freed;                    /* set by chan_free while a handler runs */
	loop_fn *drained_fn;
	void *drained_arg;
	struct buf out;
	char why[160];
};

static void chan_ready(void *arg, int fd, uint32_t events);

static uint32_t
chan_events(const struct chan *c)
{
	return (c->paused ? 0u : (uint32_t)EPOLLIN) | (c->first != NULL ? (uint32_t)EPOLLOUT : 0u);
}

static void
chan_watch(struct chan *c)
{
	if (c->loop != NULL && !c->over)
		(void)loop_mod(c->loop, c->fd, chan_events(c));
}

struct chan *
chan_new(struct loop *loop, int fd, enum link_end end, chan_fn *fn, void *arg)
{
	struct chan *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return NULL;
	*c = (struct chan){ .loop = loop, .fd = fd, .end = end, .fn = fn, .arg = arg };
	c->last = &c->first;
	buf_init(&c->out, MSG_MAX + 16);
	r = fd_set_nonblock(fd);
	if (r == 0 && loop != NULL)
		r = loop_add(loop, fd, EPOLLIN, chan_ready, c);
	if (r != 0) {
		free(c);
		errno = -r;
		return NULL;
	}
	return c;
}

static void
queued_free(struct queued *q)
{
	for (int i = 0; i < q->nfds; i++)
		fd_close(&q->fds[i]);
	free(q);
}

void
chan_free(struct chan *c)
{
	struct queued *q;

	if (c == NULL)
		return;
	if (c->freed != NULL)
		*c->freed = true;
	if (c->loop != NULL)
		loop_del(c->loop, c->fd);
	fd_close(&c->fd);
	while ((q = c->first) != NULL) {
		c->first = q->next;
		queued_free(q);
	}
	buf_done(&c->out);
	free(c);
}

/* The end is told once, from the loop or from chan_wait, never from inside chan_send. */
static void
chan_end(struct chan *c, const char *why)
{
	struct chan_in in = { .type = 0, .why = c->why };

	if (c->over)
		return;
	c->over = true;
	if (why != c->why)
		snprintf(c->why, sizeof(c->why), "%s", why);
	if (c->loop != NULL)
		loop_del(c->loop, c->fd);
	c->fn(c->arg, c, &in);
}

static int
queue_add(struct chan *c, const struct slice parts[2], const int *fds, int nfds)
{
	size_t n = parts[0].n + parts[1].n;
	struct queued *q;
	int r = 0;

	if (c->queued + n > QUEUE_MAX)
		return -EAGAIN;
	q = malloc(sizeof(*q) + n);
	if (q == NULL)
		return -ENOMEM;
	*q = (struct queued){ .n = n };
	memcpy(q->bytes, parts[0].p, parts[0].n);
	if (parts[1].n > 0)
		memcpy(q->bytes + parts[0].n, parts[1].p, parts[1].n);
	for (; q->nfds < nfds && r == 0; q->nfds++) {
		q->fds[q->nfds] = dup(fds[q->nfds]);
		r = q->fds[q->nfds] < 0 ? -errno : 0;
	}
	if (r != 0) {
		queued_free(q);
		return r;
	}
	*c->last = q;
	c->last = &q->next;
	c->queued += q->n;
	c->was_full = c->was_full || c->queued > DRAINED;
	chan_watch(c);
	return 0;
}

/* What the peer would end the channel for must not leave: its sender is the one that can still say why not. */
static int
out_check(const struct chan *c, enum msg_type type, size_t size, int nfds)
{
	const struct link_row *row = link_find(link_peer(c->end), type);

	if (row == NULL || nfds < row->fds_min || nfds > row->fds_max)
		return -EPROTO;
	return size <= row->size_max ? 0 : -EMSGSIZE;
}

int
chan_send_fds(struct chan *c, enum msg_type type, const void *message, const int *fds, int nfds)
{
	struct slice parts[2];           /* the large messages end in bytes, which go from where they lie */
	int r;

	if (c->over)
		return -EPIPE;
	buf_clear(&c->out);
	r = msg_pack_parts(&c->out, type, message, &parts[1]);
	if (r != 0)
		return r;
	parts[0] = buf_slice(&c->out);
	r = out_check(c, type, parts[0].n + parts[1].n, nfds);
	if (r != 0)
		return r;
	if (c->first != NULL)
		return queue_add(c, parts, fds, nfds);
	r = fd_send_parts(c->fd, parts, fds, nfds);
	return r == -EAGAIN || r == -ENOBUFS ? queue_add(c, parts, fds, nfds) : r;
}

int
chan_send(struct chan *c, enum msg_type type, const void *message)
{
	return chan_send_fds(c, type, message, NULL, 0);
}

size_t
chan_queued(const struct chan *c)
{
	return c->queued;
}

void
chan_on_drained(struct chan *c, loop_fn *fn, void *arg)
{
	c->drained_fn = fn;
	c->drained_arg = arg;
}

void
chan_pause(struct chan *c, bool paused)
{
	if (c->paused == paused)
		return;
	c->paused = paused;
	chan_watch(c);
}

/* 0: all sent, -EAGAIN: the socket is full, else the error. */
static int
queue_flush(struct chan *c)
{
	struct queued *q;
	int r;

	while ((q = c->first) != NULL) {
		r = fd_send(c->fd, q->bytes, q->n, q->fds, q->nfds);
		if (r != 0)
			return r == -ENOBUFS ? -EAGAIN : r;
		c->first = q->next;
		if (c->first == NULL)
			c->last = &c->first;
		c->queued -= q->n;
		queued_free(q);
	}
	return 0;
}

static int
chan_write(struct chan *c)
{
	int r = queue_flush(c);

	if (r != 0 && r != -EAGAIN)
		return r;
	chan_watch(c);
	if (c->was_full && c->queued < DRAINED) {
		c->was_full = false;
		if (c->drained_fn != NULL)
			c->drained_fn(c->drained_arg);
	}
	return 0;
}

/* Checks the datagram against the table.  NULL: may be unpacked; else what is wrong. */
static const char *
datagram_check(struct chan *c, struct slice *s, int nfds, uint16_t *type)
{
	size_t whole = s->n;
	const struct link_row *row;

	if (!take_u16(s, type))
		return "a message of one byte";
	row = link_find(c->end, *type);
	if (row == NULL)
		return "not allowed here";
	if (whole > row->size_max)
		return "too large";
	if (nfds < row->fds_min || nfds > row->fds_max)
		return "wrong number of descriptors";
	return NULL;
}

/* One message.  1: handed on, 0: nothing there, negative: the channel has ended (or was freed). */
static int
chan_read(struct chan *c)
{
	static unsigned char bytes[MSG_MAX + 16];
	union { unsigned char bytes[512]; uint64_t align; } message;
	struct chan_in in = { 0 };
	bool freed = false;
	const char *wrong;
	struct slice s;
	uint16_t type = 0;
	ssize_t n;

	n = fd_recv(c->fd, bytes, sizeof(bytes), in.fds, &in.nfds);
	if (n == -ECONNRESET)                    /* it closed without having read our last words; its own are still there */
		n = fd_recv(c->fd, bytes, sizeof(bytes), in.fds, &in.nfds);
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0) {
		chan_end(c, n == 0 ? "closed" : strerror((int)-n));
		return -EPIPE;
	}
	s = slice_of(bytes, (size_t)n);
	wrong = datagram_check(c, &s, in.nfds, &type);
	if (wrong == NULL && msg_unpack(type, s, &message) != 0)
		wrong = "malformed";
	if (wrong == NULL) {
		in.type = type;
		in.message = &message;
		c->freed = &freed;
		c->fn(c->arg, c, &in);
		if (!freed)
			c->freed = NULL;
	}
	for (int i = 0; i < in.nfds; i++)
		fd_close(&in.fds[i]);
	if (wrong == NULL)
		return freed ? -EPIPE : 1;
	snprintf(c->why, sizeof(c->why), "%s: message %u (%s): %s", link_name(c->end), type, msg_name(type), wrong);
	chan_end(c, c->why);
	return -EPROTO;
}

static void
chan_ready(void *arg, int fd, uint32_t events)
{
	struct chan *c = arg;
	int r, turns = 0;

	(void)fd;
	if ((events & EPOLLOUT) != 0 && (r = chan_write(c)) != 0) {
		chan_end(c, strerror(-r));
		return;
	}
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return;
	if (c->paused && (events & (EPOLLHUP | EPOLLERR)) == 0)
		return;
	while (turns++ < TURN_MAX && chan_read(c) > 0)
		if (c->paused)
			return;
}

int
chan_flush(struct chan *c, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };
	mono_t start = clock_mono();
	int64_t left;
	int r = 0;

	while (c->first != NULL && (r = queue_flush(c)) == -EAGAIN) {
		left = timeout_ms - clock_ms_since(start);
		if (left < 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
	return r;
}

int
chan_wait(struct chan *c, int timeout_ms)
{
	mono_t start = clock_mono();
	int64_t left;
	int r;

	for (;;) {
		struct pollfd p = { .fd = c->fd, .events = (short)(POLLIN | (c->first != NULL ? POLLOUT : 0)) };

		if (c->over)
			return -EPIPE;
		left = timeout_ms - clock_ms_since(start);
		if (left < 0)
			return -ETIMEDOUT;
		r = poll(&p, 1, (int)left);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && (p.revents & POLLOUT) != 0)
			(void)queue_flush(c);
		if (r > 0 && (p.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
			r = chan_read(c);
			if (r != 0)
				return r > 0 ? 0 : -EPIPE;
		}
	}
}
