/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The rules that keep every byte (see libssh's behaviour during a rekey): nothing is written in a
 * callback; the rest of a short write is kept here; nothing is written while libssh still has bytes
 * for the socket; unread data stays in libssh, which closes the peer's window.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/pump.h"
#include "base/fd.h"

#define CHUNK     32758                  /* a packet of the usual 32 kB, less what libssh keeps of it for its head */
#define ROUNDS    8                      /* chunks a turn in each direction: others get theirs too */
#define INPUT_MAX (8u << 20)             /* what came and is not written yet; two windows are 2.5 MB */

static unsigned char scratch[CHUNK];     /* one thread, never used across a call that could use it again */

static bool
is_clogged(const struct pump *p)
{
	return (ssh_get_status(p->line->ssh) & (SSH_WRITE_PENDING | SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

/* ---- its life ---- */

void
pump_init(struct pump *p, const struct line *line, ssh_channel ssh)
{
	*p = (struct pump){ .line = line, .ssh = ssh, .in.fd = -1, .out.fd = -1, .err.fd = -1 };
	buf_init(&p->in.rest, INPUT_MAX);
	buf_init(&p->out.rest, CHUNK);
	buf_init(&p->err.rest, CHUNK);
}

void
pump_start(struct pump *p, enum pump_kind kind, int in, int out, int err)
{
	p->kind = kind;
	p->in.fd = kind == PUMP_PIPES ? in : -1;
	p->out.fd = out;
	p->err.fd = err;
	p->err.over = err < 0;
	p->in.ready = p->out.ready = p->err.ready = p->started = true;
}

static void
stream_close(struct pump *p, struct stream *s)
{
	if (s->watched != 0)
		loop_del(p->line->loop, s->fd);
	s->watched = 0;
	s->over = true;
	fd_close(&s->fd);
}

void
pump_stop_input(struct pump *p)
{
	stream_close(p, &p->in);
}

void
pump_stop(struct pump *p)
{
	loop_timer_stop(&p->patience);
	stream_close(p, &p->in);
	stream_close(p, &p->out);
	stream_close(p, &p->err);
	buf_clear(&p->out.rest);
	buf_clear(&p->err.rest);
}

void
pump_done(struct pump *p)
{
	pump_stop(p);
	buf_done(&p->in.rest);
	buf_done(&p->out.rest);
	buf_done(&p->err.rest);
}

int
pump_on_data(const struct pump *p, uint32_t n, bool is_stderr)
{
	if (is_stderr)
		return (int)n;
	if (n > INPUT_MAX)
		*p->line->flooded = true;
	return n > INPUT_MAX ? (int)n : 0;
}

/* ---- towards what is behind it ---- */

/* Which descriptor takes what the peer sends. */
static int
input_fd(const struct pump *p)
{
	return p->kind == PUMP_PIPES ? p->in.fd : p->out.fd;
}

/* On a broken pipe bytes are dropped, so that the peer's window stays open.  A socket that broke while it was read takes
 * nothing either. */
static bool
deliver(struct pump *p, const unsigned char *bytes, size_t n)
{
	ssize_t done = 0;

	if (!p->in.over && input_fd(p) >= 0) {
		done = write(input_fd(p), bytes, n);
		if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
			p->in.ready = false;
			done = 0;
		} else if (done < 0) {
			stream_close(p, &p->in);
		}
	}
	if (done > 0)
		loop_timer_stop(&p->patience);
	if (input_fd(p) < 0)
		p->in.over = true;
	if (p->in.over)
		done = (ssize_t)n;
	if (p->in.rest.len > 0)
		buf_consume(&p->in.rest, (size_t)done);
	else if ((size_t)done < n && buf_append(&p->in.rest, bytes + done, n - (size_t)done) < 0)
		stream_close(p, &p->in);
	return done > 0;
}

/* End of the peer's input: closes a pipe, half of a socket.  A terminal has no end of input; its user types ^D. */
static void
check_input_end(struct pump *p)
{
	if (p->kind == PUMP_TERMINAL || p->in.over || p->in.rest.len > 0 || !ssh_channel_is_eof(p->ssh) ||
	    ssh_channel_poll(p->ssh, 0) > 0)
		return;
	if (p->kind == PUMP_SOCKET && p->out.fd >= 0)
		(void)shutdown(p->out.fd, SHUT_WR);
	stream_close(p, &p->in);
}

/* libssh 0.10 opens the peer's window anew at each read, whatever it still holds: so all that came is taken at once, or
 * its buffer would grow without end before a slow program. */
static int
take_all(struct pump *p)
{
	int n = ssh_channel_poll(p->ssh, 0);
	unsigned char *to;

	if (n <= 0)
		return n;
	if ((size_t)n <= sizeof scratch) {
		n = ssh_channel_read_nonblocking(p->ssh, scratch, sizeof scratch, 0);
		if (n > 0)
			(void)deliver(p, scratch, (size_t)n);
		return n;
	}
	to = buf_reserve(&p->in.rest, (size_t)n);
	if (to == NULL) {
		stream_close(p, &p->in);
		return -1;
	}
	n = ssh_channel_read_nonblocking(p->ssh, to, (uint32_t)n, 0);
	if (n > 0)
		buf_added(&p->in.rest, (size_t)n);
	return n;
}

bool
pump_in(struct pump *p)
{
	bool moved = false;

	for (int i = 0; i < ROUNDS && p->started; i++) {
		if (p->in.rest.len > 0) {
			if (!p->in.ready || !deliver(p, p->in.rest.p, p->in.rest.len))
				return moved;
			moved = true;
			continue;
		}
		if (take_all(p) <= 0)
			break;
		moved = true;
	}
	if (p->started)
		check_input_end(p);
	return moved;
}

/* ---- towards the peer ---- */

/* How much a write may take now: 0 while the peer's window is shut or libssh has bytes of its own. */
static size_t
room(const struct pump *p)
{
	uint32_t window = is_clogged(p) ? 0 : ssh_channel_window_size(p->ssh);

	if (p->gone)
		return sizeof scratch;
	return window < sizeof scratch ? window : sizeof scratch;
}

/* To a peer that is gone all is sent. */
static int
give(struct pump *p, const void *bytes, size_t n, bool is_err)
{
	if (p->gone)
		return (int)n;
	return is_err ? ssh_channel_write_stderr(p->ssh, bytes, (uint32_t)n) : ssh_channel_write(p->ssh, bytes, (uint32_t)n);
}

static bool
send_rest(struct pump *p, struct stream *s, bool is_err)
{
	int n = give(p, s->rest.p, s->rest.len, is_err);

	if (n > 0)
		buf_consume(&s->rest, (size_t)n);
	return n > 0;
}

/* One read from behind, handed to libssh at once; what it does not take is kept. */
static bool
send_chunk(struct pump *p, struct stream *s, bool is_err, size_t max)
{
	ssize_t n = read(s->fd, scratch, max);
	int done;

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		s->ready = false;
		return false;
	}
	if (n == 0 && p->kind == PUMP_SOCKET) {
		s->over = true;          /* its other half may go on */
		return true;
	}
	if (n <= 0) {            /* EIO: the last process left the terminal */
		stream_close(p, s);
		return true;
	}
	done = give(p, scratch, (size_t)n, is_err);
	if (done < 0)
		done = 0;
	if (done < n && buf_append(&s->rest, scratch + done, (size_t)(n - done)) < 0)
		stream_close(p, s);
	if ((size_t)n < max)
		s->ready = false;
	return true;
}

static bool
send_all(struct pump *p, struct stream *s, bool is_err)
{
	bool moved = false;

	for (int i = 0; i < ROUNDS; i++) {
		size_t max = room(p);

		if (max == 0)
			break;
		if (s->rest.len > 0) {
			if (!send_rest(p, s, is_err))
				break;
		} else if (s->over || !s->ready || !send_chunk(p, s, is_err, max)) {
			break;
		}
		moved = true;
	}
	return moved;
}

bool
pump_out(struct pump *p)
{
	bool moved = p->started && send_all(p, &p->err, true);

	return (p->started && send_all(p, &p->out, false)) || moved;
}

static void
give_up(void *arg)
{
	((struct pump *)arg)->in.over = true;
}

bool
pump_linger(struct pump *p, int ms)
{
	p->gone = true;
	if (!p->started || p->in.over || (p->in.rest.len == 0 && ssh_channel_poll(p->ssh, 0) <= 0))
		return false;
	if (!loop_timer_is_running(&p->patience))
		loop_timer_start(p->line->loop, &p->patience, ms, give_up, p);
	return true;
}

bool
pump_is_drained(const struct pump *p)
{
	return p->started && p->out.over && p->err.over && p->out.rest.len == 0 && p->err.rest.len == 0;
}

/* ---- waiting ---- */

void
pump_wake(struct pump *p)
{
	p->out.ready = p->err.ready = true;
}

static void
stream_ready(void *arg, int fd, uint32_t events)
{
	struct pump *p = arg;

	(void)events;
	if (fd == p->out.fd)
		p->out.ready = true;
	if (fd == input_fd(p))
		p->in.ready = true;
	if (fd == p->err.fd)
		p->err.ready = true;
}

/* An idle interest is removed, not emptied: epoll reports HUP even when nothing was asked for. */
static void
stream_watch(struct pump *p, struct stream *s, uint32_t events)
{
	if (s->fd < 0 || events == s->watched)
		return;
	if (events == 0)
		loop_del(p->line->loop, s->fd);
	else if (s->watched == 0)
		(void)loop_add(p->line->loop, s->fd, events, stream_ready, p);
	else
		(void)loop_mod(p->line->loop, s->fd, events);
	s->watched = events;
}

void
pump_watch(struct pump *p)
{
	bool blocked = p->in.rest.len > 0 && !p->in.ready;
	bool open = room(p) > 0;
	uint32_t out = open && !p->out.over && p->out.rest.len == 0 ? EPOLLIN : 0;

	stream_watch(p, &p->in, blocked ? EPOLLOUT : 0);
	stream_watch(p, &p->out, out | (p->kind != PUMP_PIPES && blocked ? EPOLLOUT : 0));
	stream_watch(p, &p->err, open && p->err.rest.len == 0 ? EPOLLIN : 0);
}
