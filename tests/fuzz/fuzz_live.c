/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Whatever the front of a session that is looked at sends: each message is u32 position | u16 length | bytes. */
#include <assert.h>
#include <string.h>

#include "msg/chan.h"
#include "ui/live.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
none(void *arg, struct frame *f, uint64_t *pos)
{
	(void)arg, (void)f, (void)pos;
	return 0;
}

static void
seek(void *arg, uint64_t pos)
{
	*(uint64_t *)arg = pos;
}

static void
on_live(void *arg, const char *note)
{
	(void)arg, (void)note;
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

static void
read_all(struct replay_source *s)
{
	struct frame f;
	uint64_t pos, last = 0;
	bool first = true;

	while (s->next(s->arg, &f, &pos) == 1) {
		assert(f.data.n <= FRAME_DATA_MAX && (first || pos > last));
		last = pos;
		first = false;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint64_t at = 0;
	struct replay_source under = { .next = none, .seek = seek, .arg = &at }, source;
	struct slice s = slice_of(data, n);
	struct msg_live_frames m = { 0 };
	struct loop_timer timer = { 0 };
	struct loop *loop = loop_new();
	struct chan *front;
	struct live *live;
	uint32_t pos;
	uint16_t length;
	int pair[2];

	if (loop == NULL || fd_pair(pair) != 0)
		return 0;
	front = chan_new(NULL, pair[0], LINK_FRONT_OF_VIEWER, nothing, NULL);
	live = live_new(loop, pair[1], false, &under, on_live, NULL);
	live_source(live, &source);
	while (take_u32(&s, &pos) && take_u16(&s, &length) && take_bytes(&s, length < s.n ? length : s.n, &m.frames)) {
		m.pos = pos;
		(void)chan_send(front, MSG_LIVE_FRAMES, &m);
		loop_timer_start(loop, &timer, 0, over, loop);
		(void)loop_run(loop);
		read_all(&source);
		source.seek(source.arg, pos / 2);
		(void)live_waits(live);
	}
	live_free(live);
	chan_free(front);
	loop_free(loop);
	return 0;
}
