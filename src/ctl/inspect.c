/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Two walks over the export's files.  The first keeps the small ones: checkpoint, leaves, manifest, the rows of sessions and
 * segments.  The second sees every file once, in pieces: its SHA-256 for the manifest, and on the way each event against its
 * leaf, each recording's frames against the chain of its segments.  So an archive of any size takes memory for its leaves and
 * rows of sessions alone.  It ends at the first thing that is wrong and names it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/audit.h"
#include "ctl/inspected.h"
#include "db/merkle.h"

static const struct { const char *name; size_t max; } kept_files[KEPT_NONE] = {
	[KEPT_CHECKPOINT] = { "checkpoint", NOTE_MAX }, [KEPT_KEY] = { "key.pub", NOTE_KEY_MAX },
	[KEPT_LEAVES] = { "leaves.txt", AUDIT_FILE_MAX }, [KEPT_SESSIONS] = { "sessions.jsonl", AUDIT_FILE_MAX },
	[KEPT_SEGMENTS] = { "segments.jsonl", AUDIT_FILE_MAX }, [KEPT_MANIFEST] = { "manifest.json", (size_t)256 << 20 },
	[KEPT_SIGNATURE] = { "manifest.sig", NOTE_MAX },
};

static const struct record_field listed_fields[] = {
	{ "name", RECORD_TEXT, offsetof(struct listed, name) }, { "size", RECORD_U64, offsetof(struct listed, size) },
	{ "sha256", RECORD_HASH, offsetof(struct listed, hash) }, { NULL, 0, 0 },
};

/* --- the first walk --- */

static int
kept_begin(void *arg, const char *name)
{
	struct inspect *x = arg;

	for (x->at = 0; x->at < KEPT_NONE && strcmp(kept_files[x->at].name, name) != 0; x->at++)
		continue;
	if (x->at == KEPT_NONE)
		return 0;
	if (x->has[x->at])
		return err_set(x->e, -EBADMSG, "the export holds %s twice", name);
	x->has[x->at] = true;
	return 1;
}

static int
kept_bytes(void *arg, struct slice bytes)
{
	struct inspect *x = arg;
	int r = buf_slice_append(&x->kept[x->at], bytes);

	return r == 0 ? 0 : err_set(x->e, -EBADMSG, "%s is too large", kept_files[x->at].name);
}

static int
kept_end(void *arg)
{
	(void)arg;
	return 0;
}

int
inspect_need(struct inspect *x, enum kept k)
{
	return x->has[k] ? 0 : err_set(x->e, -EBADMSG, "%s is missing", kept_files[k].name);
}

/* --- the tree --- */

static int
leaves_parse(struct inspect *x, struct slice text)
{
	struct slice line;
	struct buf hash;

	if (text.n % 65 != 0)
		return err_set(x->e, -EBADMSG, "leaves.txt was changed: it does not consist of whole lines");
	x->n = text.n / 65;
	x->leaves = calloc(x->n + 1, sizeof(*x->leaves));
	x->seen = calloc(x->n + 1, 1);
	if (x->leaves == NULL || x->seen == NULL)
		return err_set(x->e, -ENOMEM, "out of memory");
	buf_init(&hash, HASH_BYTES);
	for (uint64_t i = 0; i < x->n && take_part(&text, '\n', &line); i++) {
		buf_clear(&hash);
		if (text_unhex(&hash, line) != 0 || hash.len != HASH_BYTES) {
			buf_done(&hash);
			return err_set(x->e, -EBADMSG, "leaves.txt was changed at line %llu", (unsigned long long)i + 1);
		}
		memcpy(x->leaves[i], hash.p, HASH_BYTES);
	}
	buf_done(&hash);
	return 0;
}

static int
tree_check(const struct inspect *x, const struct note *note, const char *whose, struct err *e)
{
	struct merkle_edge edge = { 0 };
	unsigned char root[HASH_BYTES];

	if (note->size > x->n)
		return err_set(e, -EBADMSG, "records are missing at the end: %s covers %llu, and here are %llu", whose,
		    (unsigned long long)note->size, (unsigned long long)x->n);
	for (uint64_t i = 0; i < note->size; i++)
		merkle_edge_add(&edge, x->leaves[i]);
	merkle_edge_root(&edge, root);
	return memcmp(root, note->root, HASH_BYTES) == 0 ? 0 :
	    err_set(e, -EBADMSG, "leaves.txt does not hash to the root that %s signs: records were changed", whose);
}

static int
tree_load(struct inspect *x)
{
	int r = inspect_need(x, KEPT_CHECKPOINT);

	if (r == 0 && (r = note_open(x->key, buf_slice(&x->kept[KEPT_CHECKPOINT]), &x->note, x->e)) != 0)
		(void)err_prefix(x->e, "checkpoint");
	if (r == 0)
		r = inspect_need(x, KEPT_LEAVES);
	if (r == 0)
		r = leaves_parse(x, buf_slice(&x->kept[KEPT_LEAVES]));
	buf_done(&x->kept[KEPT_LEAVES]);
	x->done.leaves = x->n;
	x->done.signed_size = x->note.size;
	return r == 0 ? tree_check(x, &x->note, "the checkpoint", x->e) : r;
}

