/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The rows of an export.  Each kind of row is a table of fields, from which the JSON Lines writer, the CSV
 * writer and the reader of `audit verify` all work: what one writes the other reads, byte for byte.
 */
#ifndef CTL_RECORD_H
#define CTL_RECORD_H

#include "db/event.h"
#include "db/session.h"

enum record_kind { RECORD_TEXT, RECORD_I64, RECORD_U64, RECORD_U32, RECORD_HASH, RECORD_TIME };

struct record_field { const char *name; enum record_kind kind; size_t offset; };    /* TIME: written only, from an i64 */

/* Ended by a NULL name.  The structs are db_event, db_session, and record_segment. */
extern const struct record_field record_events[], record_sessions[], record_segments[];

struct record_segment { const char *session; struct db_segment s; };

/* One line each, with its end.  0 or buf_append's codes. */
int record_json(struct buf *out, const struct record_field *fields, const void *row);
int record_csv(struct buf *out, const struct record_field *fields, const void *row);
int record_csv_head(struct buf *out, const struct record_field *fields);

/* Fills the struct at row (zeroed by the caller) from one line of JSON.  Texts go to arena, which row then points
 * into: arena must outlive row, and must have been given room for line.n bytes and one more for each field.
 * 0, or -EBADMSG: not a flat object, a field is missing, twice, or of another kind. */
int record_parse(struct slice line, const struct record_field *fields, void *row, struct buf *arena);

#endif
