/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Two small lists, split. */
#include <string.h>

#include "policy/facts.h"

/* The next word of list; false at the end. */
static bool
word_take(struct slice *list, char between, struct slice *word)
{
	while (list->n > 0 && list->p[0] == (unsigned char)between)
		*list = slice_of(list->p + 1, list->n - 1);
	if (list->n == 0)
		return false;
	word->p = list->p;
	for (word->n = 0; word->n < list->n && list->p[word->n] != (unsigned char)between; word->n++)
		;
	*list = slice_of(list->p + word->n, list->n - word->n);
	return true;
}

static bool
label_add(struct policy_facts *f, struct slice key, struct slice value)
{
	if (f->labels_n == FACTS_MAX)
		return false;
	f->labels[f->labels_n++] = (struct policy_label){ key, value };
	return true;
}

bool
policy_facts_set(struct policy_facts *f, struct slice groups, struct slice host, struct slice labels)
{
	struct slice word;
	bool all = true;

	f->groups_n = f->labels_n = 0;
	while (word_take(&groups, ',', &word)) {
		if (f->groups_n == FACTS_MAX)
			return false;
		f->groups[f->groups_n++] = word;
	}
	all = label_add(f, slice_from("name"), host);
	while (all && word_take(&labels, ' ', &word)) {
		const unsigned char *eq = memchr(word.p, '=', word.n);
		size_t n = eq != NULL ? (size_t)(eq - word.p) : word.n;

		all = label_add(f, slice_of(word.p, n), eq != NULL ? slice_of(eq + 1, word.n - n - 1) : slice_of(word.p + n, 0));
	}
	return all;
}

void
policy_facts_use(const struct policy_facts *f, struct policy_request *req)
{
	req->who.groups = f->groups;
	req->who.groups_n = f->groups_n;
	req->labels = f->labels;
	req->labels_n = f->labels_n;
}
