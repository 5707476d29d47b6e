/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress-render: frames in, lines, commands and keyframes out; see render.h.  fortress-index starts it.  What hosts wrote
 * is looked at here, by a process without files, terminal, network or account.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "ui/reading.h"
#include "ui/render.h"
#include "ui/stage.h"

struct render {
	struct stage stage;
	bool begun;
	uint64_t t_ms, pos, key_pos;
	int64_t key_us;                  /* own time at the last keyframe */
	int64_t begun_us;
	uint64_t begun_pos;
	bool slow;                       /* what is left is only read */
	struct reading reading;
	unsigned keys;
	struct buf in, out;
	int r;
};

static int64_t
own_time_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- what goes out ---- */

static void
put(struct render *x, uint8_t what, struct slice bytes, struct slice more)
{
	int r = x->r;

	r = r != 0 ? r : buf_u8(&x->out, what);
	r = r != 0 ? r : buf_u32(&x->out, (uint32_t)(bytes.n + more.n));
	r = r != 0 ? r : buf_slice_append(&x->out, bytes);
	r = r != 0 ? r : buf_slice_append(&x->out, more);
	if (r == 0 && x->out.len > 65536) {
		r = fd_write_full(STDOUT_FILENO, x->out.p, x->out.len);
		buf_clear(&x->out);
	}
	x->r = r;
}

/* The same behind a head, which is done with; r: how making it went. */
static void
put_behind(struct render *x, uint8_t what, struct buf *head, int r, struct slice more)
{
	x->r = x->r != 0 ? x->r : r;
	put(x, what, buf_slice(head), more);
	buf_done(head);
}

static void
on_line(void *arg, uint64_t t_ms, struct slice text)
{
	struct buf head;

	buf_init(&head, RENDER_LINE_HEAD);
	put_behind(arg, RENDER_LINE, &head, buf_u64(&head, t_ms), text);
}

static void
put_command(struct render *x, uint8_t what, const struct command_seen *c)
{
	struct buf head;
	int r;

	buf_init(&head, RENDER_COMMAND_HEAD);
	r = buf_u64(&head, c->t_ms);
	r = r != 0 ? r : buf_u8(&head, (uint8_t)c->source);
	r = r != 0 ? r : buf_u8(&head, (uint8_t)c->sure);
	r = r != 0 ? r : buf_u32(&head, (uint32_t)c->exit);
	put_behind(x, what, &head, r, c->text);
}

static void
on_command(void *arg, const struct command_seen *c)
{
	put_command(arg, RENDER_COMMAND, c);
}

static void
on_better(void *arg, const struct command_seen *c)
{
	put_command(arg, RENDER_BETTER, c);
}

static void
put_screen(struct render *x, uint8_t what)
{
	struct frame_screen at = { .t_ms = x->t_ms, .pos = x->pos };
	struct buf head, paint;
	int r;

	buf_init(&head, FRAME_SCREEN_HEAD);
	buf_init(&paint, SCREEN_PAINT_MAX);
	screen_size(x->stage.screen, &at.cols, &at.rows);
	if (x->stage.plain)
		at.cols = 0;
	r = frame_screen_pack(&head, &at);
	r = r != 0 ? r : screen_paint(x->stage.screen, &paint);
	put_behind(x, what, &head, r, buf_slice(&paint));
	buf_done(&paint);
}

/* ---- what comes in ---- */

static void
render_done(struct render *x)
{
	if (x->begun)
		stage_done(&x->stage);
	if (x->slow)
		reading_done(&x->reading);
	x->begun = x->slow = false;
}

static int
take_begin(struct render *x, struct slice s)
{
	struct lines_sink sink = { .line = on_line, .command = on_command, .better = on_better, .arg = x };
	struct frame_screen at;

	render_done(x);
	if (!frame_screen_take(s, &at))
		return -EPROTO;
	if (stage_init(&x->stage, at.cols, at.rows, &sink) != 0)
		return -ENOMEM;
	x->begun = true;
	x->keys = 0;
	x->t_ms = at.t_ms;
	x->key_pos = x->pos = at.pos;
	x->key_us = x->begun_us = own_time_us();
	x->begun_pos = x->pos;
	lines_restore(x->stage.lines, at.paint);
	return 0;
}

