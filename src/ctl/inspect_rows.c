/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The rows of an export against its leaves, and the recordings' frames against the chains of their segments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/inspected.h"
#include "db/merkle.h"

static int
leaf_check(struct inspect *x, int64_t leaf, struct slice data, const char *what)
{
	unsigned char hash[HASH_BYTES];

	if (leaf < 0 || (uint64_t)leaf >= x->n)
		return err_set(x->e, -EBADMSG, "%s: names leaf %lld, and the tree has %llu", what, (long long)leaf,
		    (unsigned long long)x->n);
	merkle_leaf(data, hash);
	if (memcmp(hash, x->leaves[leaf], HASH_BYTES) != 0)
		return err_set(x->e, -EBADMSG, "%s was changed: it is not what leaf %lld was made of", what, (long long)leaf);
	if (x->seen[leaf] != 0)
		return err_set(x->e, -EBADMSG, "%s is there twice: leaf %lld stands for one alone", what, (long long)leaf);
	x->seen[leaf] = 1;
	return 0;
}

/* --- sessions --- */

/* The rows of this session's segments, which stand in the order of the sessions. */
static int
segments_take(struct inspect *x, struct slice *rest, struct recorded *to)
{
	struct slice line, after = *rest;

	to->rows = slice_of(rest->p, 0);
	while (take_part(&after, '\n', &line)) {
		struct record_segment row = { 0 };

		buf_clear(&x->arena);
		if (record_parse(line, record_segments, &row, &x->arena) != 0)
			return err_set(x->e, -EBADMSG, "segments.jsonl was changed: not a whole row: %.*s",
			    (int)(line.n < 60 ? line.n : 60), (const char *)line.p);
		if (strcmp(row.session, to->id) != 0)
			return 0;
		to->rows.n = (size_t)(after.p - to->rows.p);
		*rest = after;
		x->done.segments++;
	}
	return 0;
}

static int
session_check(struct inspect *x, const struct db_session *s, struct recorded *to)
{
	unsigned char id[ID_BYTES];
	char what[96];
	int r;

	snprintf(what, sizeof(what), "session %s (row %llu of sessions.jsonl)", s->id_text, (unsigned long long)x->done.sessions);
	if (!id_parse(slice_from(s->id_text), id))
		return err_set(x->e, -EBADMSG, "%s was changed: not an id", what);
	*to = (struct recorded){ .closed = s->close_leaf >= 0, .bytes = s->bytes, .segments = s->segments };
	memcpy(to->id, s->id_text, ID_TEXT);
	memcpy(to->end, s->chain, HASH_BYTES);
	buf_clear(&x->data);
	r = db_session_open_leaf(&x->data, s);
	if (r == 0)
		r = leaf_check(x, s->open_leaf, buf_slice(&x->data), what);
	leaf_sha256(buf_slice(&x->data), slice_of(NULL, 0), to->begin);
	buf_clear(&x->data);
	if (r == 0 && to->closed && (r = db_session_close_leaf(&x->data, s)) == 0)
		r = leaf_check(x, s->close_leaf, buf_slice(&x->data), what);
	return r;
}

static int
recorded_compare(const void *a, const void *b)
{
	return strcmp(((const struct recorded *)a)->id, ((const struct recorded *)b)->id);
}

static int
sessions_parse(struct inspect *x, struct slice rows, struct slice segments)
{
	struct slice line;
	int r = 0;

	while (r == 0 && take_part(&rows, '\n', &line)) {
		struct db_session row = { 0 };

		buf_clear(&x->arena);
		x->done.sessions++;
		if (record_parse(line, record_sessions, &row, &x->arena) != 0)
			return err_set(x->e, -EBADMSG, "row %llu of sessions.jsonl was changed: not a whole row",
			    (unsigned long long)x->done.sessions);
		r = session_check(x, &row, &x->recorded[x->nrecorded]);
		if (r == 0)
			r = segments_take(x, &segments, &x->recorded[x->nrecorded++]);
	}
	if (r == 0 && segments.n > 0)
		r = err_set(x->e, -EBADMSG, "segments.jsonl was changed: row %llu belongs to no session here, or stands elsewhere",
		    (unsigned long long)x->done.segments + 1);
	if (r == 0)
		qsort(x->recorded, x->nrecorded, sizeof(*x->recorded), recorded_compare);
	return r;
}

int
inspect_sessions(struct inspect *x)
{
	struct slice rest = buf_slice(&x->kept[KEPT_SESSIONS]), line;
	size_t lines = 0;
	int r = inspect_need(x, KEPT_SESSIONS);

	if (r != 0 || (r = inspect_need(x, KEPT_SEGMENTS)) != 0)
		return r;
	while (take_part(&rest, '\n', &line))
		lines++;
	x->recorded = calloc(lines + 1, sizeof(*x->recorded));
	if (x->recorded == NULL)
		return err_set(x->e, -ENOMEM, "out of memory for %zu sessions", lines);
	return sessions_parse(x, buf_slice(&x->kept[KEPT_SESSIONS]), buf_slice(&x->kept[KEPT_SEGMENTS]));
}

/* --- recordings --- */

