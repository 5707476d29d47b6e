/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdlib.h>

#include "gate/aliases.h"
#include "gate/names.h"

struct alias_node { struct table_node node; const struct dir_host *host; struct slice name; };

int
aliases_put(struct table *t, struct dir_host *h)
{
	struct slice rest = slice_from(h->aliases), alias;
	size_t n = 0;

	while (names_next(&rest, &alias))
		n++;
	h->alias_nodes = n > 0 ? calloc(n, sizeof(*h->alias_nodes)) : NULL;
	if (n > 0 && h->alias_nodes == NULL)
		return -ENOMEM;
	for (rest = slice_from(h->aliases); names_next(&rest, &alias); h->aliases_n++) {
		struct alias_node *a = &h->alias_nodes[h->aliases_n];

		a->host = h;
		a->name = alias;
		table_put(t, &a->node, table_hash(alias));
	}
	return 0;
}

void
aliases_take(struct table *t, struct dir_host *h)
{
	for (size_t i = 0; i < h->aliases_n; i++)
		table_take(t, &h->alias_nodes[i].node);
	free(h->alias_nodes);
	h->alias_nodes = NULL;
	h->aliases_n = 0;
}

const struct dir_host *
aliases_find(const struct table *t, struct slice alias, struct slice but)
{
	struct table_node *node = table_find(t, table_hash(alias));

	for (; node != NULL; node = table_next(node)) {
		const struct alias_node *a = TABLE_OWNER(node, struct alias_node, node);

		if (slice_eq(a->name, alias) && !slice_is(but, a->host->name))
			return a->host;
	}
	return NULL;
}
