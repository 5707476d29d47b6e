/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Checkpoints: the key, when to sign, and where the note goes: into the database in the
 * same transaction as the leaves, to the file "checkpoint" beside it, and to a file outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "db/tree.h"
#include "store/store.h"

#define MINUTE_MS 60000
#define SOON_MS   1000
#define READ_MAX  65536                   /* fd_read_file reads in large pieces */

static int
public_write(const struct note_key *k, const char *path, struct err *e)
{
	char file[4096];
	struct buf text;
	int r;

	if ((size_t)snprintf(file, sizeof(file), "%s.pub", path) >= sizeof(file))
		return err_set(e, -ENAMETOOLONG, "%s: too long", path);
	buf_init(&text, NOTE_KEY_MAX);
	r = note_key_public(k, &text);
	if (r == 0)
		r = buf_text(&text, "\n");
	r = r != 0 ? err_set(e, r, "out of memory") : fd_write_file(file, text.p, text.len, 0644, e);
	buf_done(&text);
	return r;
}

static int
key_make(struct store *st, const char *path, struct err *e)
{
	char name[NOTE_NAME_MAX];
	struct buf text;
	int r;

	snprintf(name, sizeof(name), "%s", note_name_is_good(slice_from(st->node)) ? st->node : "fortress");
	buf_init(&text, NOTE_KEY_MAX);
	if (buf_reserve(&text, NOTE_KEY_MAX) == NULL)    /* so that no copy is left behind while it grows */
		return err_set(e, -ENOMEM, "out of memory");
	st->key = note_key_new(name, &text, e);
	st->key_is_new = true;
	r = st->key == NULL ? -EIO : buf_text(&text, "\n");
	if (r == 0)
		r = fd_write_file(path, text.p, text.len, 0600, e);
	secret_wipe(text.p, text.cap);
	buf_done(&text);
	return r == 0 ? public_write(st->key, path, e) : r;
}

int
checkpoint_key(struct store *st, const char *path, uid_t uid, struct err *e)
{
	char public[4096];
	struct stat s;
	struct buf text;
	int r;

	if (lstat(path, &s) != 0 && errno == ENOENT)
		return key_make(st, path, e);
	if (lstat(path, &s) == 0 && ((s.st_mode & 077) != 0 || (s.st_uid != uid && s.st_uid != 0)))
		return err_set(e, -EPERM, "%s: others may read the checkpoint key: chmod 600 and chown it", path);
	buf_init(&text, READ_MAX);
	r = fd_read_file(path, NOTE_KEY_MAX, &text, e);
	if (r == 0 && (st->key = note_key_parse(buf_slice(&text), e)) == NULL)
		r = err_prefix(e, "%s", path);
	if (r == 0 && !note_key_signs(st->key))
		r = err_set(e, -EINVAL, "%s: a public key cannot sign", path);
	if (text.p != NULL)
		secret_wipe(text.p, text.cap);
	buf_done(&text);
	snprintf(public, sizeof(public), "%s.pub", path);
	if (r == 0 && access(public, F_OK) != 0)
		r = public_write(st->key, path, e);
	return r;
}

/* A minute after the last one; a second after it when a session has closed; at once when somebody is about to read the
 * record; always at the end. */
static bool
is_time(const struct store *st)
{
	int64_t ms = clock_ms_since(st->signed_at);

	return st->stopping || st->sign_now || st->signed_size == 0 || ms >= MINUTE_MS || (st->sign_soon && ms >= SOON_MS);
}

int
checkpoint_write(struct store *st, struct err *e)
{
	struct db_checkpoint c = { .t_us = clock_wall().us };
	int r;

	if (!is_time(st))
		return 0;
	r = db_tree_edge_root(st->db, &c.size, c.root, e);
	if (r != 0 || c.size == st->signed_size || c.size == 0)
		return r;
	r = note_sign(st->key, c.size, c.root, &st->note);
	if (r != 0)
		return err_set(e, r, "a checkpoint cannot be signed");
	c.note = buf_cstr(&st->note);
	r = db_checkpoint_add(st->db, &c, e);
	if (r == 0)
		st->signing_size = c.size;
	return r;
}

void
checkpoint_publish(struct store *st)
{
	struct err e = { 0 };
	char path[4096];

	if (st->note.len == 0)
		return;
	st->signed_size = st->signing_size;
	st->signed_at = clock_mono();
	st->sign_soon = st->sign_now = false;
	snprintf(path, sizeof(path), "%s/" DB_CHECKPOINT, db_dir(st->db));
	if (fd_write_file(path, st->note.p, st->note.len, 0644, &e) != 0)
		log_warn("store: checkpoint: %s", e.text);
	outside_write(st->outside, buf_slice(&st->note));
}
