/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Whole names, other names and addresses are found at once; only for what is none of these all hosts are looked through, which
 * takes a millisecond or two with 100,000.  Names that only look alike are sought in the neighbourhood, so that nobody's typing
 * costs more.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "gate/called.h"
#include "gate/match.h"
#include "gate/names.h"

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

/* The first few by name. */
static void
some_add(struct match *m, struct dir_host *h)
{
	size_t at = m->some_n < MATCH_SOME ? m->some_n : MATCH_SOME;

	while (at > 0 && strcmp(m->some[at - 1]->name, h->name) > 0)
		at--;
	if (at == MATCH_SOME)
		return;
	m->some_n += m->some_n < MATCH_SOME;
	memmove(&m->some[at + 1], &m->some[at], (m->some_n - at - 1) * sizeof(m->some[0]));
	m->some[at] = h;
}

/* Has an earlier one of its names been counted? */
static bool
is_second(const struct directory *d, struct slice text, unsigned kinds, const struct called *c)
{
	const struct called *x = NULL;

	while ((x = directory_called(d, text, kinds, x)) != c)
		if (x->host == c->host)
			return true;
	return false;
}

/* Hosts that are called exactly so; port 0: whatever theirs is. */
static void
look_called(const struct directory *d, struct slice text, unsigned kinds, uint64_t port, struct match *m)
{
	const struct called *c = NULL;

	while ((c = directory_called(d, text, kinds, c)) != NULL)
		if ((port == 0 || c->host->port == port) && (kinds == CALLED_ADDRESS || !is_second(d, text, kinds, c))) {
			m->count++;
			some_add(m, c->host);
		}
}

static bool
begins(struct slice text, struct slice name)
{
	return text.n <= name.n && strncasecmp((const char *)text.p, (const char *)name.p, text.n) == 0;
}

static bool
begins_one(struct slice text, const struct dir_host *h)
{
	struct slice aliases = slice_from(h->aliases), one;
	bool good = begins(text, slice_from(h->name));

	while (!good && take_filled(&aliases, ',', &one))
		good = begins(text, one);
	return good;
}

/* The only kind of fit for which all are looked through. */
static void
look_beginning(const struct directory *d, struct slice text, struct match *m)
{
	for (size_t i = 0; i < directory_hosts(d); i++)
		if (begins_one(text, directory_host_at(d, i))) {
			m->count++;
			some_add(m, directory_host_at(d, i));
		}
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
		m->some[m->some_n++] = directory_host_named(d, slice_from(nearest));
	for (size_t i = 0; i < directory_hosts(d) && m->some_n < MATCH_SOME; i++)
		if (strcasestr(directory_host_at(d, i)->name, word) != NULL && directory_host_at(d, i)->name != nearest)
			m->some[m->some_n++] = directory_host_at(d, i);
}

void
match_host(const struct directory *d, struct slice text, struct match *ret)
{
	struct place place;

	*ret = (struct match){ 0 };
	if (text.n == 0)
		return;
	ret->host = directory_host_named(d, text);
	if (ret->host != NULL) {
		ret->count = 1;
		return;
	}
	look_called(d, text, CALLED_NAME | CALLED_ALIAS, 0, ret);
	if (ret->count == 0) {
		place = place_of(text);
		look_called(d, text, CALLED_ADDRESS, 0, ret);
		if (place.port != 0)
			look_called(d, place.addr, CALLED_ADDRESS, place.port, ret);
	}
	if (ret->count == 0)
		look_beginning(d, text, ret);
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
