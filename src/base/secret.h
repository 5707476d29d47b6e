/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A secret that a process keeps lives in memory of its own: locked, left out of core dumps, wiped when done.
 * What only passes through is wiped where it was.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

struct secret {
	unsigned char *p;        /* NULL when empty */
	size_t n;
};

int secret_init(struct secret *s, size_t n);                   /* n zero bytes; 0 or -ENOMEM */
void secret_done(struct secret *s);
void secret_wipe(void *p, size_t n);                           /* for stack copies; not optimised away */
int secret_random(void *p, size_t n);                          /* getrandom(2), whole; 0 or -errno */

#endif
