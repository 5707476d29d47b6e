/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A packet is u32 length, u8 type, and its fields.  It is held back until it is whole and has been judged
 * (sftp_request.c, sftp_answer.c); only the content of WRITE and DATA passes as it comes (sftp_file.c).  Answers of
 * ours go between two packets of the target, never into one.  A client that asks faster than the target answers has
 * its stream parked; it is not to be read from then (sftp_is_full).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/sftp_parts.h"

#define OUT_MAX    (4u << 20)
#define PARKED_MAX (256u << 10)

/* ---- streams ---- */

/* How many bytes must be held before the packet can be judged; 0: it is beyond a limit. */
static size_t
bytes_wanted(const struct buf *held)
{
	uint32_t n;

	if (held->len < 5)
		return 5;
	n = be_u32(held->p);
	if (n < 5 || n > PACKET_MAX)
		return 0;
	if (held->p[4] == DATA)
		return n >= 9 ? 13 : 0;
	if (held->p[4] != WRITE)
		return 4 + (size_t)n;
	if (held->len < 13)
		return n >= 21 ? 13 : 0;
	return be_u32(held->p + 9) <= HANDLE_MAX && n >= 21 + be_u32(held->p + 9) ? 25 + (size_t)be_u32(held->p + 9) : 0;
}

/* Content must fill its packet exactly, or the next one would begin elsewhere than we think. */
static int
body_fits(const struct stream *st, size_t head)
{
	return head + st->body == 4 + (uint64_t)be_u32(st->held.p) ? 0 : -EPROTO;
}

static int
take_held(struct sftp *s, enum sftp_way way, struct stream *st)
{
	struct slice packet = buf_slice(&st->held);
	int r;

	if (way == SFTP_UP)
		r = packet.p[4] == WRITE ? sftp_take_write(s, packet) : packet.p[4] == DATA ? -EPROTO : sftp_take_request(s, packet);
	else
		r = packet.p[4] == DATA ? sftp_take_data(s, packet) : packet.p[4] == WRITE ? -EPROTO : sftp_take_answer(s, packet);
	if (r == 0 && (packet.p[4] == WRITE || packet.p[4] == DATA))
		r = body_fits(st, packet.n);
	buf_clear(&st->held);
	return r;
}

static int
answers_out(struct sftp *s)
{
	int r = 0;

	if (s->answers.len == 0 || s->down.held.len > 0 || s->down.body > 0)
		return 0;
	r = buf_slice_append(&s->down.out, buf_slice(&s->answers));
	buf_clear(&s->answers);
	return r;
}

static int
take_body(struct sftp *s, struct stream *st, const unsigned char *p, size_t n)
{
	int r = st->drop ? 0 : buf_append(&st->out, p, n);

	if (st->file != NULL)
		sftp_content_passes(s, st->file, st->passage, slice_of(p, n));
	st->body -= n;
	if (st->body == 0) {
		st->file = NULL;
		st->drop = false;
	}
	return r;
}

bool
sftp_is_full(const struct sftp *s)
{
	return s->requests_n >= REQUESTS_MAX - 1 || s->held.r != NULL;       /* one place is for a question of ours */
}

/* As far as it goes: a full table stops the client's stream between two packets.  *used bytes were taken. */
static int
feed(struct sftp *s, enum sftp_way way, struct slice in, size_t *used)
{
	struct stream *st = way == SFTP_UP ? &s->up : &s->down;
	const unsigned char *from = in.p;
	int r = 0;

	while (r == 0 && in.n > 0) {
		size_t want = st->body > 0 ? 0 : bytes_wanted(&st->held), k;

		if (way == SFTP_UP && st->body == 0 && sftp_is_full(s))
			break;
		if (st->body > 0) {
			k = st->body < in.n ? (size_t)st->body : in.n;
			r = take_body(s, st, in.p, k);
		} else if (want == 0) {
			return -EPROTO;
		} else {
			k = want - st->held.len < in.n ? want - st->held.len : in.n;
			r = buf_append(&st->held, in.p, k);
			if (r == 0 && st->held.len == want && (want = bytes_wanted(&st->held)) == st->held.len && want > 5)
				r = take_held(s, way, st);
		}
		in = slice_of(in.p + k, in.n - k);
		if (r == 0)
			r = answers_out(s);
	}
	*used = (size_t)(in.p - from);
	return r == -ENOBUFS ? -EPROTO : r;
}

