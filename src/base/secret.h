/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Secrets live in memory of their own: locked, left out of core dumps, wiped when done. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
	unsigned char *p;        /* NULL when empty */
	size_t n;
};

int secret_init(struct secret *s, size_t n);                   /* n zero bytes; 0 or -ENOMEM */
int secret_set(struct secret *s, const void *p, size_t n);     /* wipes what was there */
void secret_done(struct secret *s);
bool secret_eq(const struct secret *s, const void *p, size_t n);   /* in constant time for equal lengths */
void secret_wipe(void *p, size_t n);                           /* for stack copies; not optimised away */
int secret_random(void *p, size_t n);                          /* getrandom(2), whole; 0 or -errno */

#endif
