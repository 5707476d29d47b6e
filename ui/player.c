/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "ui/player.h"

#define KEYFRAME_MS    10000
#define KEYFRAME_BYTES 262144
#define KEYFRAMES_MAX  4096              /* beyond, every second one is dropped and the distance doubled */

struct keyframe {
	uint64_t t_ms, pos;              /* pos: of the frame that comes next */
	unsigned cols, rows;
	unsigned char *paint;
	size_t n;
};

struct player {
	struct replay_source src;
	struct screen *screen;
	uint64_t now_ms;
	bool plain;                      /* no terminal: lines are only fed, so they need their CR */
	struct frame ahead;              /* read but not shown yet */
	uint64_t ahead_pos;
	bool have_ahead;
	struct keyframe *keys;
	size_t keys_n;
	uint64_t key_ms, key_bytes, since_bytes;
};

struct player *
player_new(const struct replay_source *source)
{
	struct player *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	*p = (struct player){ .src = *source, .plain = source->cols == 0, .key_ms = KEYFRAME_MS,
		.key_bytes = KEYFRAME_BYTES };
	p->screen = screen_new(source->cols, source->rows);
	p->keys = calloc(KEYFRAMES_MAX, sizeof(*p->keys));
	if (p->screen == NULL || p->keys == NULL) {
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
		free(p->keys[i].paint);
	free(p->keys);
	screen_free(p->screen);
	free(p);
}

struct screen *
player_screen(struct player *p)
{
	return p->screen;
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

static bool
peek(struct player *p)
{
	if (!p->have_ahead)
		p->have_ahead = p->src.next(p->src.arg, &p->ahead, &p->ahead_pos) == 1;
	return p->have_ahead;
}

bool
player_is_at_end(struct player *p)
{
	return !peek(p);
}

/* Output without a terminal has bare line feeds; the model's cursor would walk to the right. */
static void
feed_plain(struct player *p, struct slice s)
{
	for (size_t i = 0, from = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '\n')
			continue;
		screen_feed(p->screen, slice_of(s.p + from, i - from));
		if (i < s.n)
			screen_feed(p->screen, slice_from("\r\n"));
		from = i + 1;
	}
}

static void
show(struct player *p, const struct frame *f)
{
	char size[32];
	unsigned cols, rows;

	if (f->kind == FRAME_OUT || f->kind == FRAME_ERR) {
		p->since_bytes += f->data.n;
		if (p->plain)
			feed_plain(p, f->data);
		else
			screen_feed(p->screen, f->data);
	} else if (f->kind == FRAME_RESIZE && slice_copy(f->data, size, sizeof(size)) == 0 &&
	    sscanf(size, "%ux%u", &cols, &rows) == 2) {
		screen_resize(p->screen, cols, rows);
	} else if (f->kind == FRAME_NOTICE || (f->kind == FRAME_MARK && p->plain)) {
		screen_feed(p->screen, slice_from("\r\n"));
		screen_feed(p->screen, f->data);
	}
}

static void
keys_thin(struct player *p)
{
	size_t out = 0;

	for (size_t i = 0; i < p->keys_n; i++)
		if (i % 2 == 0)
			p->keys[out++] = p->keys[i];
		else
			free(p->keys[i].paint);
	p->keys_n = out;
	p->key_ms *= 2;
	p->key_bytes *= 2;
}

static void
keyframe_add(struct player *p)
{
	struct keyframe *k;
	struct buf b;

	if (p->keys_n == KEYFRAMES_MAX)
		keys_thin(p);
	buf_init(&b, SCREEN_PAINT_MAX);
	p->since_bytes = 0;
	if (screen_paint(p->screen, &b) != 0) {
		buf_done(&b);
		return;
	}
	k = &p->keys[p->keys_n++];
	*k = (struct keyframe){ .t_ms = p->now_ms, .pos = p->ahead_pos, .paint = b.p, .n = b.len };
	screen_size(p->screen, &k->cols, &k->rows);
}

/* Between frames, when enough has happened since the newest keyframe, and not where there are some already. */
static void
keyframe_maybe(struct player *p)
{
	const struct keyframe *last = p->keys_n > 0 ? &p->keys[p->keys_n - 1] : NULL;
	uint64_t last_ms = last != NULL ? last->t_ms : 0;

	if (last != NULL && p->ahead_pos <= last->pos)
		return;
	if (p->now_ms - last_ms >= p->key_ms || p->since_bytes >= p->key_bytes)
		keyframe_add(p);
}

static bool
take(struct player *p)
{
	if (!peek(p))
		return false;
	keyframe_maybe(p);
	show(p, &p->ahead);
	if (p->ahead.t_ms > p->now_ms)
		p->now_ms = p->ahead.t_ms;
	p->have_ahead = false;
	return true;
}

static void
go_to(struct player *p, const struct keyframe *k)
{
	p->have_ahead = false;
	p->since_bytes = 0;
	screen_reset(p->screen);
	if (k == NULL) {
		screen_resize(p->screen, p->src.cols, p->src.rows);
		p->src.seek(p->src.arg, 0);
		p->now_ms = 0;
		return;
	}
	screen_resize(p->screen, k->cols, k->rows);
	screen_feed(p->screen, slice_of(k->paint, k->n));
	p->src.seek(p->src.arg, k->pos);
	p->now_ms = k->t_ms;
}

static const struct keyframe *
keyframe_before(const struct player *p, uint64_t t_ms)
{
	size_t low = 0, high = p->keys_n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->keys[mid].t_ms <= t_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? &p->keys[low - 1] : NULL;
}

void
player_seek(struct player *p, uint64_t t_ms)
{
	const struct keyframe *k = keyframe_before(p, t_ms);

	if (t_ms < p->now_ms || (k != NULL && k->t_ms > p->now_ms))
		go_to(p, k);
	while (peek(p) && p->ahead.t_ms <= t_ms)
		(void)take(p);
	if (t_ms > p->now_ms)
		p->now_ms = peek(p) ? t_ms : p->now_ms;
}

void
player_play(struct player *p, uint64_t real_ms, double speed, uint64_t idle_ms)
{
	uint64_t t = p->now_ms + (uint64_t)((double)real_ms * speed + 0.5);

	if (peek(p) && idle_ms > 0 && p->ahead.t_ms > p->now_ms + idle_ms)
		p->now_ms = p->ahead.t_ms - idle_ms;
	else
		player_seek(p, t);
}

bool
player_step(struct player *p)
{
	unsigned char kind;

	while (peek(p)) {
		kind = p->ahead.kind;
		(void)take(p);
		if (kind == FRAME_OUT || kind == FRAME_ERR || kind == FRAME_RESIZE || kind == FRAME_NOTICE ||
		    (kind == FRAME_MARK && p->plain))
			return true;
	}
	return false;
}

bool
player_search(struct player *p, const char *text)
{
	uint64_t from = p->now_ms;
	bool was = screen_shows(p->screen, text), is;

	while (player_step(p)) {
		is = screen_shows(p->screen, text);
		if (is && !was)
			return true;
		was = is;
	}
	/* From the beginning, as people expect of a search. */
	go_to(p, NULL);
	was = false;
	while (peek(p) && p->ahead.t_ms <= from && player_step(p)) {
		is = screen_shows(p->screen, text);
		if (is && !was)
			return true;
		was = is;
	}
	player_seek(p, from);
	return false;
}

bool
player_search_back(struct player *p, const char *text)
{
	uint64_t until = p->now_ms, found = 0;
	bool any = false, was = false, is;

	go_to(p, NULL);
	while (peek(p) && p->ahead.t_ms < until && player_step(p)) {
		is = screen_shows(p->screen, text);
		if (is && !was && p->now_ms < until) {
			found = p->now_ms;
			any = true;
		}
		was = is;
	}
	player_seek(p, any ? found : until);
	return any;
}

bool
player_next_of(struct player *p, const char *kinds)
{
	uint64_t from = p->now_ms;
	unsigned char kind;

	while (peek(p)) {
		kind = p->ahead.kind;
		(void)take(p);
		if (strchr(kinds, kind) != NULL)
			return true;
	}
	player_seek(p, from);
	return false;
}
