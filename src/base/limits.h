/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a permit limits, on its way from the gate by the front to a staragent: one line, "timeout=10 mem=67108864 sha256=HEX,HEX".
 * Whoever does not know a word of it refuses the whole.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdbool.h>

#include "base/buf.h"

enum limit { LIMIT_TIMEOUT_S, LIMIT_IDLE_S, LIMIT_MEM_BYTES, LIMIT_CPU_S, LIMIT_PROCS, LIMIT_NOFILE, LIMIT_FSIZE_BYTES, LIMITS };

#define LIMITS_DIGEST      64             /* small hexadecimal letters of a SHA-256 */
#define LIMITS_DIGESTS_MAX 8
#define LIMITS_TEXT_MAX    1024           /* more than the longest line */

/* As a request env of a channel's, before what is to be started, a staragent takes the line under this name. */
#define LIMITS_ENV "LIMITS@staragent"

struct limits {
	uint64_t value[LIMITS];               /* 0: no limit */
	char digests[LIMITS_DIGESTS_MAX][LIMITS_DIGEST + 1];   /* the program has one of these; none: any program does */
	size_t digests_n;
};

int limits_print(struct buf *b, const struct limits *l);       /* nothing without limits.  0 or buf_append's codes */
int limits_parse(struct slice text, struct limits *ret);       /* 0 or -EINVAL */
/* Of both the strictest; digests are more's, if it has any. */
void limits_join(struct limits *l, const struct limits *more);
bool limits_have_digest(const struct limits *l, const char *digest);
/* Would what began with the limits `then` be let begin with `now`? */
bool limits_still_do(const struct limits *then, const struct limits *now);
/* Is there one that only a staragent keeps? */
bool limits_take_agent(const struct limits *l);

#endif
