/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Checks an export with nothing but itself and the public key: the signature on the checkpoint, the tree under it, every
 * row against its leaf, every recording's frames against the chain of its segments, the files against the manifest.
 * It says the first thing that is wrong, by name.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/audit.h"
#include "ctl/pack.h"
#include "ctl/record.h"
#include "db/merkle.h"
#include "db/verify.h"

struct verify {
	struct ctl *c;
	struct pack *pack;
	struct note_key *key;
	struct note note;
	unsigned char (*leaves)[HASH_BYTES];
	unsigned char *seen;
	uint64_t n, events, sessions, segments, bytes;
	struct buf sessions_text, segments_text, arena;
	struct slice segments_rest;          /* not yet met: they come in the order of the sessions */
};

static int
leaf_check(struct verify *v, int64_t leaf, struct slice data, const char *what)
{
	unsigned char hash[HASH_BYTES];

	if (leaf < 0 || (uint64_t)leaf >= v->n)
		return err_set(&v->c->e, -EBADMSG, "%s: names leaf %lld, and the tree has %llu", what, (long long)leaf,
		    (unsigned long long)v->n);
	merkle_leaf(data, hash);
	if (memcmp(hash, v->leaves[leaf], HASH_BYTES) != 0)
		return err_set(&v->c->e, -EBADMSG, "%s was changed: it is not what leaf %lld was made of", what, (long long)leaf);
	v->seen[leaf] = 1;
	return 0;
}

/* --- the tree --- */

static int
leaves_parse(struct verify *v, struct slice text)
{
	struct slice line;
	struct buf hash;

	if (text.n % 65 != 0)
		return err_set(&v->c->e, -EBADMSG, "leaves.txt was changed: it does not consist of whole lines");
	v->n = text.n / 65;
	v->leaves = calloc(v->n + 1, sizeof(*v->leaves));
	v->seen = calloc(v->n + 1, 1);
	if (v->leaves == NULL || v->seen == NULL)
		return err_set(&v->c->e, -ENOMEM, "out of memory");
	buf_init(&hash, HASH_BYTES);
	for (uint64_t i = 0; i < v->n && record_line(&text, &line); i++) {
		buf_clear(&hash);
		if (text_unhex(&hash, line) != 0 || hash.len != HASH_BYTES) {
			buf_done(&hash);
			return err_set(&v->c->e, -EBADMSG, "leaves.txt was changed at line %llu", (unsigned long long)i + 1);
		}
		memcpy(v->leaves[i], hash.p, HASH_BYTES);
	}
	buf_done(&hash);
	return 0;
}

static void
root_of(const struct verify *v, uint64_t size, unsigned char root[HASH_BYTES])
{
	struct merkle_edge edge = { 0 };

	for (uint64_t i = 0; i < size; i++)
		merkle_edge_add(&edge, v->leaves[i]);
	merkle_edge_root(&edge, root);
}

static int
tree_check(struct verify *v, const struct note *note, const char *whose)
{
	unsigned char root[HASH_BYTES];

	if (note->size > v->n)
		return err_set(&v->c->e, -EBADMSG, "records are missing at the end: %s covers %llu, and here are %llu", whose,
		    (unsigned long long)note->size, (unsigned long long)v->n);
	root_of(v, note->size, root);
	if (memcmp(root, note->root, HASH_BYTES) != 0)
		return err_set(&v->c->e, -EBADMSG, "leaves.txt does not hash to the root that %s signs: records were changed", whose);
	return 0;
}

static int
tree_load(struct verify *v)
{
	struct buf text;
	int r;

	buf_init(&text, AUDIT_FILE_MAX);
	r = pack_read(v->pack, "checkpoint", NOTE_MAX, &text, &v->c->e);
	if (r == 0 && (r = note_open(v->key, buf_slice(&text), &v->note, &v->c->e)) != 0)
		(void)err_prefix(&v->c->e, "checkpoint");
	buf_clear(&text);
	if (r == 0)
		r = pack_read(v->pack, "leaves.txt", AUDIT_FILE_MAX, &text, &v->c->e);
	if (r == 0)
		r = leaves_parse(v, buf_slice(&text));
	if (r == 0 && v->note.size > v->n)
		r = err_set(&v->c->e, -EBADMSG, "records are missing at the end: the checkpoint covers %llu, and here are %llu",
		    (unsigned long long)v->note.size, (unsigned long long)v->n);
	buf_done(&text);
	return r;
}

/* --- rows --- */

