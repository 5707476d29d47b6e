/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A recording, seen from the front: bytes become frames, frames go to the store, and two
 * positions say what may be delivered: what has been logged here, and what the store has
 * on disk.  Nothing is delivered that is not on its way; no more than `window` bytes of it
 * before it is durable (nothing at all when strict).
 */
#ifndef FRONT_RECORD_H
#define FRONT_RECORD_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/frame.h"
#include "base/id.h"
#include "msg/chan.h"

struct record {
	struct chan *store;
	uint32_t rec;
	uint64_t window;
	bool strict, opened, refused, closing, closed;
	char why[256];                   /* of a refusal */
	unsigned char id[ID_BYTES];
	mono_t start, progress;          /* progress: when the store last moved, or had nothing to do */
	struct buf frames;               /* not sent yet */
	/* who else gets what the store gets, or NULL; pos: of the first of these frames */
	void (*on_sent)(void *arg, uint64_t pos, struct slice frames);
	void *on_sent_arg;
	uint64_t pos, sent, acked;       /* bytes of canonical frames: packed, sent, durable */
};

/* Starts one: fills msg->rec and msg->id and sends it.  0 or chan_send's codes. */
int record_open(struct record *r, struct chan *store, uint32_t rec, uint64_t window, bool strict,
    struct msg_rec_open *msg);
/* Packs data as frames of kind.  0, -EAGAIN: wait, the store is behind (nothing was added), or -ENOMEM. */
int record_add(struct record *r, unsigned char kind, struct slice data);
/* Sends what is packed.  0, -EAGAIN: the channel is full, or its error. */
int record_flush(struct record *r);
/* May bytes whose frame ends at pos be delivered? */
bool record_may_deliver(const struct record *r, uint64_t pos);
bool record_is_full(const struct record *r);            /* stop reading from both sides */
bool record_is_owed(const struct record *r);            /* an answer of the store is awaited */
/* Milliseconds that the store owes an answer; 0 when it owes none. */
int64_t record_waiting_ms(const struct record *r);
int record_close(struct record *r, const char *reason, const char *exit);
void record_done(struct record *r);

/* The store's answers. */
void record_opened(struct record *r, const struct msg_rec_opened *msg);
void record_acked(struct record *r, const struct msg_rec_ack *msg);
void record_was_closed(struct record *r, const struct msg_rec_closed *msg);

#endif