/* One that is named is somebody's to have right; the export's own is a part of what is checked. */
static int
key_load(struct inspect *x, const char *path)
{
	if (path != NULL) {
		x->key = audit_key_load(path, x->e);
		return x->key != NULL ? 0 : x->e->code;
	}
	if (!x->has[KEPT_KEY])
		return err_set(x->e, -ENOENT, "the export has no key.pub: name the bastion's with --key");
	x->key = note_key_parse(buf_slice(&x->kept[KEPT_KEY]), x->e);
	return x->key != NULL ? 0 : -EBADMSG;
}

/* --- the manifest --- */

static int
listed_compare(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

static struct listed *
listed_find(const struct inspect *x, const char *name)
{
	struct listed wanted = { .name = name };

	return x->nlisted == 0 ? NULL : bsearch(&wanted, x->listed, x->nlisted, sizeof(wanted), listed_compare);
}

/* Lines of files stand alone, two blanks before them; all others belong to the head. */
static bool
listed_line(struct slice *text, struct slice *line)
{
	while (take_part(text, '\n', line))
		if (line->n > 3 && memcmp(line->p, "  {", 3) == 0) {
			*line = slice_of(line->p + 2, line->n - 2 - (line->p[line->n - 1] == ','));
			return true;
		}
	return false;
}

static int
manifest_lines(struct inspect *x, struct slice text, size_t lines)
{
	struct slice line;

	x->listed = calloc(lines + 1, sizeof(*x->listed));
	if (x->listed == NULL || buf_reserve(&x->names, text.n + lines * 64) == NULL)
		return err_set(x->e, -ENOMEM, "out of memory");
	for (; x->nlisted < lines && listed_line(&text, &line); x->nlisted++)
		if (record_parse(line, listed_fields, &x->listed[x->nlisted], &x->names) != 0)
			return err_set(x->e, -EBADMSG, "manifest.json: damaged at file %zu", x->nlisted + 1);
	qsort(x->listed, x->nlisted, sizeof(*x->listed), listed_compare);
	return x->nlisted > 0 ? 0 : err_set(x->e, -EBADMSG, "manifest.json names no files");
}

static int
manifest_load(struct inspect *x)
{
	struct slice text = buf_slice(&x->kept[KEPT_MANIFEST]), rest = text, line;
	size_t lines = 0;
	int r = inspect_need(x, KEPT_MANIFEST);

	x->is_signed = x->has[KEPT_SIGNATURE];
	if (r == 0 && x->is_signed && !note_seal_holds(x->key, text, buf_slice(&x->kept[KEPT_SIGNATURE])))
		r = err_set(x->e, -EBADMSG, "manifest.json was changed: its signature does not hold");
	while (r == 0 && listed_line(&rest, &line))
		lines++;
	return r == 0 ? manifest_lines(x, text, lines) : r;
}

/* --- the second walk --- */

static int
file_begin(void *arg, const char *name)
{
	struct inspect *x = arg;
	struct recorded *of = inspect_recorded(x, name);
	char shown[200];

	if (strcmp(name, "manifest.json") == 0 || strcmp(name, "manifest.sig") == 0)
		return 0;
	x->file = listed_find(x, name);
	if (x->file == NULL)
		return err_set(x->e, -EBADMSG, "%s is no part of the export: the manifest does not name it",
		    text_escaped(slice_from(name), shown, sizeof(shown)));
	if (x->file->seen)
		return err_set(x->e, -EBADMSG, "the export holds %s twice", name);
	x->file->seen = true;
	x->events = strcmp(name, "events.jsonl") == 0;
	x->size = 0;
	x->r.of = NULL;
	buf_clear(&x->pending);
	if (EVP_DigestInit_ex(x->md, EVP_sha256(), NULL) != 1)
		return err_set(x->e, -EIO, "SHA-256 fails");
	return of == NULL || inspect_recording_begin(x, of) == 0 ? 1 : -EBADMSG;
}

static int
changed(const struct inspect *x, const struct listed *file)
{
	return err_set(x->e, -EBADMSG, "%s was changed: its SHA-256 is not the manifest's", file->name);
}

/* An archive can say that a file has more bytes than anybody has time for: it ends where it is larger than it should be, at the latest. */
static int
file_bytes(void *arg, struct slice bytes)
{
	struct inspect *x = arg;
	int r = 0;

	x->size += bytes.n;
	if (EVP_DigestUpdate(x->md, bytes.p, bytes.n) != 1)
		return err_set(x->e, -EIO, "SHA-256 fails");
	if (x->r.of != NULL)
		r = inspect_recording_bytes(x, bytes);
	else if (x->events)
		r = inspect_events(x, bytes);
	return r == 0 && x->size > x->file->size ? changed(x, x->file) : r;
}

static int
file_end(void *arg)
{
	struct inspect *x = arg;
	unsigned char hash[HASH_BYTES];
	int r = x->r.of != NULL ? inspect_recording_end(x) : 0;

	if (r == 0 && x->events && x->pending.len > 0)
		r = err_set(x->e, -EBADMSG, "events.jsonl was changed: its last row is not whole");
	if (r != 0)
		return r;
	if (EVP_DigestFinal_ex(x->md, hash, NULL) == 1 && x->size == x->file->size && memcmp(hash, x->file->hash, HASH_BYTES) == 0)
		return 0;
	if (x->events) {                         /* each of its rows holds: what is amiss is known at the end */
		x->shortened = x->file;
		return 0;
	}
	return changed(x, x->file);
}

/* --- the whole --- */

static int
missing_check(const struct inspect *x)
{
	static const char complete[] = "\"complete\": true";
	const struct buf *m = &x->kept[KEPT_MANIFEST];

	for (size_t i = 0; i < x->nrecorded; i++)
		if (!x->recorded[i].seen)
			return err_set(x->e, -EBADMSG, "recording %s is missing", x->recorded[i].id);
	for (size_t i = 0; i < x->nlisted; i++)
		if (!x->listed[i].seen)
			return err_set(x->e, -EBADMSG, "%s is missing", x->listed[i].name);
	for (uint64_t i = 0; i < x->n && memmem(m->p, m->len, complete, sizeof(complete) - 1) != NULL; i++)
		if (!x->seen[i])
			return err_set(x->e, -EBADMSG, "a record was taken out: that of leaf %llu is missing", (unsigned long long)i);
	return x->shortened != NULL ? changed(x, x->shortened) : 0;
}

struct inspect *
inspect_new(const char *path, const char *key, struct err *e)
{
	struct inspect *x = calloc(1, sizeof(*x));
	const struct unpack_visit visit = { x, kept_begin, kept_bytes, kept_end };
	int r;

	if (x == NULL) {
		(void)err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	x->e = e;
	for (size_t k = 0; k < KEPT_NONE; k++)
		buf_init(&x->kept[k], kept_files[k].max);
	buf_init(&x->pending, (size_t)16 << 20);
	buf_init(&x->arena, (size_t)16 << 20);
	buf_init(&x->rows, 65536);
	buf_init(&x->names, (size_t)512 << 20);
	buf_init(&x->data, LEAF_MAX);
	x->md = EVP_MD_CTX_new();
	x->files = unpack_open(path, e);
	r = x->files == NULL ? -ENOENT : x->md == NULL ? err_set(e, -ENOMEM, "out of memory") : unpack_walk(x->files, &visit, e);
	if (r == 0)
		r = key_load(x, key);
	if (r == 0)
		r = tree_load(x);
	if (r == 0)
		return x;
	inspect_free(x);
	return NULL;
}

void
inspect_free(struct inspect *x)
{
	if (x == NULL)
		return;
	for (size_t k = 0; k < KEPT_NONE; k++)
		buf_done(&x->kept[k]);
	buf_done(&x->pending);
	buf_done(&x->arena);
	buf_done(&x->rows);
	buf_done(&x->names);
	buf_done(&x->data);
	EVP_MD_CTX_free(x->md);
	note_key_free(x->key);
	unpack_close(x->files);
	free(x->leaves);
	free(x->seen);
	free(x->listed);
	free(x->recorded);
	free(x);
}

int
inspect_all(struct inspect *x, struct err *e)
{
	const struct unpack_visit visit = { x, file_begin, file_bytes, file_end };
	int r;

	x->e = e;
	if ((r = inspect_sessions(x)) != 0 || (r = manifest_load(x)) != 0 || (r = unpack_walk(x->files, &visit, e)) != 0)
		return r;
	return missing_check(x);
}

int
inspect_continues(const struct inspect *x, const struct inspect *older, const char *whose, struct err *e)
{
	int r = 0;

	if (older->note.size > x->note.size || older->n > x->n)
		r = err_set(e, -EBADMSG, "this export is older than %s, or of a database that was put back: %llu records, "
		    "and there were %llu", whose, (unsigned long long)x->n, (unsigned long long)older->n);
	if (r == 0)
		r = tree_check(x, &older->note, whose, e);
	if (r == 0 && memcmp(older->leaves, x->leaves, older->n * sizeof(*older->leaves)) != 0)
		r = err_set(e, -EBADMSG, "records of %s are not in this export", whose);
	return r;
}

const struct db_verify *
inspect_counts(const struct inspect *x)
{
	return &x->done;
}

const char *
inspect_origin(const struct inspect *x)
{
	return x->note.origin;
}

bool
inspect_is_signed(const struct inspect *x)
{
	return x->is_signed;
}
