/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A session that runs: the record and the channel together give each frame once, in order, however they overlap. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg/chan.h"
#include "tests/tap.h"
#include "ui/live.h"

#define FRAMES 400

/* A record of numbered frames, of which so many bytes are durable. */
struct record {
	struct buf bytes;
	uint64_t starts[FRAMES + 1], durable, at;
};

static int
record_next(void *arg, struct frame *f, uint64_t *pos)
{
	struct record *r = arg;
	struct slice s = slice_of(r->bytes.p + r->at, (size_t)(r->durable - r->at));

	if (r->at >= r->durable)
		return 0;
	if (frame_take(&s, f) != 1)
		return -EBADMSG;
	*pos = r->at;
	r->at = r->durable - s.n;
	return 1;
}

static void
record_seek(void *arg, uint64_t pos)
{
	((struct record *)arg)->at = pos;
}

static void
record_make(struct record *r, unsigned seed)
{
	char text[64];

	memset(r, 0, sizeof(*r));
	buf_init(&r->bytes, 1 << 20);
	srand(seed);
	for (unsigned i = 0; i < FRAMES; i++) {
		int n = snprintf(text, sizeof(text), "%u:%.*s", i, rand() % 40, "........................................");
		struct frame f = { .kind = FRAME_OUT, .t_ms = i, .data = slice_of(text, (size_t)n) };

		r->starts[i] = r->bytes.len;
		(void)frame_pack(&r->bytes, &f);
	}
	r->starts[FRAMES] = r->bytes.len;
}

static unsigned heard;

static void
on_live(void *arg, const char *note)
{
	(void)arg;
	heard += note[0] != '\0';
}

static void
nothing(void *arg, struct chan *c, struct chan_in *in)
{
	(void)arg, (void)c, (void)in;
}

static void
over(void *arg)
{
	loop_stop(arg, 0);
}

/* What has come is handed on. */
static void
turn(struct loop *loop)
{
	struct loop_timer t = { 0 };

	loop_timer_start(loop, &t, 0, over, loop);
	(void)loop_run(loop);
	loop_timer_stop(&t);
}

/* Frames in order, as far as there are any; the number of the next one, or -1. */
static int
drain(struct replay_source *s, int next)
{
	struct frame f;
	uint64_t pos;
	int r;

	while ((r = s->next(s->arg, &f, &pos)) == 1)
		if (atoi((const char *)f.data.p) != next++)
			return -1;
	return r == 0 ? next : -1;
}

/* From frame `from` on the channel has them; the record is behind by up to 60 frames, and may stand still. */
static bool
play(unsigned seed, bool gone)
{
	struct replay_source under = { .next = record_next, .seek = record_seek }, source;
	struct msg_live_frames m;
	struct record r;
	struct loop *loop = loop_new();
	struct chan *front;
	struct live *live;
	int pair[2], next = 0, sent, durable, n;

	record_make(&r, seed);
	under.arg = &r;
	(void)fd_pair(pair);
	front = chan_new(NULL, pair[0], LINK_FRONT_OF_VIEWER, nothing, NULL);
	live = live_new(loop, pair[1], false, &under, on_live, NULL);
	live_source(live, &source);
	sent = rand() % (FRAMES / 2);
	durable = sent > 60 ? sent - rand() % 60 : 0;
	while (next >= 0 && next < FRAMES) {
		r.durable = r.starts[durable];
		next = drain(&source, next);
		if (next > 0 && rand() % 8 == 0) {           /* the player jumps back */
			next = rand() % next;
			source.seek(source.arg, r.starts[next]);
		}
		n = rand() % 12;
		n = n < FRAMES - sent ? n : FRAMES - sent;
		m = (struct msg_live_frames){ r.starts[sent], slice_of(r.bytes.p + r.starts[sent], (size_t)(r.starts[sent + n] - r.starts[sent])) };
		if (n > 0 && (!gone || sent < FRAMES / 2))
			(void)chan_send(front, MSG_LIVE_FRAMES, &m);
		sent += n;
		durable += sent == FRAMES || rand() % 4 != 0 ? rand() % 14 : 0;
		durable = durable < sent ? durable : sent;
		turn(loop);
	}
	live_free(live);
	chan_free(front);
	loop_free(loop);
	buf_done(&r.bytes);
	return next == FRAMES;
}

static void
test_typing(void)
{
	struct replay_source under = { .next = record_next, .seek = record_seek };
	struct msg_live_note said = { slice_from("you are too slow") };
	struct record r = { .durable = 0 };
	struct loop *loop = loop_new();
	struct chan *front;
	struct live *live;
	int pair[2];

	under.arg = &r;
	(void)fd_pair(pair);
	front = chan_new(NULL, pair[0], LINK_FRONT_OF_VIEWER, nothing, NULL);
	live = live_new(loop, pair[1], false, &under, on_live, NULL);
	ok(live_type(live, slice_from("x")) == -EPROTO, "who only watches cannot type");
	ok(chan_send(front, MSG_LIVE_NOTE, &said) == 0, "a sentence is sent");
	heard = 0;
	turn(loop);
	ok(heard == 1, "and heard");
	chan_free(front);
	turn(loop);
	ok(live_is_gone(live) && live_type(live, slice_from("x")) == -EPIPE, "the front lets go");
	live_free(live);
	loop_free(loop);
}

int
main(void)
{
	unsigned good = 0, alone = 0;

	for (unsigned seed = 0; seed < 300; seed++)
		good += play(seed, false);
	ok(good == 300, "each frame once and in order, %u of 300 times", good);
	for (unsigned seed = 0; seed < 100; seed++)
		alone += play(seed, true);
	ok(alone == 100, "from the record alone when the channel says no more, %u of 100 times", alone);
	test_typing();
	return tap_done();
}
