/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One message there, then all that comes until it is taken: neither side ever waits for the other with both pipes full. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "base/text.h"
#include "index/renderer.h"
#include "ui/render.h"

struct renderer {
	int fd;
	struct renderer_fns fns;
	struct buf in;
};

struct renderer *
renderer_start(const char *path, const char *user, struct err *e)
{
	struct renderer *r = calloc(1, sizeof(*r));
	char *argv[3] = { (char *)(uintptr_t)path, (char *)(uintptr_t)user, NULL };
	struct spawn s = { .path = path, .argv = argv, .stdio = { -1, -1, -1 } };
	int pair[2] = { -1, -1 };
	pid_t pid = -1;

	if (r == NULL) {
		(void)err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	*r = (struct renderer){ .fd = -1 };
	buf_init(&r->in, RENDER_MAX + 1);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		(void)err_set(e, -errno, "%s: %s", path, strerror(errno));
	} else {
		s.stdio[0] = s.stdio[1] = pair[1];
		pid = spawn_start(&s, e);
	}
	fd_close(&pair[1]);
	r->fd = pair[0];
	if (pid > 0)
		return r;
	renderer_stop(r);
	return NULL;
}

void
renderer_set(struct renderer *r, const struct renderer_fns *fns)
{
	r->fns = *fns;
}

void
renderer_stop(struct renderer *r)
{
	if (r == NULL)
		return;
	fd_close(&r->fd);
	buf_done(&r->in);
	free(r);
}

static bool
take_command(struct slice s, struct command_seen *c)
{
	uint8_t source, sure;
	uint32_t end;

	if (!take_u64(&s, &c->t_ms) || !take_u8(&s, &source) || !take_u8(&s, &sure) || !take_u32(&s, &end) ||
	    source >= COMMAND_SOURCES || sure >= COMMAND_SURES || !text_is_utf8(s))
		return false;
	c->source = source;
	c->sure = sure;
	c->exit = end <= INT32_MAX ? (int)end : -1;
	c->text = s;
	return true;
}

/* 0, or non-zero: what the function said. */
static int
take(struct renderer *r, uint8_t what, struct slice s)
{
	struct frame_screen k;
	struct command_seen c;
	uint64_t t_ms;

	switch (what) {
	case RENDER_LINE:
		return take_u64(&s, &t_ms) && text_is_utf8(s) ? r->fns.line(r->fns.arg, t_ms, s) : -EPROTO;
	case RENDER_COMMAND:
		return take_command(s, &c) ? r->fns.command(r->fns.arg, &c) : -EPROTO;
	case RENDER_BETTER:
		return take_command(s, &c) ? r->fns.better(r->fns.arg, &c) : -EPROTO;
	case RENDER_SLOW:
		r->fns.slow(r->fns.arg);
		return 0;
	case RENDER_KEY:
		return frame_screen_take(s, &k) ? r->fns.key(r->fns.arg, &k) : -EPROTO;
	case RENDER_STATE:
		return frame_screen_take(s, &k) ? r->fns.state(r->fns.arg, &k) : -EPROTO;
	default:
		return -EPROTO;
	}
}

static int
receive(struct renderer *r, uint8_t *what)
{
	unsigned char head[RENDER_HEAD], *to;
	struct slice s = slice_of(head, sizeof(head));
	uint32_t n;

	buf_clear(&r->in);
	if (fd_read_full(r->fd, head, sizeof(head)) != (ssize_t)sizeof(head))
		return -EPIPE;
	if (!take_u8(&s, what) || !take_u32(&s, &n) || n > RENDER_MAX || (to = buf_reserve(&r->in, (size_t)n + 1)) == NULL)
		return -EPROTO;
	if (fd_read_full(r->fd, to, n) != (ssize_t)n)
		return -EPIPE;
	buf_added(&r->in, n);
	return 0;
}

static int
exchange(struct renderer *r, uint8_t what, struct slice head, struct slice more, struct err *e)
{
	struct buf b;
	uint8_t answer = 0;
	int n;

	buf_init(&b, RENDER_HEAD);
	n = buf_u8(&b, what);
	n = n != 0 ? n : buf_u32(&b, (uint32_t)(head.n + more.n));
	n = n != 0 ? n : fd_write_full(r->fd, b.p, b.len);
	n = n != 0 || head.n == 0 ? n : fd_write_full(r->fd, head.p, head.n);
	n = n != 0 || more.n == 0 ? n : fd_write_full(r->fd, more.p, more.n);
	buf_done(&b);
	while (n == 0 && (n = receive(r, &answer)) == 0 && answer != RENDER_TAKEN)
		n = take(r, answer, buf_slice(&r->in));
	return n == -EPIPE || n == -EPROTO || n == -ECONNRESET ? err_set(e, -EPIPE, "what renders recordings has ended") : n;
}

int
renderer_begin(struct renderer *r, const struct frame_screen *at, struct err *e)
{
	struct buf head;
	int n;

	buf_init(&head, FRAME_SCREEN_HEAD);
	n = frame_screen_pack(&head, at);
	n = n != 0 ? n : exchange(r, RENDER_BEGIN, buf_slice(&head), at->paint, e);
	buf_done(&head);
	return n;
}

int
renderer_frames(struct renderer *r, struct slice frames, struct err *e)
{
	return exchange(r, RENDER_FRAMES, frames, slice_from(""), e);
}

int
renderer_end(struct renderer *r, struct err *e)
{
	return exchange(r, RENDER_END, slice_from(""), slice_from(""), e);
}