static int
events_check(struct verify *v)
{
	struct slice rest, line;
	struct buf text, data;
	char what[64];
	int r;

	buf_init(&text, AUDIT_FILE_MAX);
	buf_init(&data, LEAF_MAX);
	r = pack_read(v->pack, "events.jsonl", AUDIT_FILE_MAX, &text, &v->c->e);
	rest = buf_slice(&text);
	while (r == 0 && record_line(&rest, &line)) {
		struct db_event row = { 0 };

		buf_clear(&v->arena);
		buf_clear(&data);
		v->events++;
		snprintf(what, sizeof(what), "event %llu of events.jsonl", (unsigned long long)v->events);
		if (record_parse(line, record_events, &row, &v->arena) != 0)
			r = err_set(&v->c->e, -EBADMSG, "%s was changed: not a whole row", what);
		else if ((r = db_event_leaf(&data, &row)) == 0)
			r = leaf_check(v, row.leaf, buf_slice(&data), what);
	}
	buf_done(&text);
	buf_done(&data);
	return r;
}

/* The segments of one session against its frames.  chain: in h[0], out where the segments end. */
static int
segments_check(struct verify *v, const char *id, struct slice frames, unsigned char chain[HASH_BYTES], uint32_t *count)
{
	struct slice rest = v->segments_rest, line, segment;
	struct buf arena, data;
	char what[80];
	int r = 0;

	buf_init(&arena, 65536);
	buf_init(&data, LEAF_MAX);
	*count = 0;
	while (r == 0 && record_line(&rest, &line)) {
		struct record_segment row = { 0 };
		uint64_t n;

		buf_clear(&arena);
		buf_clear(&data);
		if (record_parse(line, record_segments, &row, &arena) != 0) {
			r = err_set(&v->c->e, -EBADMSG, "segments.jsonl was changed: not a whole row: %.*s",
			    (int)(line.n < 60 ? line.n : 60), (const char *)line.p);
			break;
		}
		if (strcmp(row.session, id) != 0)
			break;
		v->segments_rest = rest;
		v->segments++;
		snprintf(what, sizeof(what), "segment %u of session %s", row.s.no, id);
		if ((r = db_segment_leaf(&data, id, &row.s)) != 0 || (r = leaf_check(v, row.s.leaf, buf_slice(&data), what)) != 0)
			break;
		(*count)++;
		if (row.s.erased_us != 0)
			continue;
		n = row.s.pos1 - row.s.pos0;
		if (row.s.pos1 < row.s.pos0 || !take_bytes(&frames, n, &segment)) {
			r = err_set(&v->c->e, -EBADMSG, "recording %s was cut or swapped: it ends before segment %u does", id, row.s.no);
			break;
		}
		while (segment.n > 0 && r == 0) {
			struct slice before = segment;
			struct frame f;

			r = frame_take(&segment, &f) == 1 ? 0 : -EBADMSG;
			if (r == 0)
				leaf_chain(chain, slice_of(before.p, before.n - segment.n));
		}
		if (r != 0 || memcmp(chain, row.s.hash, HASH_BYTES) != 0)
			r = err_set(&v->c->e, -EBADMSG, "recording %s was changed or swapped: its bytes are not those of segment %u",
			    id, row.s.no);
	}
	buf_done(&arena);
	buf_done(&data);
	return r;
}

static int
session_check(struct verify *v, struct db_session *s, uint64_t number)
{
	unsigned char chain[HASH_BYTES];
	char what[80], file[64];
	struct buf data, frames;
	uint32_t count = 0;
	int r;

	snprintf(what, sizeof(what), "session %s (row %llu of sessions.jsonl)", s->id_text, (unsigned long long)number);
	snprintf(file, sizeof(file), "recordings/%s.frames", s->id_text);
	if (!id_parse(slice_from(s->id_text), s->id))
		return err_set(&v->c->e, -EBADMSG, "%s was changed: not an id", what);
	buf_init(&data, LEAF_MAX);
	buf_init(&frames, AUDIT_FILE_MAX);
	r = db_session_open_leaf(&data, s);
	if (r == 0)
		r = leaf_check(v, s->open_leaf, buf_slice(&data), what);
	leaf_sha256(buf_slice(&data), slice_of(NULL, 0), chain);
	buf_clear(&data);
	if (r == 0 && s->close_leaf >= 0 && (r = db_session_close_leaf(&data, s)) == 0)
		r = leaf_check(v, s->close_leaf, buf_slice(&data), what);
	if (r == 0)
		r = pack_read(v->pack, file, AUDIT_FILE_MAX, &frames, &v->c->e);
	if (r == 0)
		r = segments_check(v, s->id_text, buf_slice(&frames), chain, &count);
	if (r == 0 && s->close_leaf >= 0 && (count != s->segments || frames.len != s->bytes))
		r = err_set(&v->c->e, -EBADMSG, "recording %s is not whole: %u of %u segments, %zu of %llu bytes", s->id_text, count,
		    s->segments, frames.len, (unsigned long long)s->bytes);
	v->bytes += frames.len;
	buf_done(&data);
	buf_done(&frames);
	return r;
}

