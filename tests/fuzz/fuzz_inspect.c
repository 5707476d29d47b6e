/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Any rows and recordings as a bastion would have signed them: the chain, the leaves, the tree, the checkpoint and the manifest are made
 * for what the input says, so that each check is met by what has passed those before it.  And of what is found good no bit can be
 * changed.
 *
 * Input: u32 which bit that is | events 0xff sessions 0xff segments { 0xff recording }, of the sessions in their order.
 */
#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/inspect.h"
#include "ctl/record.h"
#include "db/merkle.h"
#include "tests/fuzz/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { LEAVES = 64, SESSIONS = 4, FILES = 7 + SESSIONS, INPUT_MAX = 65536, ROOM = 4 * INPUT_MAX, ARCHIVE_ROOM = 1 << 20 };

static const char signer[] = "PRIVATE+KEY+fuzz.example+e24ab4f7+AWZvcnRyZXNzIGZ1enplcyB3aGF0IGl0IGhhcyBtYWRl";
static const char public[] = "fuzz.example+e24ab4f7+AdRxV3K6/3PlqhPfyHm2ko34+brynAd18xCUMx/i/vRQ\n";

struct session { char id[ID_TEXT]; unsigned char chain[HASH_BYTES]; struct slice recording; };

struct pack {
	const struct note_key *key;
	struct { char name[64]; struct buf bytes; } files[FILES];
	size_t n;
	struct slice recordings[SESSIONS];
	struct session sessions[SESSIONS];
	size_t nsessions;
	unsigned char leaves[LEAVES][HASH_BYTES];
	uint64_t nleaves;
};

static struct buf *
file_add(struct pack *p, const char *name)
{
	struct buf *b = &p->files[p->n].bytes;

	assert(p->n < FILES);
	(void)snprintf(p->files[p->n++].name, sizeof(p->files[0].name), "%s", name);
	buf_init(b, ROOM);
	return b;
}

/* --- leaves --- */

/* Of two rows that name the same leaf the later one is right. */
static void
leaf_put(struct pack *p, int64_t leaf, const struct buf *data)
{
	if (leaf < 0 || leaf >= LEAVES)
		return;
	merkle_leaf(buf_slice(data), p->leaves[leaf]);
	if ((uint64_t)leaf >= p->nleaves)
		p->nleaves = (uint64_t)leaf + 1;
}

/* Of each row: what it is made right with, data being room for a leaf.  True: it was changed. */
typedef bool seal_fn(struct pack *p, void *row, struct buf *data);

static bool
event_seal(struct pack *p, void *row, struct buf *data)
{
	const struct db_event *v = row;

	if (db_event_leaf(data, v) == 0)
		leaf_put(p, v->leaf, data);
	return false;
}

static bool
session_find(struct pack *p, void *row, struct buf *data)
{
	const struct db_session *s = row;
	struct session *to = &p->sessions[p->nsessions];

	if (p->nsessions == SESSIONS || db_session_open_leaf(data, s) != 0)
		return false;
	to->recording = p->recordings[p->nsessions++];
	memcpy(to->id, s->id_text, ID_TEXT);
	leaf_sha256(buf_slice(data), slice_of(NULL, 0), to->chain);
	return false;
}

static struct session *
session_of(struct pack *p, const char *id)
{
	for (size_t i = 0; i < p->nsessions; i++)
		if (strcmp(p->sessions[i].id, id) == 0)
			return &p->sessions[i];
	return NULL;
}

/* Behind its segments: it ends with their chain. */
static bool
session_seal(struct pack *p, void *row, struct buf *data)
{
	struct db_session *s = row;
	const struct session *of = session_of(p, s->id_text);

	if (of != NULL)
		memcpy(s->chain, of->chain, HASH_BYTES);
	if (db_session_open_leaf(data, s) == 0)
		leaf_put(p, s->open_leaf, data);
	buf_clear(data);
	if (db_session_close_leaf(data, s) == 0)
		leaf_put(p, s->close_leaf, data);
	return of != NULL;
}

/* The chain before and behind what the row says are its bytes. */
static void
segment_chain(struct session *of, struct db_segment *g)
{
	struct slice bytes = of->recording, before;
	struct frame f;

	memcpy(g->prev, of->chain, HASH_BYTES);
	if (g->pos1 <= bytes.n && g->pos0 <= g->pos1)
		bytes = slice_of(bytes.p + g->pos0, (size_t)(g->pos1 - g->pos0));
	for (before = bytes; frame_take(&bytes, &f) == 1; before = bytes)
		leaf_chain(of->chain, slice_of(before.p, before.n - bytes.n));
	memcpy(g->hash, of->chain, HASH_BYTES);
}

static bool
segment_seal(struct pack *p, void *row, struct buf *data)
{
	struct record_segment *r = row;
	struct session *of = session_of(p, r->session);

	if (of != NULL)
		segment_chain(of, &r->s);
	if (db_segment_leaf(data, r->session, &r->s) == 0)
		leaf_put(p, r->s.leaf, data);
	return of != NULL;
}

/* A row that is none, or was right, stays as it was written. */
static void
rows_seal(struct pack *p, const struct record_field *fields, struct slice rows, seal_fn *seal, struct buf *out)
{
	union { struct db_event event; struct db_session session; struct record_segment segment; } row;
	struct slice rest = rows, line;
	struct buf arena, data;

	buf_init(&arena, ROOM);
	buf_init(&data, LEAF_MAX);
	while (take_part(&rest, '\n', &line)) {
		memset(&row, 0, sizeof(row));
		buf_clear(&arena);
		buf_clear(&data);
		if (record_parse(line, fields, &row, &arena) == 0 && seal(p, &row, &data)) {
			(void)record_json(out, fields, &row);
			continue;
		}
		(void)buf_slice_append(out, line);
		if (line.p + line.n < rows.p + rows.n)
			(void)buf_u8(out, '\n');
	}
	buf_done(&arena);
	buf_done(&data);
}

