/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "msg/chan.h"
#include "ui/live.h"

#define RING_ENOUGH ((size_t)1 << 20)
#define RING_MAX    ((size_t)4 << 20)

struct live {
	struct replay_source under;
	struct chan *chan;                 /* NULL: it has gone */
	live_fn *fn;
	void *arg;
	struct buf ring;                   /* frames that came by the channel … */
	uint64_t base;                     /* … from this position on */
	uint64_t at;                       /* of the next frame that is asked for */
	bool strayed;                      /* the record is not there */
	struct buf frame;                  /* the last one that was given away */
};

static bool
ring_holds(const struct live *l, uint64_t pos)
{
	return pos >= l->base && pos - l->base < l->ring.len;
}

/* What was shown is on the record; what does not follow on what we have is a new beginning. */
static void
ring_add(struct live *l, uint64_t pos, struct slice frames)
{
	if (l->ring.len > 0 && pos != l->base + l->ring.len)
		buf_clear(&l->ring);
	if (l->ring.len > RING_ENOUGH && ring_holds(l, l->at)) {
		buf_consume(&l->ring, (size_t)(l->at - l->base));
		l->base = l->at;
	}
	if (l->ring.len + frames.n > RING_MAX)
		buf_clear(&l->ring);
	if (l->ring.len == 0)
		l->base = pos;
	if (buf_slice_append(&l->ring, frames) != 0)
		buf_clear(&l->ring);
}

static void
on_message(void *arg, struct chan *chan, struct chan_in *in)
{
	struct live *l = arg;
	const struct msg_live_frames *frames = in->message;
	const struct msg_live_note *said = in->message;
	char note[400] = "";

	(void)chan;
	if (in->type == 0) {
		chan_free(l->chan);
		l->chan = NULL;
	} else if (in->type == MSG_LIVE_FRAMES) {
		ring_add(l, frames->pos, frames->frames);
	} else if (in->type == MSG_LIVE_NOTE) {
		(void)text_cleaned(said->text, note, sizeof(note));
	}
	l->fn(l->arg, note);
}

struct live *
live_new(struct loop *loop, int fd, bool types, const struct replay_source *under, live_fn *fn, void *arg)
{
	struct live *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	*l = (struct live){ .under = *under, .fn = fn, .arg = arg };
	buf_init(&l->ring, RING_MAX);
	buf_init(&l->frame, FRAME_DATA_MAX);
	l->chan = chan_new(loop, fd, types ? LINK_TYPIST_OF_FRONT : LINK_VIEWER_OF_FRONT, on_message, l);
	if (l->chan != NULL)
		return l;
	live_free(l);
	return NULL;
}

void
live_free(struct live *l)
{
	if (l == NULL)
		return;
	chan_free(l->chan);
	buf_done(&l->ring);
	buf_done(&l->frame);
	free(l);
}

/* 1, or -EBADMSG: then the record has to do. */
static int
ring_next(struct live *l, struct frame *f)
{
	struct slice s = slice_of(l->ring.p + (l->at - l->base), l->ring.len - (size_t)(l->at - l->base));

	if (frame_take(&s, f) != 1) {
		buf_clear(&l->ring);
		return -EBADMSG;
	}
	buf_clear(&l->frame);
	if (buf_slice_append(&l->frame, f->data) != 0)
		return -EBADMSG;
	f->data = buf_slice(&l->frame);
	return 1;
}

static int
live_next(void *arg, struct frame *f, uint64_t *pos)
{
	struct live *l = arg;
	uint64_t found;
	int r;

	if (ring_holds(l, l->at) && ring_next(l, f) == 1) {
		*pos = l->at;
		l->at += FRAME_HEAD + f->data.n;
		l->strayed = true;
		return 1;
	}
	if (l->strayed)
		l->under.seek(l->under.arg, l->at);
	l->strayed = false;
	r = l->under.next(l->under.arg, f, &found);
	if (r != 1)
		return r;
	*pos = found;
	l->at = found + FRAME_HEAD + f->data.n;
	return 1;
}

static void
live_seek(void *arg, uint64_t pos)
{
	struct live *l = arg;

	l->at = pos;
	l->strayed = false;
	l->under.seek(l->under.arg, pos);
}

void
live_source(struct live *l, struct replay_source *ret)
{
	*ret = l->under;
	ret->next = live_next;
	ret->seek = live_seek;
	ret->key = NULL;
	ret->arg = l;
}

bool
live_is_gone(const struct live *l)
{
	return l->chan == NULL;
}

bool
live_waits(const struct live *l)
{
	return l->ring.len > 0 && l->at < l->base;
}

int
live_type(struct live *l, struct slice keys)
{
	struct msg_live_keys m = { keys };

	return l->chan != NULL ? chan_send(l->chan, MSG_LIVE_KEYS, &m) : -EPIPE;
}