static void
slow_begin(struct render *x)
{
	const struct lines_sink sink = { .line = on_line, .arg = x };

	lines_end(x->stage.lines);
	reading_init(&x->reading, &sink);
	x->slow = true;
	put(x, RENDER_SLOW, slice_from(""), slice_from(""));
}

static void
keyframe_maybe(struct render *x, int64_t now)
{
	if (x->pos == x->key_pos || x->keys >= RENDER_KEYS_MAX)
		return;
	if (x->pos - x->key_pos < RENDER_KEY_POS && now - x->key_us < RENDER_KEY_US)
		return;
	put_screen(x, RENDER_KEY);
	x->keys++;
	x->key_pos = x->pos;
	x->key_us = own_time_us();
}

static int
take_frames(struct render *x, struct slice s)
{
	struct frame f;
	size_t before;
	int r;

	if (!x->begun)
		return -EPROTO;
	for (before = s.n; (r = frame_take(&s, &f)) == 1; before = s.n) {
		int64_t now = own_time_us();

		if (!x->slow && now - x->begun_us > RENDER_SPENT_US + (int64_t)(x->pos - x->begun_pos))
			slow_begin(x);
		if (x->slow) {
			reading_frame(&x->reading, &f);
		} else {
			keyframe_maybe(x, now);
			stage_frame(&x->stage, &f);
		}
		x->t_ms = f.t_ms > x->t_ms ? f.t_ms : x->t_ms;
		x->pos += before - s.n;
	}
	return r;
}

static int
take_end(struct render *x)
{
	if (!x->begun)
		return -EPROTO;
	if (x->slow)
		reading_end(&x->reading);
	else
		lines_end(x->stage.lines);
	put_screen(x, RENDER_STATE);
	return 0;
}

static int
take(struct render *x, uint8_t what, struct slice s)
{
	switch (what) {
	case RENDER_BEGIN:  return take_begin(x, s);
	case RENDER_FRAMES: return take_frames(x, s);
	case RENDER_END:    return take_end(x);
	default:            return -EPROTO;
	}
}

/* 1; 0: the other side has closed. */
static int
message(struct render *x)
{
	unsigned char head[RENDER_HEAD], *to;
	struct slice s = slice_of(head, sizeof(head));
	uint8_t what;
	uint32_t n;
	int r;

	if (fd_read_full(STDIN_FILENO, head, sizeof(head)) != (ssize_t)sizeof(head))
		return 0;
	buf_clear(&x->in);
	if (!take_u8(&s, &what) || !take_u32(&s, &n) || n > RENDER_MAX || (to = buf_reserve(&x->in, (size_t)n + 1)) == NULL)
		return -EPROTO;
	if (fd_read_full(STDIN_FILENO, to, n) != (ssize_t)n)
		return -EPIPE;
	buf_added(&x->in, n);
	r = take(x, what, buf_slice(&x->in));
	put(x, RENDER_TAKEN, slice_from(""), slice_from(""));
	r = r != 0 ? r : x->r != 0 ? x->r : fd_write_full(STDOUT_FILENO, x->out.p, x->out.len);
	buf_clear(&x->out);
	return r == 0 ? 1 : r;
}

int
main(int argc, char **argv)
{
	struct sandbox box = { .name = "render", .user = argc > 1 ? argv[1] : NULL, .empty_root = true, .memory_max = (size_t)1 << 30 };
	struct render x = { .begun = false };
	struct sandbox_state state;
	struct err e = { 0 };
	int r;

	log_open("render", LOG_LEVEL_INFO, 2);
	screen_prepare();
	if (sandbox_enter(&box, NULL, NULL, 0, &state, &e) != 0)
		fatal("%s", e.text);
	buf_init(&x.in, RENDER_MAX + 1);
	buf_init(&x.out, RENDER_MAX * 2);
	while ((r = message(&x)) == 1)
		continue;
	render_done(&x);
	buf_done(&x.in);
	buf_done(&x.out);
	return r == 0 ? 0 : 1;
}
