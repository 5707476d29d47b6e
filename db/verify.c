/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Three passes.  Rows: each event, session and segment is encoded again and compared with
 * the hash in the tree at its leaf; a bitmap sees to it that every leaf has exactly one row.
 * Tree: its leaves are added up once more, and at each checkpoint's size the root must be
 * the signed one.  Recordings: every segment is read and the chain computed over its frames.
 * At the end the directory, which is no part of the tree, is compared with what the events say of it.
 *
 * All of it may take hours, so it is read in pages: a long read would keep the WAL growing.  What is asked for
 * is what stood in the tree when it began; what has come since must only be in the tree too.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/event.h"
#include "db/keep.h"
#include "db/session.h"
#include "db/standing.h"
#include "db/tree.h"
#include "db/verify.h"

#define LEAVES_MAX ((uint64_t)1 << 32)
#define PAGE       64

/* What is left to do for a session when its row has been read. */
struct walk {
	int64_t row, close_leaf;
	unsigned char id[ID_BYTES], begin[HASH_BYTES], end[HASH_BYTES];       /* of the chain */
	char id_text[ID_TEXT];
	uint64_t bytes, frames;
	uint32_t segments;
};

struct part {
	struct db_segment g;
	char file[64];
};

struct verify {
	struct db *db;
	const struct note_key *key;
	struct note outside;
	bool has_outside;
	struct db_verify done;
	unsigned char *seen;                      /* a bit for each leaf */
	struct merkle_edge edge;
	struct buf data, raw;
	struct walk walks[PAGE];
	struct part parts[PAGE];
	struct note notes[PAGE];
	unsigned n;                               /* in one of these */
	const struct walk *session;               /* whose segments are read */
	unsigned char chain[HASH_BYTES];
	uint64_t pos, frames;
	uint32_t no;
	struct err *e;
};

/* Is data what the tree has at leaf? */
static int
leaf_check(struct verify *v, int64_t leaf, const char *what, const char *name)
{
	unsigned char want[HASH_BYTES], got[HASH_BYTES];
	struct err inner = { 0 };
	uint64_t size = v->done.leaves;
	int r = leaf >= 0 && (uint64_t)leaf >= size ? db_tree_size(v->db, &size, v->e) : 0;

	if (r != 0)
		return r;
	if (leaf < 0 || (uint64_t)leaf >= size)
		return err_set(v->e, -EBADMSG, "%s %s: its leaf %" PRId64 " is beyond the tree's %" PRIu64, what, name, leaf, size);
	if ((uint64_t)leaf < v->done.leaves) {
		if ((v->seen[leaf / 8] >> leaf % 8 & 1) != 0)
			return err_set(v->e, -EBADMSG, "%s %s: leaf %" PRId64 " belongs to another row too", what, name, leaf);
		v->seen[leaf / 8] |= (unsigned char)(1 << leaf % 8);
	}
	if (db_tree_leaf(v->db, (uint64_t)leaf, want, &inner) != 0)
		return err_set(v->e, -EBADMSG, "%s %s: %s", what, name, inner.text);
	merkle_leaf(buf_slice(&v->data), got);
	if (memcmp(want, got, HASH_BYTES) != 0)
		return err_set(v->e, -EBADMSG, "%s %s was changed: it is not what leaf %" PRId64 " of the tree says",
		    what, name, leaf);
	return 0;
}

static int
event_check(void *arg, const struct db_event *ev)
{
	struct verify *v = arg;
	char name[24];
	int r;

	v->done.events++;
	buf_clear(&v->data);
	r = db_event_leaf(&v->data, ev);
	snprintf(name, sizeof(name), "%" PRId64, ev->id);
	return r != 0 ? r : leaf_check(v, ev->leaf, "event", name);
}

static int
frames_chain(struct verify *v, const struct db_segment *g)
{
	struct slice s = buf_slice(&v->raw), at = s;
	uint32_t n = 0;
	struct frame f;

	for (; frame_take(&s, &f) == 1; n++, at = s)
		leaf_chain(v->chain, slice_of(at.p, at.n - s.n));
	v->frames += n;
	if (memcmp(v->chain, g->hash, HASH_BYTES) != 0)
		return err_set(v->e, -EBADMSG, "session %s, segment %u: its frames are not those that were recorded",
		    v->session->id_text, g->no);
	return 0;
}

