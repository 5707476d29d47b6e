/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One chunk at a time in memory: a segment's frames, or one session's part of one journal
 * row.  Which of the two holds a position is asked again for each chunk, because the
 * store may have moved it from the journal into a segment meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db/frames.h"
#include "db/journal.h"
#include "db/stmt.h"

struct db_frames {
	struct db *db;
	unsigned char id[ID_BYTES];
	int64_t row;
	uint64_t pos;                             /* of the next frame */
	uint64_t base;                            /* position of chunk's first byte */
	struct buf chunk;
	int64_t journal_from;
	struct err *e;
	bool found;
	uint64_t seek;
};

static int
row_keep(void *arg, const struct db_session *s)
{
	((struct db_frames *)arg)->row = s->row;
	return 0;
}

struct db_frames *
db_frames_open(struct db *db, const unsigned char id[ID_BYTES], struct err *e)
{
	struct db_frames *it = calloc(1, sizeof(*it));

	if (it == NULL) {
		err_set(e, -ENOMEM, "out of memory reading a recording");
		return NULL;
	}
	it->db = db;
	memcpy(it->id, id, ID_BYTES);
	buf_init(&it->chunk, SEGMENT_RAW_MAX);
	if (db_session_find(db, id, row_keep, it, e) == 0)
		return it;
	db_frames_close(it);
	return NULL;
}

void
db_frames_close(struct db_frames *it)
{
	if (it == NULL)
		return;
	buf_done(&it->chunk);
	free(it);
}

void
db_frames_seek(struct db_frames *it, uint64_t pos)
{
	if (pos < it->pos)
		it->journal_from = 0;
	it->pos = pos;
}

static int
segment_keep(void *arg, const struct db_segment *s)
{
	struct db_frames *it = arg;

	if (s->pos0 > it->pos)
		return err_set(it->e, -EBADMSG, "the recording lacks bytes %llu to %llu",
		    (unsigned long long)it->pos, (unsigned long long)s->pos0);
	buf_clear(&it->chunk);
	it->base = s->pos0;
	it->found = true;
	it->seek = s->pos1;
	return db_segment_read(it->db, it->id, s, &it->chunk, it->e);
}

static int
journal_keep(void *arg, int64_t id, struct slice row)
{
	struct db_frames *it = arg;
	struct journal_chunk c;
	int r;

	while ((r = journal_take(&row, &c)) == 1) {
		if (c.session != it->row || it->pos < c.pos || it->pos >= c.pos + c.frames.n)
			continue;
		buf_clear(&it->chunk);
		r = buf_slice_append(&it->chunk, c.frames);
		it->base = c.pos;
		it->found = r == 0;
		it->journal_from = id;
		return r != 0 ? r : 1;
	}
	return r;
}

/* 1: chunk holds pos, 0: nothing there yet. */
static int
chunk_load(struct db_frames *it, struct err *e)
{
	int r;

	it->e = e;
	it->found = false;
	r = segment_at_pos(it->db, it->row, it->pos, segment_keep, it, e);
	if (r == 0 && !it->found)
		r = db_journal_list(it->db, it->journal_from, journal_keep, it, e);
	if (r == 0 && !it->found)                 /* sealed and trimmed between the two looks */
		r = segment_at_pos(it->db, it->row, it->pos, segment_keep, it, e);
	return r < 0 ? r : it->found;
}

int
db_frames_next(struct db_frames *it, struct frame *f, uint64_t *pos, struct err *e)
{
	struct slice s;
	int r = 1;

	if (it->pos < it->base || it->pos >= it->base + it->chunk.len)
		r = chunk_load(it, e);
	if (r != 1)
		return r;
	s = slice_of(it->chunk.p + (it->pos - it->base), it->chunk.len - (size_t)(it->pos - it->base));
	if (frame_take(&s, f) != 1)
		return err_set(e, -EBADMSG, "no frame begins at byte %llu", (unsigned long long)it->pos);
	*pos = it->pos;
	it->pos += FRAME_HEAD + f->data.n;
	return 1;
}

void
db_frames_skip(struct db_frames *it)
{
	it->pos = it->seek;
}

static int
seek_keep(void *arg, const struct db_segment *s)
{
	struct db_frames *it = arg;

	it->seek = s->pos0;
	it->found = true;
	return 0;
}

static const char sql_sealed_pos[] = "SELECT coalesce(max(pos1),0) FROM segment WHERE session_id=?";
static const char sql_sealed_ms[] = "SELECT coalesce(max(t1_ms),0) FROM segment WHERE session_id=?";

int
db_frames_seek_ms(struct db_frames *it, uint64_t t_ms, struct err *e)
{
	int64_t end = 0;
	int r;

	it->found = false;
	r = segment_at_ms(it->db, it->row, t_ms, seek_keep, it, e);
	if (r == 0 && !it->found) {
		r = stmt_number(it->db, sql_sealed_pos, &end, e, "i", it->row);
		it->seek = (uint64_t)end;
	}
	if (r == 0)
		db_frames_seek(it, it->seek);
	return r;
}

int
db_frames_length(struct db_frames *it, uint64_t *t_ms, uint64_t *bytes, struct err *e)
{
	uint64_t was = it->pos, pos;
	int64_t end = 0, last = 0;
	struct frame f;
	int r;

	r = stmt_number(it->db, sql_sealed_pos, &end, e, "i", it->row);
	if (r == 0)
		r = stmt_number(it->db, sql_sealed_ms, &last, e, "i", it->row);
	if (r != 0)
		return r;
	db_frames_seek(it, (uint64_t)end);
	while ((r = db_frames_next(it, &f, &pos, e)) == 1)
		if ((int64_t)f.t_ms > last)
			last = (int64_t)f.t_ms;
	*bytes = it->pos;
	*t_ms = (uint64_t)last;
	db_frames_seek(it, was);
	return r;
}
