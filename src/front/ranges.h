/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A set of bytes of a file, as ranges that lie apart, so that what comes twice is counted once.  Pure. */
#ifndef FRONT_RANGES_H
#define FRONT_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t from, to;               /* to: the first that is not in it */
};

/* All zero: empty. */
struct ranges {
	struct range *v;                 /* sorted; between two of them is a gap */
	size_t n, room;
	uint64_t total;                  /* bytes in them */
};

/* Adds [from, to).  *left: how many more ranges all of the caller's sets may have; it follows.
 * 0; -ENOBUFS: none is left, or -ENOMEM: the set is as it was. */
int ranges_add(struct ranges *s, uint64_t from, uint64_t to, unsigned *left);
/* Its ranges go back to *left. */
void ranges_done(struct ranges *s, unsigned *left);

#endif
