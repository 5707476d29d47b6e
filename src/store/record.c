/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Recordings inside the transaction.  Segments that are due go to the partition file, full ones
 * as soon as they are full, before it; what is small and new goes into the commit's journal row.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/journal.h"
#include "msg/ocsf.h"
#include "store/store.h"

#define SEAL_BYTES   32768

static int
session_is_there(void *arg, const struct db_session *s)
{
	(void)arg;
	(void)s;
	return 1;
}

static int
session_event(struct store *st, const struct rec *r, uint32_t activity, const char *text, struct err *e)
{
	const struct db_session *s = &r->session;
	struct msg_event m = { .class_uid = OCSF_SSH, .activity = activity, .severity = 1, .ok = 1,
		.actor = slice_from(r->user), .session = slice_from(s->id_text), .host = slice_from(r->host),
		.text = slice_from(text) };

	return event_add(st, clock_wall(), clock_mono(), &m, e);
}

/* The id is the front's choice: one that is there already is refused before anything is added to the tree. */
int
record_open(struct store *st, struct rec *r, struct err *e)
{
	const struct db_session *s = &r->session;
	unsigned char chain[HASH_BYTES];
	char text[400];
	int n;

	n = db_session_find(st->db, s->id, session_is_there, NULL, e);
	if (n == 1)
		return err_set(e, -EEXIST, "there is a session %s already", s->id_text);
	if (n != -ENOENT)
		return n;
	snprintf(text, sizeof(text), "%.64s opened %.32s on %.64s as %.64s", s->user, s->channel, s->host, s->login);
	snprintf(r->user, sizeof(r->user), "%.64s", s->user);
	snprintf(r->host, sizeof(r->host), "%.64s", s->host);
	n = db_session_open(st->db, &r->session, chain, e);
	return n == 0 ? session_event(st, r, 1, text, e) : n;
}

static int
segment_parts(struct store *st, const struct rec *r, const struct db_segment *seg, struct slice raw, struct slice parts[2],
    struct err *e)
{
	struct segment s = { .no = seg->no, .pos0 = seg->pos0 };
	int n;

	memcpy(s.id, r->session.id, ID_BYTES);
	buf_clear(&st->packed);
	n = segment_pack(&st->packed, &s, raw, parts);
	return n == 0 ? 0 : err_set(e, n, "a segment of session %s cannot be packed", r->session.id_text);
}

static int
segment_write(struct store *st, struct rec *r, struct db_segment *seg, struct slice raw, struct err *e)
{
	struct slice parts[2];
	int n = segment_parts(st, r, seg, raw, parts, e);

	return n == 0 ? db_segment_add(st->db, &r->session, seg, parts, clock_wall().us, e) : n;
}

/* What goes wrong here does so again in the transaction, which says so. */
void
record_put(struct store *st, struct rec *r, struct staged *s)
{
	struct err e = { 0 };
	struct slice parts[2];

	if (st->failing || !r->opened || segment_parts(st, r, &s->seg, buf_slice(&s->raw), parts, &e) != 0)
		return;
	(void)db_segment_put(st->db, &s->seg, parts, clock_wall().us, &e);
}

static int
staged_write(struct store *st, struct rec *r, struct staged *s, struct err *e)
{
	if (db_segment_is_put(st->db, &s->seg))
		return db_segment_name(st->db, &r->session, &s->seg, e);
	return segment_write(st, r, &s->seg, buf_slice(&s->raw), e);
}

static int
journal_write(struct store *st, struct rec *r)
{
	struct journal_chunk c = { .session = r->session.row, .pos = r->open.pos0 + r->journaled,
		.frames = slice_of(r->raw.p + r->journaled, r->raw.len - r->journaled) };

	return c.frames.n == 0 ? 0 : journal_put(&st->journal, &c);
}

static int
growing_write(struct store *st, struct rec *r, struct err *e)
{
	r->open.pos1 = r->open.pos0 + r->raw.len;
	return segment_write(st, r, &r->open, buf_slice(&r->raw), e);
}

int
record_write(struct store *st, struct rec *r, struct err *e)
{
	int n = 0;

	for (struct staged *s = r->first; s != NULL && n == 0; s = s->next)
		n = staged_write(st, r, s, e);
	if (n != 0 || r->raw.len == 0)
		return n;
	if (r->closing || r->raw.len >= SEAL_BYTES)
		r->seal = true;
	if (r->seal)
		return growing_write(st, r, e);
	r->journaling = r->raw.len;
	if (journal_write(st, r) == 0)
		return 0;
	/* What has waited while the disk failed may be more than the row takes. */
	r->seal = true;
	return growing_write(st, r, e);
}

int
record_close(struct store *st, struct rec *r, struct err *e)
{
	char text[400];
	int n;

	r->session.segments = r->open.no + (r->raw.len > 0 ? 1 : 0);
	memcpy(r->session.chain, r->open.hash, HASH_BYTES);
	n = db_session_close(st->db, &r->session, e);
	snprintf(text, sizeof(text), "the recording of %.64s on %.64s ended: %.200s", r->user, r->host, r->reason);
	return n == 0 ? session_event(st, r, 2, text, e) : n;
}

static void
staged_drop(struct store *st, struct rec *r)
{
	struct staged *s;

	while ((s = r->first) != NULL) {
		r->first = s->next;
		raw_put(st, &s->raw);
		free(s);
	}
	r->last = &r->first;
}

static void
open_sealed(struct store *st, struct rec *r)
{
	if (r->raw.cap > 4 * SEAL_BYTES)
		raw_put(st, &r->raw);
	buf_clear(&r->raw);
	r->open.no++;
	r->open.pos0 = r->open.pos1;
	r->open.frames = 0;
	memcpy(r->open.prev, r->open.hash, HASH_BYTES);
	r->journaled = r->journaling = 0;
	r->journal_first = 0;
	r->seal = false;
}

void
record_done(struct store *st, struct rec *r, int64_t journal_row)
{
	bool staged = r->first != NULL;
	struct msg_rec_ack ack = { .rec = r->number, .pos = r->session.bytes };

	staged_drop(st, r);
	if (staged)
		r->journal_first = 0;             /* it went into the first of them */
	if (r->seal && r->raw.len > 0) {
		open_sealed(st, r);
	} else if (r->journaling > r->journaled) {
		if (r->journal_first == 0)
			r->journal_first = journal_row;
		r->journaled = r->journaling;
	}
	r->seal = r->dirty = false;
	st->dirty--;
	if (r->acked < r->session.bytes && r->client->chan != NULL)
		(void)chan_send(r->client->chan, MSG_REC_ACK, &ack);
	r->acked = r->session.bytes;
}
