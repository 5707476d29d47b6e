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
	/* LIST, WORDS: text separated by commas or newlines, by blanks; an array in JSON */
	enum { OUT_STRING, OUT_NUMBER, OUT_BOOL, OUT_TIME, OUT_LIST, OUT_WORDS } kind;
	bool hidden;                                   /* not in the text table */
	/* On a terminal that is too narrow: 0: texts are cut; OUT_WHOLE: never; above: left out, the highest first. */
	unsigned narrow;
};

enum { OUT_WHOLE = 1 };

struct out;

/* columns: ended by a NULL name; lives longer than the out.  one: a single object, not an array. */
struct out *out_new(FILE *to, enum out_format format, const struct out_column *columns, bool one);   /* NULL: no memory */
/* One call for each column in order; after the last the row is complete. */
void out_text(struct out *o, struct slice s);
void out_cstr(struct out *o, const char *s);
void out_number(struct out *o, int64_t v);
void out_bool(struct out *o, bool v);
void out_time(struct out *o, int64_t t_us);            /* 0: empty, null */
/* The exit status of a recording, "7" or "signal TERM", for two columns: the status as a number, the signal's name.  In a text
 * table the first says both: 7, SIGTERM. */
void out_exit(struct out *o, const char *text);
void out_raw(struct out *o, struct slice json);        /* already JSON; empty: null */
/* Writes what is left and frees.  0, -ENOMEM, or -EIO when writing failed. */
int out_end(struct out *o);

#endif
