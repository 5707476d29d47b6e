/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A name as it is written is found by search; all else is looked for one by one, which 100,000 hosts make a few
 * milliseconds.  Names that only look alike are sought in the neighbourhood, so that nobody's typing costs more.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "gate/match.h"
#include "gate/names.h"

enum { NO, BEGINNING, ADDRESS, OTHER_NAME };         /* kinds of fit, the better the higher */
enum { NEIGHBOURS = 256 };

struct place { struct slice addr; uint64_t port; };  /* port 0: none */

/* "ADDR:PORT" or "[ADDR]:PORT". */
static struct place
place_of(struct slice text)
{
	const unsigned char *colon = memrchr(text.p, ':', text.n);
	struct place p = { .addr = text };
	struct slice head;
	uint64_t port;

	if (colon == NULL || !text_u64(slice_of(colon + 1, text.n - (size_t)(colon + 1 - text.p)), 65535, &port) || port == 0)
		return p;
	head = slice_of(text.p, (size_t)(colon - text.p));
	if (head.n > 2 && head.p[0] == '[' && head.p[head.n - 1] == ']')
		head = slice_of(head.p + 1, head.n - 2);
	else if (memchr(head.p, ':', head.n) != NULL)
		return p;
	return (struct place){ head, port };
}

static bool
same(struct slice a, const char *b)
{
	return strncasecmp((const char *)a.p, b, a.n) == 0 && b[a.n] == '\0';
}

static int
fit_name(struct slice text, struct slice name)
{
	if (text.n > name.n || strncasecmp((const char *)text.p, (const char *)name.p, text.n) != 0)
		return NO;
	return text.n == name.n ? OTHER_NAME : BEGINNING;
}

static int
fit(struct slice text, const struct place *place, const struct dir_host *h)
{
	struct slice aliases = slice_from(h->aliases), one;
	int best = fit_name(text, slice_from(h->name)), kind;

	while (best != OTHER_NAME && names_next(&aliases, &one))
		if ((kind = fit_name(text, one)) > best)
			best = kind;
	if (best != OTHER_NAME && (same(text, h->addr) || (place->port != 0 && place->port == h->port && same(place->addr, h->addr))))
		best = ADDRESS;
	return best;
}

static void
some_add(struct match *m, struct dir_host *h)
{
	for (size_t i = 0; i < m->some_n; i++)
		if (m->some[i] == h)
			return;
	if (m->some_n < MATCH_SOME)
		m->some[m->some_n++] = h;
}

/* Names that hold the text, and the neighbour that is nearest to it. */
static void
look_alike(const struct directory *d, struct slice text, struct match *m)
{
	const char *names[2 * NEIGHBOURS], *nearest;
	size_t place = directory_host_place(d, text), from = place > NEIGHBOURS ? place - NEIGHBOURS : 0, n = 0;
	char word[65];

	if (text.n < 2 || slice_copy(text, word, sizeof(word)) != 0)
		return;
	for (size_t i = from; i < directory_hosts(d) && n < 2 * NEIGHBOURS; i++)
		names[n++] = directory_host_at(d, i)->name;
	nearest = text_nearest(word, names, n);
	if (nearest != NULL)
		some_add(m, directory_host_named(d, slice_from(nearest)));
	for (size_t i = 0; i < directory_hosts(d) && m->some_n < MATCH_SOME; i++)
		if (strcasestr(directory_host_at(d, i)->name, word) != NULL)
			some_add(m, directory_host_at(d, i));
}

void
match_host(const struct directory *d, struct slice text, struct match *ret)
{
	struct place place;
	int best = NO + 1;

	*ret = (struct match){ 0 };
	if (text.n == 0)
		return;
	ret->host = directory_host_named(d, text);
	if (ret->host != NULL) {
		ret->count = 1;
		return;
	}
	place = place_of(text);
	for (size_t i = 0; i < directory_hosts(d); i++) {
		struct dir_host *h = directory_host_at(d, i);
		int kind = fit(text, &place, h);

		if (kind < best)
			continue;
		if (kind > best)
			ret->count = ret->some_n = 0;
		best = kind;
		ret->count++;
		some_add(ret, h);
	}
	if (ret->count == 1)
		ret->host = ret->some[0];
	else if (ret->count == 0)
		look_alike(d, text, ret);
}

const char *
match_say(const struct match *m, struct slice text, char *out, size_t size)
{
	char shown[300], names[MATCH_SOME * 67 + 32] = "";
	size_t n = 0;

	(void)text_escaped(text, shown, sizeof(shown));
	for (size_t i = 0; i < m->some_n; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i > 0 ? ", " : "", m->some[i]->name);
	if (m->count > m->some_n)
		(void)snprintf(names + n, sizeof(names) - n, " and %zu more", m->count - m->some_n);
	if (m->count > 1)
		(void)snprintf(out, size, "%zu hosts fit \"%s\": name one of %s", m->count, shown, names);
	else if (m->some_n > 0)
		(void)snprintf(out, size, "there is no host \"%s\"; did you mean %s?", shown, names);
	else
		(void)snprintf(out, size, "there is no host \"%s\": ssh USER@bastion hosts lists yours", shown);
	return out;
}
