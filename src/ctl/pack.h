/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * An export as a set of named files: a directory, a zip or a tar file.  Written with the same bytes for the same contents:
 * files in the order in which they are begun, no times, no owners.  Reading is unpack.h's.
 */
#ifndef CTL_PACK_H
#define CTL_PACK_H

#include "base/buf.h"
#include "base/err.h"
#include "db/note.h"

#define PACK_NAME 100                            /* bytes of a file's name, with the NUL */

struct pack;

/* path must not be there yet.  What its name ends in says what it will be: .zip, .tar, or else a directory. */
struct pack *pack_new(const char *path, struct err *e);
/* One file: begin, any number of writes, end.  Names hold letters, digits, ".", "-", "_" and at most one "/". */
int pack_begin(struct pack *p, const char *name, struct err *e);
int pack_write(struct pack *p, struct slice bytes, struct err *e);
int pack_end(struct pack *p, struct err *e);
int pack_file(struct pack *p, const char *name, struct slice bytes, struct err *e);    /* all three */
/* Writes manifest.json (every file with its size and SHA-256; head: JSON members that come first), manifest.sig if there
 * is a key, and all to disk. */
int pack_finish(struct pack *p, const char *head, const struct note_key *key, struct err *e);
void pack_close(struct pack *p);                 /* a pack that was not finished is removed; NULL is fine */

#endif
