/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The whole database against itself and its signatures: every row against its leaf, the
 * tree against every checkpoint, every segment's frames against the chain, every session's
 * end against its frames.  Changes nothing.
 */
#ifndef DB_VERIFY_H
#define DB_VERIFY_H

#include "db/db.h"
#include "db/note.h"

struct db_verify {
	uint64_t leaves, events, sessions, segments, bytes, checkpoints;
	uint64_t signed_size;                     /* leaves below this are under a checkpoint */
};

/* outside: a checkpoint kept elsewhere, or empty; with it a cut tail or an older copy shows.
 * 0: all holds; -EBADMSG and e: the first bad record in words; else what could not be read. */
int db_verify(struct db *db, const struct note_key *key, struct slice outside, struct db_verify *ret, struct err *e);

#endif
