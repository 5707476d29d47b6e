/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ui/player_model.h"

#define KEYFRAME_MS    10000
#define KEYFRAME_BYTES 262144
#define KEYFRAMES_MAX  8192              /* beyond, or above so many bytes, every second one is dropped and the distance doubled */
#define SEEK_PART      4096              /* bytes shown between two questions whether to go on */
#define KEYFRAMES_SIZE ((size_t)256 << 20)

struct player *
player_new(const struct replay_source *source)
{
	struct player *p = calloc(1, sizeof(*p));
	struct lines_sink sink = { .line = goal_line, .command = goal_command, .arg = p, .all = true };

	if (p == NULL)
		return NULL;
	*p = (struct player){ .src = *source, .key_ms = KEYFRAME_MS, .key_bytes = KEYFRAME_BYTES };
	p->keys = calloc(KEYFRAMES_MAX, sizeof(*p->keys));
	if (stage_init(&p->stage, source->cols, source->rows, &sink) != 0 || p->keys == NULL) {
		player_free(p);
		return NULL;
	}
	return p;
}

void
player_free(struct player *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; p->keys != NULL && i < p->keys_n; i++)
		free(p->keys[i].bytes);
	free(p->keys);
	stage_done(&p->stage);
	free(p);
}

struct screen *
player_screen(struct player *p)
{
	return p->stage.screen;
}

uint64_t
player_time(const struct player *p)
{
	return p->now_ms;
}

uint64_t
player_length(const struct player *p)
{
	return p->src.length_ms > p->now_ms ? p->src.length_ms : p->now_ms;
}

bool
player_peek(struct player *p)
{
	int r;

	if (p->have_ahead || p->ended)
		return p->have_ahead;
	r = p->src.next(p->src.arg, &p->ahead, &p->place.pos);
	p->have_ahead = r == 1;
	p->broken = r < 0;
	p->ended = r != 1;
	p->place.off = 0;
	return p->have_ahead;
}

bool
player_is_at_end(struct player *p)
{
	return !player_peek(p);
}

bool
player_is_broken(const struct player *p)
{
	return p->broken;
}

uint64_t
player_next_time(struct player *p)
{
	return player_peek(p) ? p->ahead.t_ms : UINT64_MAX;
}

void
player_poll(struct player *p, uint64_t length_ms)
{
	p->ended = false;
	if (length_ms > p->src.length_ms)
		p->src.length_ms = length_ms;
}

/* ---- keyframes ---- */

static void
keys_thin(struct player *p)
{
	size_t out = 0;

	for (size_t i = 0; i < p->keys_n; i++)
		if (i % 2 == 0) {
			p->keys[out++] = p->keys[i];
		} else {
			p->keys_bytes -= p->keys[i].key.paint.n;
			free(p->keys[i].bytes);
		}
	p->keys_n = out;
	p->key_ms *= 2;
	p->key_bytes *= 2;
}

static void
keyframe_add(struct player *p)
{
	struct keyframe *k;
	struct buf b;

	while (p->keys_n == KEYFRAMES_MAX || (p->keys_bytes > KEYFRAMES_SIZE && p->keys_n > 1))
		keys_thin(p);
	buf_init(&b, SCREEN_PAINT_MAX);
	p->since_bytes = 0;
	if (screen_paint(p->stage.screen, &b) != 0) {
		buf_done(&b);
		return;
	}
	assert(p->keys != NULL && p->keys_n < KEYFRAMES_MAX);
	k = &p->keys[p->keys_n++];
	*k = (struct keyframe){ .key = { .t_ms = p->now_ms, .pos = p->place.pos, .paint = buf_slice(&b) }, .bytes = b.p };
	screen_size(p->stage.screen, &k->key.cols, &k->key.rows);
	p->keys_bytes += b.len;
}

/* Between frames, when enough has happened since the newest keyframe, and not where there are some already. */
static void
keyframe_maybe(struct player *p)
{
	const struct frame_screen *last = p->keys_n > 0 ? &p->keys[p->keys_n - 1].key : NULL;
	uint64_t last_ms = last != NULL ? last->t_ms : 0;

	if (last != NULL && p->place.pos <= last->pos)
		return;
	if (p->now_ms >= last_ms + p->key_ms || p->since_bytes >= p->key_bytes)
		keyframe_add(p);
}