/* Goes to the next segment that has bytes; r.need is 0 when there is none. */
static int
segment_next(struct inspect *x)
{
	struct reading *r = &x->r;
	struct slice line;
	char what[80];
	int code;

	while (r->need == 0 && take_part(&r->rows, '\n', &line)) {
		r->segment = (struct record_segment){ 0 };
		buf_clear(&x->rows);
		buf_clear(&x->data);
		if (record_parse(line, record_segments, &r->segment, &x->rows) != 0)
			return err_set(x->e, -EBADMSG, "segments.jsonl was changed: not a whole row");
		snprintf(what, sizeof(what), "segment %u of session %s", r->segment.s.no, r->of->id);
		code = db_segment_leaf(&x->data, r->of->id, &r->segment.s);
		if (code != 0 || (code = leaf_check(x, r->segment.s.leaf, buf_slice(&x->data), what)) != 0)
			return code;
		if (r->segment.s.no != r->count++ || r->segment.s.pos0 != r->kept || memcmp(r->segment.s.prev, r->chain, HASH_BYTES) != 0 ||
		    r->segment.s.pos1 <= r->kept || r->segment.s.pos1 - r->kept > SEGMENT_RAW_MAX)
			return err_set(x->e, -EBADMSG, "%s does not follow the one before it", what);
		r->need = (size_t)(r->segment.s.pos1 - r->kept);
		r->kept = r->segment.s.pos1;
		if (r->segment.s.erased_us != 0) {
			memcpy(r->chain, r->segment.s.hash, HASH_BYTES);
			r->need = 0;
		}
	}
	return 0;
}

static int
segment_check(struct inspect *x, struct slice bytes)
{
	struct reading *r = &x->r;
	struct slice before = bytes;
	struct frame f;

	for (; frame_take(&bytes, &f) == 1; before = bytes)
		leaf_chain(r->chain, slice_of(before.p, before.n - bytes.n));
	if (bytes.n > 0 || memcmp(r->chain, r->segment.s.hash, HASH_BYTES) != 0)
		return err_set(x->e, -EBADMSG, "recording %s was changed or swapped: its bytes are not those of segment %u", r->of->id,
		    r->segment.s.no);
	r->need = 0;
	return segment_next(x);
}

int
inspect_recording_begin(struct inspect *x, struct recorded *of)
{
	x->r = (struct reading){ .of = of, .rows = of->rows };
	memcpy(x->r.chain, of->begin, HASH_BYTES);
	of->seen = true;
	buf_clear(&x->pending);
	return segment_next(x);
}

/* What comes behind the segments was not sealed yet: only the manifest speaks for it. */
int
inspect_recording_bytes(struct inspect *x, struct slice bytes)
{
	struct reading *r = &x->r;
	struct slice whole;
	int code = 0;

	r->bytes += bytes.n;
	while (code == 0 && bytes.n > 0 && r->need > 0) {
		size_t n = r->need - x->pending.len;

		n = n < bytes.n ? n : bytes.n;
		whole = slice_of(bytes.p, n);
		bytes = slice_of(bytes.p + n, bytes.n - n);
		if (n < r->need) {
			code = buf_slice_append(&x->pending, whole);
			whole = buf_slice(&x->pending);
		}
		if (code == 0 && whole.n == r->need) {
			code = segment_check(x, whole);
			buf_clear(&x->pending);
		}
	}
	return code;
}

int
inspect_recording_end(struct inspect *x)
{
	const struct reading *r = &x->r;

	x->done.bytes += r->bytes;
	if (r->need > 0)
		return err_set(x->e, -EBADMSG, "recording %s was cut or swapped: it ends before segment %u does", r->of->id,
		    r->segment.s.no);
	if (r->of->closed && (r->count != r->of->segments || r->kept != r->of->bytes || r->bytes > r->of->bytes))
		return err_set(x->e, -EBADMSG, "recording %s is not whole: %u of %u segments, %llu of %llu bytes", r->of->id, r->count,
		    r->of->segments, (unsigned long long)r->bytes, (unsigned long long)r->of->bytes);
	if (r->of->closed && memcmp(r->chain, r->of->end, HASH_BYTES) != 0)
		return err_set(x->e, -EBADMSG, "recording %s does not end as its session says", r->of->id);
	return 0;
}

struct recorded *
inspect_recorded(const struct inspect *x, const char *name)
{
	struct recorded wanted = { 0 };
	char end[16];

	if (sscanf(name, "recordings/%26[0-9A-Z]%15s", wanted.id, end) != 2 || strcmp(end, ".frames") != 0)
		return NULL;
	return x->nrecorded == 0 ? NULL : bsearch(&wanted, x->recorded, x->nrecorded, sizeof(wanted), recorded_compare);
}

/* --- events --- */

static int
event_check(struct inspect *x, struct slice line)
{
	struct db_event row = { 0 };
	char what[64];
	int r;

	buf_clear(&x->arena);
	buf_clear(&x->data);
	x->done.events++;
	snprintf(what, sizeof(what), "event %llu of events.jsonl", (unsigned long long)x->done.events);
	if (record_parse(line, record_events, &row, &x->arena) != 0)
		return err_set(x->e, -EBADMSG, "%s was changed: not a whole row", what);
	r = db_event_leaf(&x->data, &row);
	return r == 0 ? leaf_check(x, row.leaf, buf_slice(&x->data), what) : r;
}

int
inspect_events(struct inspect *x, struct slice bytes)
{
	struct slice part;
	bool whole;
	int r = 0;

	while (r == 0 && bytes.n > 0) {
		whole = take_until(&bytes, '\n', &part);
		if (!whole)
			(void)take_bytes(&bytes, bytes.n, &part);
		if (!whole || x->pending.len > 0) {
			r = buf_slice_append(&x->pending, part);
			part = buf_slice(&x->pending);
		}
		if (r == 0 && whole) {
			r = event_check(x, part);
			buf_clear(&x->pending);
		}
	}
	return r == -ENOBUFS ? err_set(x->e, -EBADMSG, "events.jsonl was changed: a row is too long") : r;
}
