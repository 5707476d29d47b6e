/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Small lists, split. */
#include <string.h>

#include "policy/facts.h"

static bool
pairs_take(struct slice list, struct policy_label *to, size_t *n)
{
	struct slice word;

	while (take_filled(&list, ' ', &word)) {
		const unsigned char *eq = memchr(word.p, '=', word.n);
		size_t key = eq != NULL ? (size_t)(eq - word.p) : word.n;

		if (*n == FACTS_MAX)
			return false;
		to[(*n)++] = (struct policy_label){ slice_of(word.p, key),
			eq != NULL ? slice_of(eq + 1, word.n - key - 1) : slice_of(word.p + key, 0) };
	}
	return true;
}

bool
policy_facts_set(struct policy_facts *f, struct slice groups, struct slice attrs, struct slice host, struct slice labels)
{
	struct slice word;

	f->groups_n = f->labels_n = f->attrs_n = 0;
	while (take_filled(&groups, ',', &word)) {
		if (f->groups_n == FACTS_MAX)
			return false;
		f->groups[f->groups_n++] = word;
	}
	f->labels[f->labels_n++] = (struct policy_label){ slice_from("name"), host };
	return pairs_take(attrs, f->attrs, &f->attrs_n) && pairs_take(labels, f->labels, &f->labels_n);
}

void
policy_facts_use(const struct policy_facts *f, struct policy_request *req)
{
	req->who.groups = f->groups;
	req->who.groups_n = f->groups_n;
	req->who.attrs = f->attrs;
	req->who.attrs_n = f->attrs_n;
	req->labels = f->labels;
	req->labels_n = f->labels_n;
}
