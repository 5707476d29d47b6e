/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The file: a header and a block for 32-bit times, which are passed over; a header and a block for 64-bit ones;
 * a line that says what holds after the last of them, as TZ of POSIX does (zone_rule.c).
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "policy/zone.h"
#include "policy/zone_rule.h"

#define HEADER     44
#define CHANGES    4096
#define KINDS      256
#define OFFSET_MAX (26 * 3600)

struct header {
	unsigned version;
	size_t isut, isstd, leap, times, types, chars;
};

struct zone {
	size_t n;
	const int64_t *at;                     /* ascending */
	const int32_t *offset;                 /* from then on */
	int32_t first;                         /* before all of them */
	struct zone_rule rule;
	bool has_rule;
};

bool
zone_name_is_good(struct slice name)
{
	size_t part = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '/' && part == 0)
			return false;
		if (name.p[i] != '/' && !isalnum(name.p[i]) && (strchr("_+-", name.p[i]) == NULL || (part == 0 && name.p[i] == '-')))
			return false;
		part = name.p[i] == '/' ? 0 : part + 1;
	}
	return part > 0 && name.n <= 64;
}

static uint64_t
big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static bool
header_take(struct slice *s, struct header *h)
{
	struct slice head;

	if (!take_bytes(s, HEADER, &head) || memcmp(head.p, "TZif", 4) != 0)
		return false;
	h->version = head.p[4];
	h->isut = big_endian(head.p + 20, 4);
	h->isstd = big_endian(head.p + 24, 4);
	h->leap = big_endian(head.p + 28, 4);
	h->times = big_endian(head.p + 32, 4);
	h->types = big_endian(head.p + 36, 4);
	h->chars = big_endian(head.p + 40, 4);
	return h->leap == 0 && h->times <= CHANGES && h->types <= KINDS && h->chars <= KINDS && h->isut <= KINDS && h->isstd <= KINDS;
}

/* The offset of the type of this index. */
static bool
type_offset(const struct header *h, struct slice types, size_t index, int32_t *offset)
{
	if (index >= h->types)
		return false;
	*offset = (int32_t)big_endian(types.p + 6 * index, 4);
	return *offset > -OFFSET_MAX && *offset < OFFSET_MAX;
}

static int
changes_read(struct pool *pool, const struct header *h, struct slice times, struct slice indexes, struct slice types, struct zone *z)
{
	int64_t *at = pool_get(pool, (h->times + 1) * sizeof(*at));
	int32_t *offset = pool_get(pool, (h->times + 1) * sizeof(*offset));

	if (at == NULL || offset == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < h->times; i++) {
		at[i] = (int64_t)big_endian(times.p + 8 * i, 8);
		if ((i > 0 && at[i] <= at[i - 1]) || !type_offset(h, types, indexes.p[i], &offset[i]))
			return -EINVAL;
	}
	z->n = h->times;
	z->at = at;
	z->offset = offset;
	return type_offset(h, types, 0, &z->first) ? 0 : -EINVAL;
}

/* "\n" TZ "\n"; an empty one says that nothing is known. */
static int
footer_read(struct slice s, struct zone *z)
{
	const unsigned char *end;

	if (s.n < 2 || s.p[0] != '\n' || (end = memchr(s.p + 1, '\n', s.n - 1)) == NULL)
		return -EINVAL;
	s = slice_of(s.p + 1, (size_t)(end - s.p - 1));
	z->has_rule = s.n > 0;
	return s.n == 0 || zone_rule_parse(s, &z->rule) ? 0 : -EINVAL;
}

int
zone_parse(struct pool *pool, struct slice s, struct zone **ret)
{
	struct zone *z = pool_get(pool, sizeof(*z));
	struct slice skipped, times, indexes, types;
	struct header h;
	int r;

	if (z == NULL)
		return -ENOMEM;
	if (!header_take(&s, &h) || h.version < '2' || !take_bytes(&s, 5 * h.times + 6 * h.types + h.chars + h.isstd + h.isut, &skipped) ||
	    !header_take(&s, &h) || h.types == 0 || !take_bytes(&s, 8 * h.times, &times) || !take_bytes(&s, h.times, &indexes) ||
	    !take_bytes(&s, 6 * h.types, &types) || !take_bytes(&s, h.chars + h.isstd + h.isut, &skipped))
		return -EINVAL;
	r = changes_read(pool, &h, times, indexes, types, z);
	if (r == 0)
		r = footer_read(s, z);
	if (r == 0)
		*ret = z;
	return r;
}

int
zone_offset_s(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->n;

	if (z->has_rule && (z->n == 0 || t >= z->at[z->n - 1]))
		return zone_rule_offset_s(&z->rule, t);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (z->at[middle] <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? z->first : z->offset[low - 1];
}
