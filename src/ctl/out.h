/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a command prints: rows of named columns, as an aligned table, as JSON (an array of objects,
 * or one object), or as CSV.  Column names are the JSON keys and never change their meaning.
 */
#ifndef CTL_OUT_H
#define CTL_OUT_H

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"

enum out_format { OUT_TEXT, OUT_JSON, OUT_CSV };

struct out_column {
	const char *name;
	enum { OUT_STRING, OUT_NUMBER, OUT_BOOL, OUT_TIME, OUT_LIST } kind;   /* LIST: comma- or newline-separated text */
	bool hidden;                                   /* not in the text table */
};

struct out;

/* columns: ended by a NULL name; lives longer than the out.  one: a single object, not an array. */
struct out *out_new(FILE *to, enum out_format format, const struct out_column *columns, bool one);   /* NULL: no memory */
/* One call for each column in order; after the last the row is complete. */
void out_text(struct out *o, struct slice s);
void out_cstr(struct out *o, const char *s);
void out_number(struct out *o, int64_t v);
void out_bool(struct out *o, bool v);
void out_time(struct out *o, int64_t t_us);            /* 0: empty, null */
/* Writes what is left and frees.  0, -ENOMEM, or -EIO when writing failed. */
int out_end(struct out *o);

#endif