/* --- what is signed --- */

static void
tree_seal(struct pack *p)
{
	struct buf *leaves = file_add(p, "leaves.txt"), *checkpoint = file_add(p, "checkpoint");
	struct merkle_edge edge = { 0 };
	unsigned char root[HASH_BYTES];

	for (uint64_t i = 0; i < p->nleaves; i++) {
		merkle_edge_add(&edge, p->leaves[i]);
		assert(text_hex(leaves, slice_of(p->leaves[i], HASH_BYTES)) == 0 && buf_u8(leaves, '\n') == 0);
	}
	merkle_edge_root(&edge, root);
	assert(note_sign(p->key, p->nleaves, root, checkpoint) == 0);
}

static void
manifest_seal(struct pack *p, bool complete)
{
	size_t n = p->n;
	struct buf *manifest = file_add(p, "manifest.json");
	unsigned char hash[HASH_BYTES];

	assert(buf_printf(manifest, "{\n \"complete\": %s,\n \"files\": [\n", complete ? "true" : "false") == 0);
	for (size_t i = 0; i < n; i++) {
		leaf_sha256(buf_slice(&p->files[i].bytes), slice_of(NULL, 0), hash);
		assert(buf_printf(manifest, "  {\"name\":\"%s\",\"size\":%zu,\"sha256\":\"", p->files[i].name, p->files[i].bytes.len) == 0 &&
		    text_hex(manifest, slice_of(hash, HASH_BYTES)) == 0 && buf_text(manifest, i + 1 < n ? "\"},\n" : "\"}\n") == 0);
	}
	assert(buf_text(manifest, " ]\n}\n") == 0);
	assert(note_seal(p->key, buf_slice(manifest), file_add(p, "manifest.sig")) == 0);
}

static void
pack_seal(struct pack *p, struct slice input)
{
	struct slice parts[3] = { 0 };
	struct buf found;
	char name[64];

	for (size_t i = 0; i < 3; i++)
		(void)take_part(&input, 0xff, &parts[i]);
	for (size_t i = 0; i < SESSIONS; i++)
		(void)take_part(&input, 0xff, &p->recordings[i]);
	buf_init(&found, ROOM);
	rows_seal(p, record_events, parts[0], event_seal, file_add(p, "events.jsonl"));
	rows_seal(p, record_sessions, parts[1], session_find, &found);
	rows_seal(p, record_segments, parts[2], segment_seal, file_add(p, "segments.jsonl"));
	rows_seal(p, record_sessions, parts[1], session_seal, file_add(p, "sessions.jsonl"));
	buf_done(&found);
	for (size_t i = 0; i < p->nsessions; i++) {
		(void)snprintf(name, sizeof(name), "recordings/%s.frames", p->sessions[i].id);
		(void)buf_slice_append(file_add(p, name), p->recordings[i]);
	}
	tree_seal(p);
	manifest_seal(p, parts[0].n % 2 == 0);
}

/* --- reading it --- */

static int
pack_open(const struct pack *p, char path[FILE_PATH])
{
	static unsigned char room[ARCHIVE_ROOM];
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	assert(a != NULL && entry != NULL && archive_write_set_format_ustar(a) == ARCHIVE_OK &&
	    archive_write_open_memory(a, room, sizeof(room), &used) == ARCHIVE_OK);
	for (size_t i = 0; i < p->n; i++) {
		const struct buf *b = &p->files[i].bytes;

		archive_entry_clear(entry);
		archive_entry_set_pathname(entry, p->files[i].name);
		archive_entry_set_size(entry, (la_int64_t)b->len);
		archive_entry_set_filetype(entry, AE_IFREG);
		assert(archive_write_header(a, entry) == ARCHIVE_OK && archive_write_data(a, b->p, b->len) == (la_ssize_t)b->len);
	}
	assert(archive_write_close(a) == ARCHIVE_OK);
	archive_entry_free(entry);
	(void)archive_write_free(a);
	return file_open(slice_of(room, used), path);
}

static bool
is_good(const struct pack *p, const char *key_path)
{
	char path[FILE_PATH];
	struct err e = { 0 };
	int fd = pack_open(p, path);
	struct inspect *x = inspect_new(path, key_path, &e);
	bool good = x != NULL && inspect_all(x, &e) == 0;

	assert(good == (e.text[0] == '\0'));
	inspect_free(x);
	(void)close(fd);
	return good;
}

static void
bit_change(struct pack *p, uint32_t which)
{
	size_t all = 0, at = which / 8;

	for (size_t i = 0; i < p->n; i++)
		all += p->files[i].bytes.len;
	at %= all;
	for (size_t i = 0; i < p->n; at -= p->files[i++].bytes.len)
		if (at < p->files[i].bytes.len) {
			p->files[i].bytes.p[at] ^= (unsigned char)(1u << which % 8);
			return;
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct note_key *key;
	struct slice input = slice_of(data, n);
	struct pack p = { 0 };
	char key_path[FILE_PATH];
	struct err e = { 0 };
	uint32_t which;
	int fd;

	if (n > INPUT_MAX || !take_u32(&input, &which))
		return 0;
	if (key == NULL)
		key = note_key_parse(slice_from(signer), &e);
	assert(key != NULL);
	p.key = key;
	fd = file_open(slice_from(public), key_path);
	pack_seal(&p, input);
	if (is_good(&p, key_path)) {
		bit_change(&p, which);
		assert(!is_good(&p, key_path));
	}
	(void)close(fd);
	for (size_t i = 0; i < p.n; i++)
		buf_done(&p.files[i].bytes);
	return 0;
}
