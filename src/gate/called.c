/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "gate/called.h"
#include "gate/names.h"

enum { TEXT_MAX = 256 };               /* bytes that tell two texts apart */

static uint64_t
key_of(struct slice text)
{
	unsigned char lower[TEXT_MAX];
	size_t n = text.n < sizeof(lower) ? text.n : sizeof(lower);

	for (size_t i = 0; i < n; i++)
		lower[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (unsigned char)(text.p[i] + 32) : text.p[i];
	return table_hash(slice_of(lower, n));
}

static void
put(struct table *t, struct dir_host *h, struct slice text, enum called_kind kind)
{
	struct called *c = &h->called[h->called_n++];

	*c = (struct called){ .host = h, .text = text, .kind = kind };
	table_put(t, &c->node, key_of(text));
}

int
called_put(struct table *t, struct dir_host *h)
{
	struct slice rest = slice_from(h->aliases), alias;
	size_t n = 2;

	while (take_filled(&rest, ',', &alias))
		n++;
	h->called = calloc(n, sizeof(*h->called));
	if (h->called == NULL)
		return -ENOMEM;
	put(t, h, slice_from(h->name), CALLED_NAME);
	put(t, h, slice_from(h->addr), CALLED_ADDRESS);
	for (rest = slice_from(h->aliases); take_filled(&rest, ',', &alias);)
		put(t, h, alias, CALLED_ALIAS);
	return 0;
}

void
called_take(struct table *t, struct dir_host *h)
{
	for (size_t i = 0; i < h->called_n; i++)
		table_take(t, &h->called[i].node);
	free(h->called);
	h->called = NULL;
	h->called_n = 0;
}

const struct called *
called_next(const struct table *t, struct slice text, unsigned kinds, const struct called *after)
{
	struct table_node *node = after == NULL ? table_find(t, key_of(text)) : table_next(&after->node);

	for (; node != NULL; node = table_next(node)) {
		const struct called *c = TABLE_OWNER(node, struct called, node);

		if ((c->kind & kinds) != 0 && c->text.n == text.n &&
		    strncasecmp((const char *)c->text.p, (const char *)text.p, text.n) == 0)
			return c;
	}
	return NULL;
}
