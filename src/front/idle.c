/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The timer wakes the front no more often than the limit is long; bytes are counted in the steps that move them. */
#include <stdio.h>

#include "base/text.h"
#include "front/idle.h"

static uint64_t
used(const struct channel *c)
{
	return c->pty ? c->keys : c->in.bytes + c->out.bytes + c->err.bytes;
}

static void
look(void *arg)
{
	struct channel *c = arg;
	int64_t left_ms = (int64_t)c->limits.value[LIMIT_IDLE_S] * 1000 - clock_ms_since(c->heard);

	c->idle = left_ms <= 0;
	if (!c->idle)
		loop_timer_start(c->front->loop, &c->idle_timer, left_ms, look, c);
}

static void
hear(struct channel *c)
{
	c->idle_used = used(c);
	c->heard = clock_mono();
}

void
idle_start(struct channel *c)
{
	hear(c);
	c->idle = false;
	if (c->limits.value[LIMIT_IDLE_S] != 0)
		look(c);
}

void
idle_stop(struct channel *c)
{
	loop_timer_stop(&c->idle_timer);
	c->idle = false;
}

bool
idle_is_over(struct channel *c, char *why, size_t size)
{
	struct buf time;

	if (c->limits.value[LIMIT_IDLE_S] == 0)
		return false;
	if (used(c) != c->idle_used) {
		hear(c);
		if (c->idle)
			look(c);
	}
	if (!c->idle)
		return false;
	buf_init(&time, 64);
	(void)text_duration(&time, c->limits.value[LIMIT_IDLE_S]);
	(void)snprintf(why, size, "idle of rule %s: %s without %s", channel_limit_rule(c, LIMIT_IDLE_S), buf_cstr(&time), c->pty ? "a key" : "a byte");
	buf_done(&time);
	return true;
}
