/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Recordings as they come.  Frames are checked, chained and kept in memory; a segment that is
 * full goes to its file at once, but nothing here says that it is there.  The chain is computed
 * at once, over every frame, because it does not depend on when or how they reach the disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "store/store.h"

#define STAGE_BYTES   (1u << 20)          /* a segment is full */
#define BULK_BYTES    16384               /* a message of so many will not stay alone */
#define POOL_MAX      200000
#define SEAL_MS       20000               /* and up to half as much again, so that seals spread */

static struct rec *
rec_find(struct client *c, uint32_t number)
{
	if (c->latest != NULL && c->latest->number == number && !c->latest->closing)
		return c->latest;
	for (struct rec *r = c->own; r != NULL; r = r->next_own)
		if (r->number == number && !r->closing)
			return c->latest = r;
	return NULL;
}

void
rec_mark(struct rec *r)
{
	if (!r->dirty)
		r->client->store->dirty++;
	r->dirty = true;
}

static void
staged_free(struct staged *s)
{
	buf_done(&s->raw);
	free(s);
}

void
rec_free(struct rec *r)
{
	struct staged *s;

	while ((s = r->first) != NULL) {
		r->first = s->next;
		staged_free(s);
	}
	buf_done(&r->raw);
	buf_done(&r->pool);
	free(r);
}

static int64_t
seal_after(void)
{
	uint16_t v = 0;

	(void)secret_random(&v, sizeof(v));
	return SEAL_MS + v % (SEAL_MS / 2);
}

/* Text into the pool; its offset, because the pool moves while it grows. */
static size_t
pool_text(struct buf *pool, struct slice s, bool *good)
{
	size_t at = pool->len;

	*good = *good && db_text(pool, s) == 0 && buf_u8(pool, 0) == 0;
	return at;
}

static bool
session_describe(struct rec *r, const struct msg_rec_open *m)
{
	struct db_session *s = &r->session;
	const struct { struct slice from; const char **to; } texts[] = {
		{ m->user, &s->user }, { m->login, &s->login }, { m->host, &s->host }, { m->addr, &s->addr },
		{ m->src, &s->src }, { m->method, &s->method }, { m->channel, &s->channel },
		{ m->command, &s->command }, { m->term, &s->term }, { m->rule, &s->rule },
	};
	size_t at[sizeof(texts) / sizeof(texts[0])], policy;
	struct store *st = r->client->store;
	bool good = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		at[i] = pool_text(&r->pool, texts[i].from, &good);
	policy = r->pool.len;
	good = good && (m->policy_hash.n == HASH_BYTES ? text_hex(&r->pool, m->policy_hash) :
	    db_text(&r->pool, m->policy_hash)) == 0 && buf_u8(&r->pool, 0) == 0;
	if (!good)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i].to = (const char *)r->pool.p + at[i];
	s->policy = (const char *)r->pool.p + policy;
	s->conn = m->conn;
	s->cols = m->cols;
	s->rows = m->rows;
	s->node = st->node;
	s->boot = st->boot;
	s->start_us = clock_wall().us;
	s->start_mono_us = clock_mono().us;
	return true;
}

/* The chain begins with what the session is. */
static bool
chain_start(struct rec *r)
{
	struct buf data;
	bool good;

	buf_init(&data, LEAF_MAX);
	good = db_session_open_leaf(&data, &r->session) == 0;
	if (good)
		leaf_sha256(buf_slice(&data), slice_from(NULL), r->open.hash);
	memcpy(r->open.prev, r->open.hash, HASH_BYTES);
	buf_done(&data);
	return good;
}

static struct rec *
rec_new(struct client *c, const struct msg_rec_open *m)
{
	struct rec *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->client = c;
	r->number = m->rec;
	r->last = &r->first;
	r->seal_after_ms = seal_after();
	r->last_frame = clock_mono();
	buf_init(&r->raw, SEGMENT_RAW_MAX);
	buf_init(&r->pool, POOL_MAX);
	memcpy(r->session.id, m->id.p, ID_BYTES);
	id_print(r->session.id, r->session.id_text);
	if (session_describe(r, m) && chain_start(r))
		return r;
	rec_free(r);
	return NULL;
}

static void
open_refuse(struct client *c, uint32_t number, const char *why)
{
	struct msg_rec_opened m = { .rec = number, .ok = 0, .text = slice_from(why) };

	(void)chan_send(c->chan, MSG_REC_OPENED, &m);
}

