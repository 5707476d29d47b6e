/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Things by number: a hash table whose nodes lie in their owners' structs.  It grows with what is in it and never shrinks;
 * when there is no memory to grow it goes on as it is, only slower.  A table stays where its first node was put into it.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct table_node { struct table_node *next, **at; uint64_t key; };     /* at: what points to it */
struct table { struct table_node **slots, *few[16]; size_t size, n; };     /* zeroed: empty */

/* The owner of a node, NULL for NULL. */
#define TABLE_OWNER(node, type, member) \
	((type *)((node) != NULL ? (void *)((char *)(node) - offsetof(type, member)) : NULL))

/* node lies in no table; it stays its owner's, and where it is, until it is taken out. */
void table_put(struct table *t, struct table_node *node, uint64_t key);
void table_expect(struct table *t, size_t n);      /* so many will be in it: it grows now, and then not until there are more */
struct table_node *table_find(const struct table *t, uint64_t key);     /* one of this key; may be NULL */
struct table_node *table_next(const struct table_node *node);           /* another one of the same key; NULL: that was the last */
void table_take(struct table *t, struct table_node *node);              /* node must be in t */
void table_done(struct table *t);                  /* the nodes are left alone */
uint64_t table_hash(struct slice text);            /* a key for text; others may have the same */

#endif
