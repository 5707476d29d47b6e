/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Record before deliver: what may go out when, seen by a store at the other end of a channel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/record.h"
#include "tests/tap.h"

#define WINDOW 1000

static struct {
	unsigned opens, datas, closes;
	uint64_t next;                    /* position of the byte that must come */
	bool gap;
	struct buf frames;
} seen;

static void
on_store(void *arg, struct chan *c, struct chan_in *in)
{
	const struct msg_rec_data *data = in->message;

	(void)arg, (void)c;
	seen.opens += in->type == MSG_REC_OPEN;
	seen.closes += in->type == MSG_REC_CLOSE;
	if (in->type != MSG_REC_DATA)
		return;
	seen.datas++;
	seen.gap = seen.gap || data->pos != seen.next;
	seen.next = data->pos + data->frames.n;
	(void)buf_slice_append(&seen.frames, data->frames);
}

static void
on_front(void *arg, struct chan *c, struct chan_in *in)
{
	(void)arg, (void)c, (void)in;
}

static struct chan *front, *store;

static void
start(struct record *r, bool strict, bool opened)
{
	struct msg_rec_open msg = { .conn = 1, .user = slice_from("alice") };
	struct msg_rec_opened answer = { .rec = 7, .ok = 1 };
	int pair[2];

	buf_done(&seen.frames);
	memset(&seen, 0, sizeof(seen));
	buf_init(&seen.frames, 4u << 20);
	if (fd_pair(pair) != 0)
		abort();
	front = chan_new(NULL, pair[0], LINK_FRONT_OF_STORE, on_front, NULL);
	store = chan_new(NULL, pair[1], LINK_STORE_OF_FRONT, on_store, NULL);
	if (record_open(r, front, 7, WINDOW, strict, &msg) != 0)
		abort();
	if (opened)
		record_opened(r, &answer);
}

static void
stop(struct record *r)
{
	record_done(r);
	chan_free(front);
	chan_free(store);
}

static void
drain(void)
{
	while (chan_wait(store, 0) == 0)
		continue;
}

static void
ack(struct record *r, uint64_t pos)
{
	struct msg_rec_ack msg = { .rec = 7, .pos = pos };

	record_acked(r, &msg);
}

static void
test_positions(void)
{
	struct record r;

	start(&r, false, false);
	ok(record_add(&r, FRAME_OUT, slice_from("hello")) == 0 && r.pos == FRAME_HEAD + 5, "a frame takes its head and its bytes");
	ok(!record_may_deliver(&r, r.pos), "nothing goes out before the store has the recording");
	ok(record_flush(&r) == 0 && r.sent == 0, "and nothing goes in");
	ok(record_waiting_ms(&r) >= 0 && !r.refused, "it waits for the store");
	r.opened = true;
	ok(!record_may_deliver(&r, r.pos), "open, but not sent: still nothing");
	ok(record_flush(&r) == 0 && r.sent == r.pos && record_may_deliver(&r, r.pos), "sent: within the window it goes out");
	drain();
	ok(seen.opens == 1 && seen.datas == 1 && seen.next == r.pos && !seen.gap, "the store has the same bytes");
	stop(&r);
}

static void
test_window(void)
{
	struct record r;
	unsigned char bytes[600] = { 0 };

	start(&r, false, true);
	(void)record_add(&r, FRAME_OUT, slice_of(bytes, sizeof(bytes)));
	(void)record_add(&r, FRAME_OUT, slice_of(bytes, sizeof(bytes)));
	(void)record_flush(&r);
	ok(record_may_deliver(&r, FRAME_HEAD + 600) && !record_may_deliver(&r, r.pos), "what is beyond the window waits");
	ack(&r, FRAME_HEAD + 600);
	ok(record_may_deliver(&r, r.pos), "until the store has the earlier bytes");
	ack(&r, r.sent + 1);
	ok(r.acked == FRAME_HEAD + 600, "a store that acknowledges what was never sent is not believed");
	ack(&r, 1);
	ok(r.acked == FRAME_HEAD + 600, "nor one that goes back");
	ack(&r, r.sent);
	ok(record_waiting_ms(&r) == 0, "all is durable: it owes nothing");
	stop(&r);
}

static void
test_strict(void)
{
	struct record r;

	start(&r, true, true);
	(void)record_add(&r, FRAME_OUT, slice_from("x"));
	(void)record_flush(&r);
	ok(!record_may_deliver(&r, r.pos), "strict: nothing before it is durable");
	ack(&r, r.sent);
	ok(record_may_deliver(&r, r.pos), "strict: then it goes");
	stop(&r);
}

static void
test_bounds(void)
{
	static unsigned char big[512 * 1024];
	struct record r;
	uint64_t before;
	unsigned n = 0;

	start(&r, false, true);
	ok(record_add(&r, FRAME_OUT, slice_of(big, 100000)) == 0 && r.pos == 100000 + 4 * FRAME_HEAD, "large data becomes several frames");
	before = r.pos;
	ok(record_add(&r, FRAME_OUT, slice_of(big, sizeof(big))) == -EAGAIN && r.pos == before, "what does not fit is not begun");
	ok(record_flush(&r) == 0, "what was taken is sent");
	drain();
	ok(seen.next == r.sent && r.sent == r.pos && seen.datas >= 2 && !seen.gap, "in messages of whole frames, in order");
	while (!record_is_full(&r) && n++ < 100000) {
		(void)record_add(&r, FRAME_OUT, slice_of(big, 4000));
		(void)record_flush(&r);
		drain();
	}
	ok(record_is_full(&r) && r.pos - r.acked < 200000, "with a silent store it is full soon: %llu bytes", (unsigned long long)(r.pos - r.acked));
	ack(&r, r.sent);
	ok(!record_is_full(&r), "and not any more when the store has caught up");
	stop(&r);
}

static void
test_close(void)
{
	struct msg_rec_closed closed = { .rec = 7, .ok = 1 };
	struct record r;
	uint64_t end;

	start(&r, false, true);
	(void)record_add(&r, FRAME_OUT, slice_from("last words"));
	end = r.pos;
	ok(record_close(&r, "ended", "0") == 0 && r.sent == end, "closing sends what is left");
	ok(record_add(&r, FRAME_OUT, slice_from("more")) == 0 && r.pos == end, "and takes nothing more");
	drain();
	ok(seen.closes == 1 && seen.next == end, "the store is told once, at the end");
	ok(record_close(&r, "again", "1") == 0, "closing again does nothing");
	drain();
	ok(seen.closes == 1 && !r.closed, "and is not told again");
	record_was_closed(&r, &closed);
	ok(r.closed && record_waiting_ms(&r) == 0, "then it owes nothing");
	stop(&r);
}

static void
test_refused(void)
{
	struct msg_rec_opened no = { .rec = 7, .ok = 0, .text = slice_from("disk\nfull") };
	struct record r;

	start(&r, false, false);
	record_opened(&r, &no);
	ok(r.refused && !r.opened && strcmp(r.why, "disk\\x0afull") == 0, "a refusal keeps its words, escaped");
	ok(!record_may_deliver(&r, 0), "and nothing may go out");
	stop(&r);
}

int
main(void)
{
	test_positions();
	test_window();
	test_strict();
	test_bounds();
	test_close();
	test_refused();
	buf_done(&seen.frames);
	return tap_done();
}
