/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Chunks, handed out from the front of the newest; nothing is given back alone. */
#include <stdlib.h>
#include <string.h>

#include "policy/pool.h"

#define CHUNK    65536
#define POOL_MAX (64u << 20)

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

struct pool {
	struct chunk *chunks;
	size_t total;
};

struct pool *
pool_new(void)
{
	return calloc(1, sizeof(struct pool));
}

void *
pool_get(struct pool *p, size_t n)
{
	size_t need = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct chunk *c = p->chunks;
	size_t size = need > CHUNK ? need : CHUNK;

	if (c == NULL || c->size - c->used < need) {
		if (p->total + size > POOL_MAX || (c = calloc(1, sizeof(*c) + size)) == NULL)
			return NULL;
		c->size = size;
		c->next = p->chunks;
		p->chunks = c;
		p->total += size;
	}
	c->used += need;
	return (unsigned char *)c->bytes + c->used - need;
}

char *
pool_text(struct pool *p, struct slice s)
{
	char *t = pool_get(p, s.n + 1);

	if (t != NULL && s.n > 0)
		memcpy(t, s.p, s.n);
	return t;
}

void
pool_free(struct pool *p)
{
	struct chunk *c, *next;

	if (p == NULL)
		return;
	for (c = p->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(p);
}
