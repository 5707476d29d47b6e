/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "front/record.h"

#define FRAMES_SEND 60000                 /* bytes in one message */
#define FRAMES_MAX  (512 * 1024)
#define QUEUE_HIGH  (3072 * 1024)         /* in the channel: the store is slower than the line */

int
record_open(struct record *r, struct chan *store, uint32_t rec, uint64_t window, bool strict,
    struct msg_rec_open *msg)
{
	*r = (struct record){ .store = store, .rec = rec, .window = window, .strict = strict };
	buf_init(&r->frames, FRAMES_MAX);
	if (id_new(r->id) != 0)
		return -EIO;
	r->start = r->progress = clock_mono();
	msg->rec = rec;
	msg->id = slice_of(r->id, sizeof(r->id));
	return chan_send(store, MSG_REC_OPEN, msg);
}

bool
record_is_full(const struct record *r)
{
	return r->pos - r->acked > (r->window > FRAMES_SEND ? r->window : FRAMES_SEND) ||
	    r->frames.len > FRAMES_MAX / 2 || chan_queued(r->store) > QUEUE_HIGH;
}

int
record_add(struct record *r, unsigned char kind, struct slice data)
{
	struct frame f = { .kind = kind, .t_ms = (uint64_t)clock_ms_since(r->start) };
	int e = 0;

	if (r->closing)
		return 0;
	if (data.n + (data.n / FRAME_DATA_MAX + 1) * FRAME_HEAD > FRAMES_MAX - r->frames.len)
		return -EAGAIN;
	if (r->pos == r->acked)
		r->progress = clock_mono();
	do {
		f.data = slice_of(data.p, data.n < FRAME_DATA_MAX ? data.n : FRAME_DATA_MAX);
		e = frame_pack(&r->frames, &f);
		if (e == 0)
			r->pos += FRAME_HEAD + f.data.n;
		data = slice_of(data.p + f.data.n, data.n - f.data.n);
	} while (e == 0 && data.n > 0);
	return e;
}

/* Whole frames up to FRAMES_SEND bytes. */
static struct slice
frames_that_fit(struct slice all)
{
	struct slice left = all;
	struct frame f;
	size_t n = 0;

	while (left.n > 0 && all.n - left.n < FRAMES_SEND / 2 && frame_take(&left, &f) == 1)
		n = all.n - left.n;
	return slice_of(all.p, n);
}

int
record_flush(struct record *r)
{
	struct slice left = buf_slice(&r->frames);
	struct msg_rec_data msg;
	int e = 0;

	if (!r->opened)
		return 0;
	while (e == 0 && left.n > 0) {
		msg = (struct msg_rec_data){ .rec = r->rec, .pos = r->sent, .frames = frames_that_fit(left) };
		e = chan_send(r->store, MSG_REC_DATA, &msg);
		if (e != 0)
			break;
		if (r->on_sent != NULL)
			r->on_sent(r->on_sent_arg, r->sent, msg.frames);
		r->sent += msg.frames.n;
		left = slice_of(left.p + msg.frames.n, left.n - msg.frames.n);
	}
	buf_consume(&r->frames, r->frames.len - left.n);
	return e;
}

bool
record_may_deliver(const struct record *r, uint64_t pos)
{
	if (!r->opened || pos > r->sent)
		return false;
	return pos <= r->acked + (r->strict ? 0 : r->window);
}

bool
record_is_owed(const struct record *r)
{
	return (!r->opened && !r->refused) || r->acked < r->pos || (r->closing && !r->closed);
}

int64_t
record_waiting_ms(const struct record *r)
{
	return record_is_owed(r) ? clock_ms_since(r->progress) : 0;
}

int
record_close(struct record *r, const char *reason, const char *exit)
{
	struct msg_rec_close msg = { .rec = r->rec, .reason = slice_from(reason), .exit = slice_from(exit) };
	int e;

	if (r->closing)
		return 0;
	e = record_flush(r);
	if (e != 0)
		return e;
	msg.pos = r->sent;
	e = chan_send(r->store, MSG_REC_CLOSE, &msg);
	if (e != 0)
		return e;
	if (r->pos == r->acked)
		r->progress = clock_mono();
	r->closing = true;
	return 0;
}

void
record_done(struct record *r)
{
	buf_done(&r->frames);
}

void
record_opened(struct record *r, const struct msg_rec_opened *msg)
{
	r->progress = clock_mono();
	r->opened = msg->ok == 1;
	r->refused = !r->opened;
	(void)text_escaped(msg->text, r->why, sizeof(r->why));
}

/* A store that acknowledges what was never sent is broken: it is not believed. */
void
record_acked(struct record *r, const struct msg_rec_ack *msg)
{
	if (msg->pos <= r->acked || msg->pos > r->sent)
		return;
	r->acked = msg->pos;
	r->progress = clock_mono();
}

void
record_was_closed(struct record *r, const struct msg_rec_closed *msg)
{
	(void)msg;
	r->acked = r->sent;
	r->closed = true;
}
