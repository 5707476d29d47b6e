/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * An export as a set of named files: a directory, or one ustar file of it.  Written with the same bytes for the same
 * contents: names in order, no times, no owners.
 */
#ifndef CTL_PACK_H
#define CTL_PACK_H

#include "base/buf.h"
#include "base/err.h"
#include "db/note.h"

struct pack;

/* Writing: path must not be there yet.  A name that ends in .tar makes a tar file at pack_finish. */
struct pack *pack_new(const char *path, struct err *e);
/* One file: begin, any number of writes, end.  Names hold letters, digits, ".", "-", "_" and at most one "/". */
int pack_begin(struct pack *p, const char *name, struct err *e);
int pack_write(struct pack *p, struct slice bytes, struct err *e);
int pack_end(struct pack *p, struct err *e);
/* Writes manifest.json (every file with its size and SHA-256; head: JSON members that come first), manifest.sig if there
 * is a key, and all to disk. */
int pack_finish(struct pack *p, const char *head, const struct note_key *key, struct err *e);

/* Reading. */
struct pack *pack_open(const char *path, struct err *e);
/* A whole file of at most max bytes, appended.  -ENOENT: it is not there. */
int pack_read(struct pack *p, const char *name, size_t max, struct buf *out, struct err *e);
/* Every file against the manifest: names the first one that is changed, missing, or there without being named. */
int pack_check(struct pack *p, struct slice manifest, struct err *e);
void pack_close(struct pack *p);                 /* a pack that was not finished is removed; NULL is fine */

#endif
