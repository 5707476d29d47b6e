/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * At start: recordings that a former life left open are completed from the journal,
 * closed and marked, one event each, all in one transaction.  Their fronts are gone
 * with that life, so nobody will send more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "base/log.h"
#include "db/journal.h"
#include "db/tree.h"
#include "msg/ocsf.h"
#include "store/store.h"

#define REASON "the bastion stopped unexpectedly"

struct left {
	struct db_session s;                      /* texts are not kept */
	char user[68], host[68];
	struct db_segment seg;
	struct buf raw;
};

struct recovery {
	struct store *st;
	struct left *list;
	size_t n, cap;
	int64_t newest;
	struct err *e;
};

static int
left_add(void *arg, const struct db_session *s)
{
	struct recovery *rec = arg;
	struct left *l;

	if (rec->n == rec->cap) {
		size_t cap = rec->cap == 0 ? 64 : rec->cap * 2;

		l = cap > 1u << 20 ? NULL : reallocarray(rec->list, cap, sizeof(*l));
		if (l == NULL)
			return err_set(rec->e, -ENOMEM, "out of memory recovering sessions");
		rec->list = l;
		rec->cap = cap;
	}
	l = &rec->list[rec->n];
	memset(l, 0, sizeof(*l));
	l->s = *s;
	snprintf(l->user, sizeof(l->user), "%.64s", s->user);
	snprintf(l->host, sizeof(l->host), "%.64s", s->host);
	buf_init(&l->raw, SEGMENT_RAW_MAX);
	rec->n++;
	return db_session_sealed(rec->st->db, s, &l->seg.pos0, &l->s.frames, &l->seg.no, l->seg.hash, rec->e);
}

static int
by_row(const void *a, const void *b)
{
	int64_t x = ((const struct left *)a)->s.row, y = ((const struct left *)b)->s.row;

	return (x > y) - (x < y);
}

/* A journal row's frames to their recordings, but for what is in segments already. */
static int
row_replay(void *arg, int64_t id, struct slice row)
{
	struct recovery *rec = arg;
	struct journal_chunk c;
	int r;

	rec->newest = id;
	while ((r = journal_take(&row, &c)) == 1) {
		struct left want = { .s.row = c.session };
		struct left *l = rec->n > 0 ? bsearch(&want, rec->list, rec->n, sizeof(want), by_row) : NULL;

		if (l == NULL || c.pos != l->seg.pos0 + l->raw.len)
			continue;
		r = buf_slice_append(&l->raw, c.frames);
		if (r != 0)
			return err_set(rec->e, r, "session %s: too much in the journal", l->s.id_text);
	}
	return r == 0 ? 0 : err_set(rec->e, r, "journal row %lld is damaged", (long long)id);
}

static int
left_seal(struct recovery *rec, struct left *l)
{
	struct segment s = { .no = l->seg.no, .pos0 = l->seg.pos0 };
	struct slice rest = buf_slice(&l->raw), at = rest, parts[2];
	struct frame f;
	int r;

	memcpy(l->seg.prev, l->seg.hash, HASH_BYTES);
	for (; frame_take(&rest, &f) == 1; at = rest) {
		leaf_chain(l->seg.hash, slice_of(at.p, at.n - rest.n));
		if (l->seg.frames++ == 0)
			l->seg.t0_ms = f.t_ms;
		l->seg.t1_ms = f.t_ms;
	}
	l->seg.pos1 = l->seg.pos0 + l->raw.len;
	l->s.frames += l->seg.frames;
	memcpy(s.id, l->s.id, ID_BYTES);
	buf_clear(&rec->st->packed);
	r = segment_pack(&rec->st->packed, &s, buf_slice(&l->raw), parts);
	if (r != 0)
		return err_set(rec->e, r, "session %s: its journal is damaged", l->s.id_text);
	r = db_segment_add(rec->st->db, &l->s, &l->seg, parts, clock_wall().us, rec->e);
	l->seg.pos0 = l->seg.pos1;
	l->seg.no++;
	return r;
}

static int
left_close(struct recovery *rec, struct left *l)
{
	char text[300];
	struct msg_event m = { .class_uid = OCSF_SSH, .activity = 2, .severity = 3, .ok = 0, .actor = slice_from(l->user),
		.session = slice_from(l->s.id_text), .host = slice_from(l->host) };
	int r = 0;

	if (l->raw.len > 0)
		r = left_seal(rec, l);
	if (r != 0)
		return r;
	l->s.state = "lost";
	l->s.reason = REASON;
	l->s.exit = "";
	l->s.end_us = clock_wall().us;
	l->s.bytes = l->seg.pos0;
	l->s.segments = l->seg.no;
	memcpy(l->s.chain, l->seg.hash, HASH_BYTES);
	r = db_session_close(rec->st->db, &l->s, rec->e);
	snprintf(text, sizeof(text), "the recording of %s on %s was closed with what is there: " REASON, l->user, l->host);
	m.text = slice_from(text);
	return r == 0 ? event_add(rec->st, clock_wall(), clock_mono(), &m, rec->e) : r;
}

static int
recover_all(struct recovery *rec)
{
	struct db_session_filter open = { .state = "open" };
	struct db *db = rec->st->db;
	int r;

	r = db_session_list(db, &open, left_add, rec, rec->e);
	if (r != 0)
		return r;
	if (rec->n > 0)
		qsort(rec->list, rec->n, sizeof(rec->list[0]), by_row);
	r = db_journal_list(db, 0, row_replay, rec, rec->e);
	for (size_t i = 0; i < rec->n && r == 0; i++)
		r = left_close(rec, &rec->list[i]);
	if (r == 0)
		r = db_journal_trim(db, INT64_MAX, rec->e);
	return r == 0 ? db_tree_flush(db, rec->e) : r;
}

int
recover(struct store *st, struct err *e)
{
	struct recovery rec = { .st = st, .e = e };
	int r = db_begin(st->db, e);

	if (r == 0)
		r = recover_all(&rec);
	if (r == 0)
		r = db_commit(st->db, e);
	else
		db_rollback(st->db);
	if (r == 0 && rec.n > 0)
		log_warn("store: %zu recordings of a former life were closed with what is there", rec.n);
	for (size_t i = 0; i < rec.n; i++)
		buf_done(&rec.list[i].raw);
	free(rec.list);
	return r;
}
