/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/splice.h"

/* The loop only wakes us: the turn does the work. */
static void
splice_ready(void *arg, int fd, uint32_t events)
{
	struct splice *s = arg;

	if (s->out_len > 0 && (events & EPOLLIN) != 0)
		(void)loop_mod(s->loop, fd, intake_left(&s->in) > 0 ? (uint32_t)EPOLLOUT : 0u);
}

int
splice_open(struct splice *s, struct loop *loop, int fd, ssh_channel ssh, struct wire *wire)
{
	int r = fd_set_nonblock(fd);

	if (r == 0)
		r = loop_add(loop, fd, EPOLLIN, splice_ready, s);
	if (r != 0)
		return r;
	s->loop = loop;
	s->fd = fd;
	s->ssh = ssh;
	s->wire = wire;
	return 0;
}

static void
splice_end(struct splice *s)
{
	if (!s->over)
		loop_del(s->loop, s->fd);
	s->over = true;
}

static bool
take_out(struct splice *s)
{
	ssize_t n = read(s->fd, s->out, sizeof(s->out));

	if (n > 0) {
		s->out_len = (size_t)n;
		s->out_off = 0;
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		splice_end(s);                   /* EIO: the last holder of a pty's other side is gone */
		return true;
	}
	(void)loop_mod(s->loop, s->fd, EPOLLIN | (intake_left(&s->in) > 0 ? (uint32_t)EPOLLOUT : 0u));
	return false;
}

static bool
pump_out(struct splice *s)
{
	bool moved = s->out_len == 0 && !s->over && take_out(s);
	int w;

	if (s->out_len == 0 || !wire_is_writable(s->wire))
		return moved;
	w = ssh_channel_write(s->ssh, s->out + s->out_off, (uint32_t)s->out_len);
	if (w < 0)
		splice_end(s);
	s->out_off += w > 0 ? (size_t)w : 0;
	s->out_len = w < 0 ? 0 : s->out_len - (size_t)w;
	return moved || w != 0;
}

static bool
pump_in(struct splice *s)
{
	bool moved = intake_left(&s->in) == 0;
	ssize_t n;

	if (intake_fill(&s->in, s->ssh, false) <= 0)
		return false;
	n = write(s->fd, s->in.p + s->in.off, intake_left(&s->in));
	if (n > 0)
		(void)intake_take(&s->in, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		(void)intake_take(&s->in, intake_left(&s->in));
	return moved || n > 0;
}

bool
splice_pump(struct splice *s)
{
	bool moved = pump_out(s);

	return (!s->over && pump_in(s)) || moved;
}

bool
splice_is_over(const struct splice *s)
{
	return s->over && s->out_len == 0;
}

void
splice_close(struct splice *s)
{
	splice_end(s);
	intake_done(&s->in);
	fd_close(&s->fd);
}
