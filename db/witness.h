/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Cosignatures of witnesses (C2SP tlog-cosignature): a witness signs the time and a checkpoint's text, once it has seen that the log
 * still begins with what it saw before.  Its key is text: NAME+HHHHHHHH+base64(4 | public key).
 */
#ifndef DB_WITNESS_H
#define DB_WITNESS_H

#include "db/note.h"

struct witness;

struct witness *witness_parse(struct slice text, struct err *e);
void witness_free(struct witness *w);                            /* NULL is fine */
const char *witness_name(const struct witness *w);
/* Does a line of `lines` hold this witness's signature of the checkpoint whose text is the beginning of note?  *t_s: when it signed. */
bool witness_signed(const struct witness *w, struct slice note, struct slice lines, int64_t *t_s);

#endif
