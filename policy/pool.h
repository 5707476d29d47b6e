/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Memory that is freed at once, and tables of names in it. */
#ifndef POLICY_POOL_H
#define POLICY_POOL_H

#include "base/buf.h"

struct pool;
struct dict;

struct pool *pool_new(void);
void *pool_get(struct pool *p, size_t n);              /* zeroed; NULL when out of memory or above 64 MiB */
char *pool_text(struct pool *p, struct slice s);
void pool_free(struct pool *p);

struct dict *dict_new(struct pool *p);               /* NULL when out of memory */
/* The place of (kind, name), made if there is none (NULL is in it then).  NULL when out of memory. */
void **dict_at(struct dict *t, unsigned kind, struct slice name);
/* What is in it, or NULL. */
void *dict_find(const struct dict *t, unsigned kind, struct slice name);

#endif
