/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Files that go through a terminal (rz and sz): seen from outside, as they pass.  Nothing is held back or changed: who
 * has a shell has other ways to carry bytes too, so what is seen here goes on the record and is not a matter of policy.
 * Pure: bytes in, rows out.
 */
#ifndef FRONT_ZMODEM_H
#define FRONT_ZMODEM_H

#include <stdbool.h>

#include "base/buf.h"

enum zmodem_way { ZMODEM_PUT, ZMODEM_GET };      /* from the user's terminal; from the host */

struct zmodem_row {
	enum zmodem_way way;
	struct slice name;                       /* as its sender gave it; empty: the beginning was missed */
	uint64_t bytes;                          /* of content */
	const unsigned char *sha256;             /* 32 bytes, or NULL: not all of it went by once and in order */
	bool ended;                              /* to its last byte */
};

typedef void zmodem_row_fn(void *arg, const struct zmodem_row *row);

struct zmodem;

struct zmodem *zmodem_new(zmodem_row_fn *fn, void *arg);       /* NULL: out of memory */
void zmodem_free(struct zmodem *z);                            /* rows of what has not ended come first */
void zmodem_feed(struct zmodem *z, enum zmodem_way way, const unsigned char *p, size_t n);

#endif
