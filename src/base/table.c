/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

enum { FEW = sizeof(((struct table *)NULL)->few) / sizeof(struct table_node *) };

/* Numbers that follow one another, or differ in high bits alone, must not fall together (Fibonacci hashing). */
static struct table_node **
slot_of(struct table_node **slots, size_t size, uint64_t key)
{
	return &slots[(size_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (size - 1)];
}

static void
put(struct table_node **slots, size_t size, struct table_node *node)
{
	struct table_node **at = slot_of(slots, size, node->key);

	node->next = *at;
	node->at = at;
	if (node->next != NULL)
		node->next->at = &node->next;
	*at = node;
}

static void
grow(struct table *t, size_t size)
{
	struct table_node **slots = calloc(size, sizeof(*slots)), *node;

	if (slots == NULL)
		return;
	for (size_t i = 0; i < t->size; i++)
		while ((node = t->slots[i]) != NULL) {
			t->slots[i] = node->next;
			put(slots, size, node);
		}
	if (t->slots != t->few)
		free(t->slots);
	t->slots = slots;
	t->size = size;
}

void
table_put(struct table *t, struct table_node *node, uint64_t key)
{
	if (t->size == 0) {
		t->slots = t->few;
		t->size = FEW;
	}
	if (t->n >= t->size)
		grow(t, t->size * 2);
	node->key = key;
	put(t->slots, t->size, node);
	t->n++;
}

void
table_expect(struct table *t, size_t n)
{
	size_t size = FEW;

	while (size < n)
		size *= 2;
	if (size > t->size)
		grow(t, size);
}

struct table_node *
table_find(const struct table *t, uint64_t key)
{
	struct table_node *node = t->size > 0 ? *slot_of(t->slots, t->size, key) : NULL;

	while (node != NULL && node->key != key)
		node = node->next;
	return node;
}

struct table_node *
table_next(const struct table_node *node)
{
	struct table_node *next = node->next;

	while (next != NULL && next->key != node->key)
		next = next->next;
	return next;
}

void
table_take(struct table *t, struct table_node *node)
{
	assert(*node->at == node);
	*node->at = node->next;
	if (node->next != NULL)
		node->next->at = node->at;
	t->n--;
}

/* FNV-1a. */
uint64_t
table_hash(struct slice text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ text.p[i]) * 0x100000001b3u;
	return h;
}

void
table_done(struct table *t)
{
	if (t->slots != t->few)
		free(t->slots);
	memset(t, 0, sizeof(*t));
}