static int
sessions_check(struct verify *v)
{
	struct slice rest, line;
	int r = pack_read(v->pack, "sessions.jsonl", AUDIT_FILE_MAX, &v->sessions_text, &v->c->e);

	if (r == 0)
		r = pack_read(v->pack, "segments.jsonl", AUDIT_FILE_MAX, &v->segments_text, &v->c->e);
	rest = buf_slice(&v->sessions_text);
	v->segments_rest = buf_slice(&v->segments_text);
	while (r == 0 && record_line(&rest, &line)) {
		struct db_session row = { 0 };

		buf_clear(&v->arena);
		v->sessions++;
		if (record_parse(line, record_sessions, &row, &v->arena) != 0)
			r = err_set(&v->c->e, -EBADMSG, "row %llu of sessions.jsonl was changed: not a whole row",
			    (unsigned long long)v->sessions);
		else
			r = session_check(v, &row, v->sessions);
	}
	if (r == 0 && v->segments_rest.n > 0)
		r = err_set(&v->c->e, -EBADMSG, "segments.jsonl was changed: row %llu belongs to no session here, or stands elsewhere",
		    (unsigned long long)v->segments + 1);
	return r;
}

/* --- the whole --- */

static int
seal_check(struct verify *v, struct slice manifest)
{
	struct err missing = { 0 };
	struct buf line;
	int r;

	buf_init(&line, 4096);
	r = pack_read(v->pack, "manifest.sig", 4096, &line, &missing);
	if (r == -ENOENT) {
		fputs("fortress: the manifest is not signed: what the export leaves out cannot be judged\n", stderr);
		r = 0;
	} else if (r != 0 || !note_seal_holds(v->key, manifest, buf_slice(&line))) {
		r = err_set(&v->c->e, -EBADMSG, "manifest.json was changed: its signature does not hold");
	}
	buf_done(&line);
	return r;
}

static int
missing_check(struct verify *v)
{
	uint64_t i = 0;

	while (i < v->n && v->seen[i])
		i++;
	return i == v->n ? 0 : err_set(&v->c->e, -EBADMSG, "a record was taken out: that of leaf %llu is missing",
	    (unsigned long long)i);
}

static int
manifest_check(struct verify *v)
{
	struct buf text;
	int r;

	buf_init(&text, (size_t)256 << 20);
	r = pack_read(v->pack, "manifest.json", (size_t)256 << 20, &text, &v->c->e);
	if (r == 0 && strstr(buf_cstr(&text), "\"complete\": true") != NULL)
		r = missing_check(v);
	if (r == 0)
		r = seal_check(v, buf_slice(&text));
	if (r == 0)
		r = pack_check(v->pack, buf_slice(&text), &v->c->e);
	buf_done(&text);
	return r;
}

/* An older export of the same bastion must be the beginning of this one. */
static int
older_check(struct verify *v, const char *path)
{
	struct verify o = { .c = v->c, .key = v->key, .pack = pack_open(path, &v->c->e) };
	int r = o.pack != NULL ? tree_load(&o) : -ENOENT;

	if (r == 0 && (o.note.size > v->note.size || o.n > v->n))
		r = err_set(&v->c->e, -EBADMSG, "this export is older than %s, or of a database that was put back: %llu records, "
		    "and there were %llu", path, (unsigned long long)v->n, (unsigned long long)o.n);
	if (r == 0)
		r = tree_check(v, &o.note, path);
	if (r == 0 && memcmp(o.leaves, v->leaves, o.n * sizeof(*o.leaves)) != 0)
		r = err_set(&v->c->e, -EBADMSG, "records of %s are not in this export", path);
	free(o.leaves);
	free(o.seen);
	pack_close(o.pack);
	return r;
}

static struct note_key *
key_load(struct verify *v, const char *path)
{
	struct note_key *key = NULL;
	struct slice rest, line;
	struct buf text;
	int r;

	buf_init(&text, 4096);
	r = path != NULL ? fd_read_file(path, 4096, &text, &v->c->e) : pack_read(v->pack, "key.pub", 4096, &text, &v->c->e);
	rest = buf_slice(&text);
	if (r == 0 && record_line(&rest, &line))
		key = note_key_parse(line, &v->c->e);
	else if (r == 0)
		(void)err_set(&v->c->e, -EBADMSG, "the key is empty");
	buf_done(&text);
	if (key != NULL && path == NULL)
		fputs("fortress: the key is the export's own: compare it with the bastion's, or name that with --key\n", stderr);
	return key;
}