static const struct frame_screen *
keyframe_before(const struct player *p, uint64_t t_ms)
{
	size_t low = 0, high = p->keys_n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->keys[mid].key.t_ms <= t_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? &p->keys[low - 1].key : NULL;
}

/* Ours, or one that the source keeps, where ours is far from t_ms. */
static bool
key_find(const struct player *p, uint64_t t_ms, struct frame_screen *key)
{
	const struct frame_screen *own = keyframe_before(p, t_ms);
	struct frame_screen kept;

	if (own != NULL)
		*key = *own;
	if (p->src.key == NULL || (own != NULL && t_ms - own->t_ms < KEYFRAME_MS && p->key_ms == KEYFRAME_MS) ||
	    !p->src.key(p->src.arg, t_ms, &kept) || (own != NULL && kept.pos <= own->pos))
		return own != NULL;
	*key = kept;
	return true;
}

static void
go_to(struct player *p, const struct frame_screen *k)
{
	static const struct frame_screen none;

	p->have_ahead = p->ended = false;
	p->since_bytes = 0;
	screen_reset(p->stage.screen);
	screen_resize(p->stage.screen, k != NULL ? k->cols : p->src.cols, k != NULL ? k->rows : p->src.rows);
	k = k != NULL ? k : &none;
	lines_restore(p->stage.lines, k->paint);
	p->src.seek(p->src.arg, k->pos);
	p->now_ms = k->t_ms;
}

void
player_go_back(struct player *p, uint64_t t_ms)
{
	struct frame_screen k;

	go_to(p, key_find(p, t_ms, &k) ? &k : NULL);
}

void
player_go_start(struct player *p)
{
	go_to(p, NULL);
}

/* ---- time ---- */

bool
player_take(struct player *p, size_t max)
{
	struct slice part;
	bool whole;

	if (!player_peek(p))
		return false;
	if (p->place.off == 0) {
		keyframe_maybe(p);
		lines_frame(p->stage.lines, &p->ahead);
	}
	if (p->ahead.t_ms > p->now_ms)
		p->now_ms = p->ahead.t_ms;
	part = slice_of(p->ahead.data.p + p->place.off, p->ahead.data.n - p->place.off);
	whole = part.n <= max || (p->ahead.kind != FRAME_OUT && p->ahead.kind != FRAME_ERR);
	part.n = whole ? part.n : max;
	p->since_bytes += p->ahead.kind == FRAME_OUT || p->ahead.kind == FRAME_ERR ? part.n : 0;
	stage_show(&p->stage, &p->ahead, part);
	p->place.off += part.n;
	p->have_ahead = !whole;
	if (whole)
		goal_frame(p, &p->ahead);
	return true;
}

void
player_seek(struct player *p, uint64_t t_ms)
{
	struct frame_screen k;
	bool far = t_ms > p->now_ms && t_ms - p->now_ms > KEYFRAME_MS;

	if ((t_ms < p->now_ms || far) && key_find(p, t_ms, &k) && (t_ms < p->now_ms || k.t_ms > p->now_ms))
		go_to(p, &k);
	else if (t_ms < p->now_ms)
		go_to(p, NULL);
	p->stopped = false;
	while (!p->stopped && player_peek(p) && p->ahead.t_ms <= t_ms) {
		(void)player_take(p, SEEK_PART);
		p->stopped = p->wait != NULL && !p->wait(p->wait_arg, p->now_ms);
	}
	if (!p->stopped && t_ms > p->now_ms)
		p->now_ms = player_peek(p) ? t_ms : p->now_ms;
}

bool
player_step(struct player *p)
{
	unsigned char kind;

	while (player_peek(p)) {
		kind = p->ahead.kind;
		(void)player_take(p, FRAME_DATA_MAX);
		if (stage_shows(&p->stage, kind))
			return true;
	}
	return false;
}