static int
segment_note(void *arg, const struct db_segment *g)
{
	struct verify *v = arg;
	struct part *p = &v->parts[v->n++];
	char name[64];
	int r;

	p->g = *g;
	(void)snprintf(p->file, sizeof(p->file), "%s", g->file);
	p->g.file = p->file;
	v->done.segments++;
	buf_clear(&v->data);
	snprintf(name, sizeof(name), "%u of session %s", g->no, v->session->id_text);
	r = db_segment_leaf(&v->data, v->session->id_text, g);
	return r == 0 ? leaf_check(v, g->leaf, "segment", name) : r;
}

static int
segment_check(struct verify *v, const struct db_segment *g)
{
	struct err inner = { 0 };

	if (g->no != v->no || g->pos0 != v->pos || memcmp(g->prev, v->chain, HASH_BYTES) != 0)
		return err_set(v->e, -EBADMSG, "session %s: segment %u is missing or out of place", v->session->id_text, v->no);
	v->no++;
	v->pos = g->pos1;
	v->done.bytes += g->pos1 - g->pos0;
	if (g->erased_us != 0) {
		memcpy(v->chain, g->hash, HASH_BYTES);
		v->frames += g->frames;
		return 0;
	}
	buf_clear(&v->raw);
	if (db_segment_read(v->db, v->session->id, g, &v->raw, &inner) != 0)
		return err_set(v->e, -EBADMSG, "session %s: %s", v->session->id_text, inner.text);
	return frames_chain(v, g);
}

static int
session_walk(struct verify *v, const struct walk *w)
{
	int r;

	v->session = w;
	v->pos = v->frames = 0;
	v->no = 0;
	memcpy(v->chain, w->begin, HASH_BYTES);
	do {
		v->n = 0;
		r = db_segment_from(v->db, w->row, v->no, PAGE, segment_note, v, v->e);
		for (unsigned i = 0; i < v->n && r == 0; i++)
			r = segment_check(v, &v->parts[i].g);
	} while (r == 0 && v->n == PAGE);
	if (r == 0 && w->close_leaf >= 0 && (w->bytes != v->pos || w->frames != v->frames || w->segments != v->no ||
	    memcmp(w->end, v->chain, HASH_BYTES) != 0))
		r = err_set(v->e, -EBADMSG, "session %s: its recording ends at byte %" PRIu64 " of %" PRIu64, w->id_text,
		    v->pos, w->bytes);
	return r;
}

static int
session_note(void *arg, const struct db_session *s)
{
	struct verify *v = arg;
	struct walk *w = &v->walks[v->n++];
	int r;

	*w = (struct walk){ .row = s->row, .close_leaf = s->close_leaf, .bytes = s->bytes, .frames = s->frames,
		.segments = s->segments };
	memcpy(w->id, s->id, ID_BYTES);
	memcpy(w->id_text, s->id_text, ID_TEXT);
	memcpy(w->end, s->chain, HASH_BYTES);
	v->done.sessions++;
	buf_clear(&v->data);
	r = db_session_open_leaf(&v->data, s);
	if (r != 0)
		return r;
	leaf_sha256(buf_slice(&v->data), slice_from(NULL), w->begin);
	r = leaf_check(v, s->open_leaf, "session", s->id_text);
	if (r != 0 || s->close_leaf < 0)
		return r;
	buf_clear(&v->data);
	r = db_session_close_leaf(&v->data, s);
	return r == 0 ? leaf_check(v, s->close_leaf, "the end of session", s->id_text) : r;
}

static int
sessions_check(struct verify *v)
{
	int64_t row = INT64_MIN;
	unsigned n;
	int r;

	do {
		v->n = 0;
		r = db_session_after(v->db, row, PAGE, session_note, v, v->e);
		n = v->n;
		for (unsigned i = 0; i < n && r == 0; i++) {
			row = v->walks[i].row;
			r = session_walk(v, &v->walks[i]);
		}
	} while (r == 0 && n == PAGE);
	return r;
}

static int
edge_to(struct verify *v, uint64_t size)
{
	unsigned char h[HASH_BYTES];
	int r = 0;

	while (v->edge.size < size && r == 0) {
		r = db_tree_leaf(v->db, v->edge.size, h, v->e);
		if (r == 0)
			merkle_edge_add(&v->edge, h);
	}
	return r;
}

static int
root_check(struct verify *v, const struct note *n, const char *which)
{
	unsigned char root[HASH_BYTES];
	int r;

	if (n->size > v->done.leaves)
		return err_set(v->e, -EBADMSG, "%s is of %" PRIu64 " leaves, but the database ends at %" PRIu64
		    ": its tail was cut off, or it is an older copy", which, n->size, v->done.leaves);
	r = edge_to(v, n->size);
	if (r != 0)
		return r;
	merkle_edge_root(&v->edge, root);
	return memcmp(root, n->root, HASH_BYTES) == 0 ? 0 :
	    err_set(v->e, -EBADMSG, "%s of %" PRIu64 " leaves has another root: history before it was changed", which,
	    n->size);
}

