/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* An open hash table; never more than half full, so that a search ends. */
#include <string.h>

#include "policy/pool.h"

struct entry {
	uint64_t hash;
	unsigned kind;
	struct slice name;
	void *value;
};

struct dict {
	struct pool *pool;
	struct entry **slots;
	size_t n, size;                        /* size: a power of two */
};

struct dict *
dict_new(struct pool *p)
{
	struct dict *t = pool_get(p, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->pool = p;
	t->size = 64;
	t->slots = pool_get(p, t->size * sizeof(*t->slots));
	return t->slots != NULL ? t : NULL;
}

/* FNV-1a.  The names of a policy are its author's: nobody else can crowd a slot. */
static uint64_t
hash(unsigned kind, struct slice name)
{
	uint64_t h = (0xcbf29ce484222325u ^ kind) * 0x100000001b3u;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ name.p[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

static size_t
slot_of(const struct dict *t, uint64_t h, unsigned kind, struct slice name)
{
	size_t i = h & (t->size - 1);

	while (t->slots[i] != NULL && (t->slots[i]->hash != h || t->slots[i]->kind != kind || !slice_eq(t->slots[i]->name, name)))
		i = (i + 1) & (t->size - 1);
	return i;
}

static bool
grow(struct dict *t)
{
	struct entry **old = t->slots;
	size_t n = t->size;

	t->slots = pool_get(t->pool, 2 * n * sizeof(*t->slots));
	if (t->slots == NULL) {
		t->slots = old;
		return false;
	}
	t->size = 2 * n;
	for (size_t i = 0; i < n; i++)
		if (old[i] != NULL)
			t->slots[slot_of(t, old[i]->hash, old[i]->kind, old[i]->name)] = old[i];
	return true;
}

void **
dict_at(struct dict *t, unsigned kind, struct slice name)
{
	uint64_t h = hash(kind, name);
	size_t i = slot_of(t, h, kind, name);
	struct entry *e = t->slots[i];
	char *text;

	if (e != NULL)
		return &e->value;
	if (2 * (t->n + 1) > t->size) {
		if (!grow(t))
			return NULL;
		i = slot_of(t, h, kind, name);
	}
	e = pool_get(t->pool, sizeof(*e));
	text = pool_text(t->pool, name);
	if (e == NULL || text == NULL)
		return NULL;
	*e = (struct entry){ .hash = h, .kind = kind, .name = slice_of(text, name.n) };
	t->slots[i] = e;
	t->n++;
	return &e->value;
}

void *
dict_find(const struct dict *t, unsigned kind, struct slice name)
{
	const struct entry *e = t->slots[slot_of(t, hash(kind, name), kind, name)];

	return e != NULL ? e->value : NULL;
}
