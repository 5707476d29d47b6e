/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Reads JSON (RFC 8259) as it comes, value by value, and remembers where each stands, so that what is wrong with a value can
 * be said by file, line and column.  The caller asks for what it expects; nothing is kept, nothing recurses.
 * The first failure stays: all that is asked afterwards fails, too.
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json {
	const char *file;
	struct slice text;
	size_t at;                     /* of the next byte */
	bool first, failed;            /* first: nothing of the array or object that was entered last has come yet */
	struct buf string;             /* of the last string */
	struct err *e;
};

/* file: as messages name it.  text stays the caller's, until json_done. */
void json_init(struct json *j, const char *file, struct slice text, struct err *e);
void json_done(struct json *j);
size_t json_next(struct json *j);                  /* where the next value begins, or the text's end */
/* open: '{' or '['.  False: something else stands there. */
bool json_enter(struct json *j, char open);
/* Does another member or element follow?  At the end (close: '}' or ']') it is read too, and what is around goes on. */
bool json_more(struct json *j, char close);
bool json_key(struct json *j, struct slice *key);              /* valid until the next string */
/* what: what is expected, for the message */
bool json_string(struct json *j, const char *what, struct slice *ret);      /* without NUL; valid until the next string */
bool json_number(struct json *j, const char *what, uint64_t max, uint64_t *ret);
bool json_bool(struct json *j, const char *what, bool *ret);
bool json_null(struct json *j);                    /* is it null?  Then it is read. */
bool json_end(struct json *j);                     /* nothing but blanks follows */
/* FILE:LINE:COL: words, for the byte at `at`.  False. */
bool json_fail(struct json *j, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void json_place(const struct json *j, size_t at, unsigned *line, unsigned *col);     /* both from 1; columns count bytes */

#endif