static int
checkpoint_note(void *arg, const struct db_checkpoint *c)
{
	struct verify *v = arg;
	struct note *n = &v->notes[v->n];

	if (c->size > v->done.leaves)
		return 0;                         /* signed since we began */
	v->n++;
	v->done.checkpoints++;
	if (note_open(v->key, slice_from(c->note), n, v->e) != 0)
		return -EBADMSG;
	return n->size == c->size ? 0 : err_set(v->e, -EBADMSG, "the checkpoint of %" PRIu64 " leaves was signed for %" PRIu64,
	    c->size, n->size);
}

static int
checkpoint_check(struct verify *v, const struct note *n)
{
	int r = 0;

	if (v->has_outside && v->outside.size < n->size) {
		v->has_outside = false;
		r = root_check(v, &v->outside, "the checkpoint kept outside");
	}
	v->done.signed_size = n->size;
	return r == 0 ? root_check(v, n, "the checkpoint") : r;
}

static int
checkpoints_check(struct verify *v)
{
	int r;

	do {
		v->n = 0;
		r = db_checkpoint_after(v->db, v->done.signed_size, PAGE, checkpoint_note, v, v->e);
		for (unsigned i = 0; i < v->n && r == 0; i++)
			r = checkpoint_check(v, &v->notes[i]);
	} while (r == 0 && v->n == PAGE);
	return r;
}

/* The directory changes with its events: both as they stand at one time. */
static int
directory_check(struct verify *v)
{
	int r = db_read_begin(v->db, v->e);

	if (r != 0)
		return r;
	r = db_standing_check(v->db, v->e);
	if (r == 0)
		r = db_keep_check(v->db, v->e);
	db_read_end(v->db);
	return r;
}

static int
leaves_all_seen(struct verify *v)
{
	for (uint64_t i = 0; i < v->done.leaves; i++)
		if ((v->seen[i / 8] >> i % 8 & 1) == 0)
			return err_set(v->e, -EBADMSG, "leaf %" PRIu64 " has no row: a record was deleted", i);
	return 0;
}

static int
verify_all(struct verify *v)
{
	struct db_event_filter all = { 0 };
	int r;

	r = db_event_list(v->db, &all, event_check, v, v->e);
	if (r == 0)
		r = sessions_check(v);
	if (r == 0)
		r = leaves_all_seen(v);
	if (r == 0)
		r = checkpoints_check(v);
	if (r == 0 && v->has_outside)
		r = root_check(v, &v->outside, "the checkpoint kept outside");
	if (r == 0)
		r = directory_check(v);
	if (r == 0)
		r = db_schema_check(v->db, v->e);
	return r == 0 ? edge_to(v, v->done.leaves) : r;
}

static int
verify_sized(struct verify *v)
{
	int r = db_tree_size(v->db, &v->done.leaves, v->e);

	if (r == 0 && v->done.leaves > LEAVES_MAX)
		r = err_set(v->e, -EBADMSG, "a tree of %" PRIu64 " leaves is not possible", v->done.leaves);
	if (r == 0 && (v->seen = calloc(1, v->done.leaves / 8 + 1)) == NULL)
		r = err_set(v->e, -ENOMEM, "out of memory for %" PRIu64 " leaves", v->done.leaves);
	return r == 0 ? verify_all(v) : r;
}

int
db_verify(struct db *db, const struct note_key *key, struct slice outside, struct db_verify *ret, struct err *e)
{
	struct verify *v = calloc(1, sizeof(*v));
	int r = v != NULL ? 0 : err_set(e, -ENOMEM, "out of memory");

	if (r != 0)
		return r;
	v->db = db;
	v->key = key;
	v->e = e;
	v->has_outside = outside.n > 0;
	buf_init(&v->data, LEAF_MAX);
	buf_init(&v->raw, SEGMENT_RAW_MAX);
	if (v->has_outside && note_open(key, outside, &v->outside, e) != 0)
		r = -EBADMSG;
	if (r == 0)
		r = verify_sized(v);
	if (r == 0)
		*ret = v->done;
	free(v->seen);
	buf_done(&v->data);
	buf_done(&v->raw);
	free(v);
	return r;
}
