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

static size_t
run_place(const struct sorted *a, size_t low, size_t high, struct slice name, bool *found)
{
	int r;

	*found = false;
	if (high > low && name_compare(name, a->p[high - 1]->name) > 0)
		return high;
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

size_t
sorted_place(const struct sorted *a, struct slice name, bool *found)
{
	size_t first = a->many ? a->second : a->n, at = run_place(a, 0, first, name, found);

	return *found || !a->many ? at : run_place(a, first, a->n, name, found);
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
	if (a->many && place < a->second)
		a->second--;
}

void
sorted_begin(struct sorted *a)
{
	a->many = true;
	a->second = a->n;
}

static bool
is_one_run(const struct sorted *a)
{
	return !a->many || a->second == 0 || a->second == a->n || strcmp(a->p[a->second - 1]->name, a->p[a->second]->name) < 0;
}

int
sorted_settle(struct sorted *a)
{
	struct named **p, **to;
	size_t i = 0, j = a->second;

	if (!is_one_run(a)) {
		to = p = malloc(a->cap * sizeof(*p));
		if (p == NULL)
			return -ENOMEM;
		while (i < a->second || j < a->n)
			*to++ = j == a->n || (i < a->second && strcmp(a->p[i]->name, a->p[j]->name) < 0) ? a->p[i++] : a->p[j++];
		free(a->p);
		a->p = p;
	}
	a->many = false;
	return 0;
}
