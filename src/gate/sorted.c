/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The store sends rows in order, so that loading appends: what comes behind the last is not searched for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/sorted.h"

static int
name_compare(struct slice a, const char *b)
{
	size_t n = strlen(b);
	int r = a.n == 0 || n == 0 ? 0 : memcmp(a.p, b, a.n < n ? a.n : n);

	return r != 0 ? r : a.n < n ? -1 : a.n > n;
}

size_t
sorted_place(const struct sorted *a, struct slice name, bool *found)
{
	size_t low = 0, high = a->n;
	int r;

	*found = false;
	if (a->n > 0 && name_compare(name, a->p[a->n - 1]->name) > 0)
		return a->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		r = name_compare(name, a->p[middle]->name);
		if (r == 0) {
			*found = true;
			return middle;
		}
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int
sorted_insert(struct sorted *a, size_t place, struct named *row)
{
	if (a->n >= a->max)
		return -ENOSPC;
	if (a->n == a->cap) {
		size_t cap = a->cap == 0 ? 64 : a->cap * 2;
		struct named **p = realloc(a->p, cap * sizeof(*p));

		if (p == NULL)
			return -ENOMEM;
		a->p = p;
		a->cap = cap;
	}
	memmove(a->p + place + 1, a->p + place, (a->n - place) * sizeof(*a->p));
	a->p[place] = row;
	a->n++;
	return 0;
}

void
sorted_remove(struct sorted *a, size_t place)
{
	a->n--;
	memmove(a->p + place, a->p + place + 1, (a->n - place) * sizeof(*a->p));
}