static int
feed_parked(struct sftp *s)
{
	size_t used = 0;
	int r = s->parked.len > 0 ? feed(s, SFTP_UP, buf_slice(&s->parked), &used) : 0;

	buf_consume(&s->parked, used);
	return r;
}

int
sftp_go_on(struct sftp *s)
{
	int r = answers_out(s);

	return r == 0 ? feed_parked(s) : r;
}

int
sftp_feed(struct sftp *s, enum sftp_way way, const unsigned char *p, size_t n)
{
	size_t used = 0;
	int r = way == SFTP_UP && s->parked.len > 0 ? 0 : feed(s, way, slice_of(p, n), &used);

	if (r == 0 && used < n)
		r = buf_append(&s->parked, p + used, n - used);
	if (r == -ENOBUFS)
		r = -EPROTO;                     /* it was fed though it is full */
	return r == 0 && way == SFTP_DOWN ? feed_parked(s) : r;
}

struct buf *
sftp_out(struct sftp *s, enum sftp_way way)
{
	return way == SFTP_UP ? &s->up.out : &s->down.out;
}

void
sftp_permit(struct sftp *s, bool may_get, bool may_put)
{
	s->may_get = may_get;
	s->may_put = may_put;
}

struct sftp *
sftp_new(bool may_get, bool may_put, sftp_row_fn *fn, void *arg)
{
	struct sftp *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->may_get = may_get;
	s->may_put = may_put;
	s->fn = fn;
	s->arg = arg;
	s->ranges_left = RANGES_MAX;
	s->own_id = 0x80000000u;
	buf_init(&s->held.packet, PACKET_MAX + 4);
	buf_init(&s->up.held, PACKET_MAX + 4);
	buf_init(&s->down.held, PACKET_MAX + 4);
	buf_init(&s->up.out, OUT_MAX);
	buf_init(&s->down.out, OUT_MAX);
	buf_init(&s->answers, OUT_MAX);
	buf_init(&s->parked, PARKED_MAX);
	return s;
}

static void
no_row(void *arg, const struct sftp_row *row)
{
	(void)arg, (void)row;
}

bool
sftp_end(struct sftp *s)
{
	s->held.r = NULL;
	while (s->ended < s->requests_top && !s->requests[s->ended].used)
		s->ended++;
	if (s->ended < s->requests_top) {
		sftp_row(s, &s->requests[s->ended], SFTP_NO_ANSWER, false);
		sftp_request_free(s, &s->requests[s->ended]);
		return true;
	}
	if (s->files_top == 0)
		return false;
	sftp_file_end(s, &s->files[s->files_top - 1], SFTP_NO_ANSWER);
	return true;
}

void
sftp_free(struct sftp *s)
{
	if (s == NULL)
		return;
	s->fn = no_row;
	while (sftp_end(s))
		;
	free(s->stat_path);
	sftp_path_done(s);
	buf_done(&s->up.held);
	buf_done(&s->down.held);
	buf_done(&s->up.out);
	buf_done(&s->down.out);
	buf_done(&s->answers);
	buf_done(&s->parked);
	free(s);
}

const char *
sftp_status_name(uint32_t status)
{
	static const char *const names[] = { "ok", "end of file", "no such file", "permission denied", "failure", "bad message",
		"no connection", "connection lost", "not supported" };

	if (status == SFTP_NO_ANSWER)
		return "interrupted";
	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "?";
}