static int
pack_verify(struct verify *v, const char *path, const char *key, const char *older)
{
	int r = -EBADMSG;

	v->pack = pack_open(path, &v->c->e);
	if (v->pack == NULL || (v->key = key_load(v, key)) == NULL)
		return r;
	if ((r = tree_load(v)) != 0 || (r = events_check(v)) != 0 || (r = sessions_check(v)) != 0 ||
	    (r = tree_check(v, &v->note, "the checkpoint")) != 0 || (older != NULL && (r = older_check(v, older)) != 0))
		return r;
	return manifest_check(v);
}

static const struct out_column columns[] = {
	{ "verified", OUT_BOOL, 0 }, { "origin", OUT_STRING, 0 }, { "leaves", OUT_NUMBER, 0 }, { "signed", OUT_NUMBER, 0 },
	{ "events", OUT_NUMBER, 0 }, { "sessions", OUT_NUMBER, 0 }, { "segments", OUT_NUMBER, 0 }, { "bytes", OUT_NUMBER, 0 },
	{ NULL, 0, 0 },
};

static int
summary(struct ctl *c, const char *origin, const struct db_verify *s)
{
	struct out *o = ctl_out(c, columns, true);

	out_bool(o, true);
	out_cstr(o, origin);
	out_number(o, (int64_t)s->leaves);
	out_number(o, (int64_t)s->signed_size);
	out_number(o, (int64_t)s->events);
	out_number(o, (int64_t)s->sessions);
	out_number(o, (int64_t)s->segments);
	out_number(o, (int64_t)s->bytes);
	if (s->leaves > s->signed_size)
		fprintf(stderr, "fortress: the last %llu records are newer than the checkpoint: the next one will sign them\n",
		    (unsigned long long)(s->leaves - s->signed_size));
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

static int
verify_pack(struct ctl *c, const char *path, const char *key, const char *older)
{
	struct verify v = { .c = c };
	struct db_verify s;
	int r;

	buf_init(&v.sessions_text, AUDIT_FILE_MAX);
	buf_init(&v.segments_text, AUDIT_FILE_MAX);
	buf_init(&v.arena, (size_t)16 << 20);
	r = pack_verify(&v, path, key, older);
	s = (struct db_verify){ .leaves = v.n, .events = v.events, .sessions = v.sessions, .segments = v.segments,
	    .bytes = v.bytes, .signed_size = v.note.size };
	r = r == 0 ? summary(c, v.note.origin, &s) : CTL_FAILED;
	buf_done(&v.sessions_text);
	buf_done(&v.segments_text);
	buf_done(&v.arena);
	free(v.leaves);
	free(v.seen);
	note_key_free(v.key);
	pack_close(v.pack);
	return r;
}

/* --- a live database --- */

static int
verify_db(struct ctl *c, const char *key, const char *older)
{
	struct verify v = { .c = c };
	struct db_verify s = { 0 };
	struct buf outside;
	char path[2300];
	struct db *db = ctl_db(c);
	int r = -ENOENT;

	snprintf(path, sizeof(path), "%s/keys/checkpoint_ed25519.pub", c->state);
	buf_init(&outside, NOTE_MAX);
	v.key = db != NULL ? key_load(&v, key != NULL ? key : path) : NULL;
	if (v.key != NULL)
		r = older != NULL ? fd_read_file(older, NOTE_MAX, &outside, &c->e) : 0;
	if (r == 0)
		r = db_verify(db, v.key, buf_slice(&outside), &s, &c->e);
	r = r == 0 ? summary(c, note_key_name(v.key), &s) : CTL_FAILED;
	buf_done(&outside);
	note_key_free(v.key);
	db_close(db);
	return r;
}

int
audit_verify(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "key", required_argument, NULL, 'k' }, { "older", required_argument, NULL, 'o' }, { "db", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	const char *key = NULL, *older = NULL;
	bool live = false;
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		switch (o) {
		case 'k': key = optarg; break;
		case 'o': older = optarg; break;
		case 'd': live = true; break;
		default:  return CTL_USAGE;
		}
	if (ctl_words(c, argc, argv, !live, !live) != CTL_OK)
		return CTL_USAGE;
	return live ? verify_db(c, key, older) : verify_pack(c, argv[optind], key, older);
}

const struct command commands_audit[] = {
	{ "audit", "ls", "[--from TIME] [--to TIME] [--user U] [--host H] [--class CLASS] [--failed]\n[--limit N] [--follow]",
	    "list what happened, the newest last", audit_ls },
	{ "audit", "export", "[--from TIME] [--to TIME] [--user U] [--host H] [--offline] -o PATH|PATH.tar",
	    "write records, recordings and their proofs to a new directory or tar file", audit_export },
	{ "audit", "verify", "PATH [--key FILE] [--older PATH] | --db [--key FILE] [--older CHECKPOINT]",
	    "check an export, or the live database: names the first thing that is wrong", audit_verify },
	{ NULL, NULL, NULL, NULL, NULL },
};
