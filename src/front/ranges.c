/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/ranges.h"

/* The first range that does not end before `from`; n if all do. */
static size_t
first_at(const struct ranges *s, uint64_t from)
{
	size_t low = 0, high = s->n;

	if (s->n > 0 && s->v[s->n - 1].to <= from)           /* files mostly go by from their start to their end */
		return s->v[s->n - 1].to == from ? s->n - 1 : s->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->v[middle].to < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
insert(struct ranges *s, size_t at, struct range r, unsigned *left)
{
	size_t room = s->room > 0 ? 2 * s->room : 4;

	if (*left == 0)
		return -ENOBUFS;
	if (s->n == s->room) {
		struct range *v = reallocarray(s->v, room, sizeof(*v));

		if (v == NULL)
			return -ENOMEM;
		s->v = v;
		s->room = room;
	}
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof(*s->v));
	s->v[at] = r;
	s->n++;
	s->total += r.to - r.from;
	--*left;
	return 0;
}

/* What the range at `at` now touches becomes one with it. */
static void
join(struct ranges *s, size_t at, unsigned *left)
{
	struct range *r = &s->v[at];
	size_t next = at + 1;

	for (; next < s->n && s->v[next].from <= r->to; next++) {
		uint64_t low = s->v[next].to < r->to ? s->v[next].to : r->to;

		s->total -= low - s->v[next].from;
		r->to = s->v[next].to > r->to ? s->v[next].to : r->to;
	}
	memmove(s->v + at + 1, s->v + next, (s->n - next) * sizeof(*s->v));
	*left += (unsigned)(next - at - 1);
	s->n -= next - at - 1;
}

int
ranges_add(struct ranges *s, uint64_t from, uint64_t to, unsigned *left)
{
	size_t at = first_at(s, from);
	struct range *r;

	if (from >= to)
		return 0;
	if (at == s->n || s->v[at].from > to)
		return insert(s, at, (struct range){ from, to }, left);
	r = &s->v[at];
	if (from < r->from) {
		s->total += r->from - from;
		r->from = from;
	}
	if (to > r->to) {
		s->total += to - r->to;
		r->to = to;
	}
	join(s, at, left);
	return 0;
}

void
ranges_done(struct ranges *s, unsigned *left)
{
	*left += (unsigned)s->n;
	free(s->v);
	*s = (struct ranges){ 0 };
}