bool
ingest_open(struct client *c, const struct msg_rec_open *m)
{
	struct store *st = c->store;
	struct rec *r;
	struct op *op;

	if (m->id.n != ID_BYTES || c->recs >= CLIENT_RECS_MAX || rec_find(c, m->rec) != NULL)
		return false;
	if (st->failing || st->stopping) {
		open_refuse(c, m->rec, st->failing ? st->why : "the bastion is stopping");
		return true;
	}
	r = rec_new(c, m);
	op = r == NULL ? NULL : op_add(st, c, MSG_REC_OPEN, m);
	if (op == NULL) {
		if (r != NULL)
			rec_free(r);
		open_refuse(c, m->rec, "the store is out of memory");
		return true;
	}
	op->rec = r;
	r->opening = op;
	r->next = st->recs;
	st->recs = r;
	r->next_own = c->own;
	c->own = r;
	c->recs++;
	return true;
}

/* To make a large buffer anew for each segment costs more than to fill it: every page of it is a fault. */
static void
raw_get(struct store *st, struct buf *raw)
{
	buf_done(raw);
	if (st->spares_n > 0)
		*raw = st->spares[--st->spares_n];
	else
		buf_init(raw, SEGMENT_RAW_MAX);
}

void
raw_put(struct store *st, struct buf *raw)
{
	if (raw->cap < STAGE_BYTES / 2 || st->spares_n == SPARES_MAX) {
		buf_done(raw);
		return;
	}
	buf_clear(raw);
	st->spares[st->spares_n++] = *raw;
	buf_init(raw, SEGMENT_RAW_MAX);
}

bool
rec_stage(struct rec *r)
{
	struct staged *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return false;
	s->seg = r->open;
	s->seg.epoch = 0;
	s->seg.pos1 = r->open.pos0 + r->raw.len;
	s->raw = r->raw;
	*r->last = s;
	r->last = &s->next;
	buf_init(&r->raw, SEGMENT_RAW_MAX);
	raw_get(r->client->store, &r->raw);
	r->open.no++;
	r->open.pos0 = s->seg.pos1;
	r->open.frames = 0;
	memcpy(r->open.prev, r->open.hash, HASH_BYTES);
	r->journaled = r->journaling = 0;
	record_put(r->client->store, r, s);
	return true;
}

/* Checks the whole message before any of it counts.  Number of frames, or negative. */
static int
frames_count(struct slice s)
{
	struct frame f;
	int n = 0, r;

	while ((r = frame_take(&s, &f)) == 1)
		n++;
	return r == 0 ? n : r;
}

static void
frames_chain(struct rec *r, struct slice s)
{
	struct slice at = s;
	struct frame f;

	for (; frame_take(&s, &f) == 1; at = s) {
		leaf_chain(r->open.hash, slice_of(at.p, at.n - s.n));
		if (r->open.frames++ == 0)
			r->open.t0_ms = f.t_ms;
		r->open.t1_ms = f.t_ms;
		r->session.frames++;
	}
}

bool
ingest_data(struct client *c, const struct msg_rec_data *m)
{
	struct rec *r = rec_find(c, m->rec);
	struct store *st = c->store;

	if (r == NULL || m->pos != r->session.bytes || frames_count(m->frames) < 1)
		return false;
	if (r->raw.len > 0 && r->raw.len + m->frames.n > STAGE_BYTES && !rec_stage(r))
		return false;
	if (r->raw.len == 0) {
		r->since = clock_mono();
		if (m->frames.n >= BULK_BYTES && r->raw.cap < STAGE_BYTES)
			raw_get(st, &r->raw);
	}
	if (buf_slice_append(&r->raw, m->frames) != 0)
		return false;
	frames_chain(r, m->frames);
	r->last_frame = clock_mono();
	r->session.bytes += m->frames.n;
	c->bytes += m->frames.n;
	st->bytes += m->frames.n;
	rec_mark(r);
	if (st->bytes >= COMMIT_BYTES && !st->failing)
		(void)commit_now(st);
	return true;
}

static void
rec_end(struct rec *r, const char *state, const char *reason, const char *exit_text)
{
	r->closing = true;
	r->session.state = state;
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
	snprintf(r->exit, sizeof(r->exit), "%s", exit_text);
	r->session.reason = r->reason;
	r->session.exit = r->exit;
	r->session.end_us = clock_wall().us;
	rec_mark(r);
}

bool
ingest_close(struct client *c, const struct msg_rec_close *m)
{
	struct rec *r = rec_find(c, m->rec);
	char reason[sizeof(r->reason)], status[sizeof(r->exit)];

	if (r == NULL || m->pos != r->session.bytes)
		return false;
	r->told = true;
	rec_end(r, "closed", text_cleaned(m->reason, reason, sizeof(reason)), text_cleaned(m->exit, status, sizeof(status)));
	return true;
}

void
ingest_lost(struct client *c, const char *reason)
{
	for (struct rec *r = c->own; r != NULL; r = r->next_own)
		if (!r->closing)
			rec_end(r, "lost", reason, "");
}
