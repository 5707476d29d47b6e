/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A hash of sources; those without connections also stand in a list, the one that was touched last at its end, from whose
 * beginning they are forgotten.  Accounts are slots that overwrite each other: who is unlucky enough to share one only
 * waits less.  Both hashes are seeded, so that nobody outside can choose who meets whom.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "monitor/source.h"

enum { BUCKETS = 8192, ACCOUNTS = 4096 };
enum { REFUSE_FROM_S = 15, REFUSE_MAX_S = 600, FORGIVE_S = 60, DELAY_FIRST_MS = 500, DELAY_MAX_MS = 6000 };

static const unsigned fault_s[] = { [FAULT_NO_TRY] = 1, [FAULT_WRONG] = 5, [FAULT_GRACE] = 10, [FAULT_CRASH] = 90 };

struct wrongs { unsigned n; mono_t last; };            /* one is forgiven each FORGIVE_S */

struct source {
	struct source *next;                           /* in its bucket */
	struct source *younger, *older;                /* in the list of the idle */
	struct net_addr key;
	unsigned startups;
	mono_t until;                                  /* when the penalty has passed */
	bool refused;                                  /* until then */
	struct wrongs wrongs;
};

struct account { uint64_t name; struct wrongs wrongs; };

struct sources {
	struct source *buckets[BUCKETS];
	struct source *oldest, *youngest;
	size_t idle, count;
	struct account accounts[ACCOUNTS];
	uint64_t seed[2];
};

struct sources *
sources_new(void)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (s == NULL || secret_random(s->seed, sizeof(s->seed)) != 0) {
		free(s);
		return NULL;
	}
	s->seed[1] |= 1;
	return s;
}

void
sources_free(struct sources *s)
{
	struct source *e;

	for (size_t i = 0; s != NULL && i < BUCKETS; i++)
		while ((e = s->buckets[i]) != NULL) {
			s->buckets[i] = e->next;
			free(e);
		}
	free(s);
}

size_t
sources_count(const struct sources *s)
{
	return s->count;
}

/* ---- the table ---- */

static uint64_t
hash(const struct sources *s, const unsigned char *p, size_t n)
{
	uint64_t h = s->seed[0];

	for (size_t i = 0; i < n; i++) {
		h = (h ^ p[i]) * s->seed[1];
		h ^= h >> 29;
	}
	return h;
}

/* All of an IPv4 address; of an IPv6 address what one site chooses freely is left out. */
static struct net_addr
key_of(const struct net_addr *a)
{
	struct net_addr key = *a;

	if (!net_is_v4(a))
		memset(key.bytes + 8, 0, 8);
	return key;
}

static struct source **
bucket_of(const struct sources *s, const struct net_addr *key)
{
	return (struct source **)(uintptr_t)&s->buckets[hash(s, key->bytes, sizeof(key->bytes)) % BUCKETS];
}

static struct source *
source_find(const struct sources *s, const struct net_addr *a)
{
	struct net_addr key = key_of(a);
	struct source *e = *bucket_of(s, &key);

	while (e != NULL && !net_eq(&e->key, &key))
		e = e->next;
	return e;
}

static void
idle_remove(struct sources *s, struct source *e)
{
	*(e->older != NULL ? &e->older->younger : &s->oldest) = e->younger;
	*(e->younger != NULL ? &e->younger->older : &s->youngest) = e->older;
	e->older = e->younger = NULL;
	s->idle--;
}

static void
source_forget(struct sources *s, struct source *e)
{
	struct source **at = bucket_of(s, &e->key);

	idle_remove(s, e);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	s->count--;
	free(e);
}

/* As the youngest.  Too many: the oldest is forgotten. */
static void
idle_add(struct sources *s, struct source *e)
{
	e->older = s->youngest;
	*(s->youngest != NULL ? &s->youngest->younger : &s->oldest) = e;
	s->youngest = e;
	if (++s->idle > SOURCES_IDLE_MAX)
		source_forget(s, s->oldest);
}

/* Finds or makes it; a new one is idle.  NULL when out of memory. */
static struct source *
source_get(struct sources *s, const struct net_addr *a)
{
	struct source *e = source_find(s, a), **at;

	if (e != NULL)
		return e;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->key = key_of(a);
	at = bucket_of(s, &e->key);
	e->next = *at;
	*at = e;
	s->count++;
	idle_add(s, e);
	return e;
}

/* It was touched: among the idle it is the last to be forgotten now. */
static void
source_touch(struct sources *s, struct source *e)
{
	if (e->startups > 0)
		return;
	idle_remove(s, e);
	idle_add(s, e);
}

/* ---- connections that have not logged in ---- */

unsigned
sources_startups(const struct sources *s, const struct net_addr *a)
{
	const struct source *e = source_find(s, a);

	return e != NULL ? e->startups : 0;
}

int
sources_enter(struct sources *s, const struct net_addr *a)
{
	struct source *e = source_get(s, a);

	if (e == NULL)
		return -ENOMEM;
	if (e->startups++ == 0)
		idle_remove(s, e);
	return 0;
}

void
sources_leave(struct sources *s, const struct net_addr *a)
{
	struct source *e = source_find(s, a);

	assert(e != NULL && e->startups > 0);
	if (--e->startups > 0)
		return;
	idle_add(s, e);
	if (e->until.us == 0 && e->wrongs.n == 0)
		source_forget(s, e);
}

/* ---- penalties ---- */

unsigned
sources_punish(struct sources *s, const struct net_addr *a, enum source_fault fault, mono_t now)
{
	struct source *e = source_get(s, a);
	mono_t most = { now.us + (int64_t)REFUSE_MAX_S * 1000000 };
	bool was;

	if (e == NULL)
		return 0;
	if (e->until.us < now.us) {
		e->until = now;
		e->refused = false;
	}
	was = e->refused;
	e->until.us += (int64_t)fault_s[fault] * 1000000;
	if (e->until.us > most.us)
		e->until = most;
	e->refused = was || e->until.us - now.us >= (int64_t)REFUSE_FROM_S * 1000000;
	source_touch(s, e);
	return was ? 0 : sources_refused_s(s, a, now);
}

unsigned
sources_refused_s(const struct sources *s, const struct net_addr *a, mono_t now)
{
	const struct source *e = source_find(s, a);

	return e == NULL || !e->refused || e->until.us <= now.us ? 0 : (unsigned)((e->until.us - now.us + 999999) / 1000000);
}

/* ---- wrong passwords ---- */

static unsigned
wrongs_now(const struct wrongs *w, mono_t now)
{
	int64_t forgiven = (now.us - w->last.us) / ((int64_t)FORGIVE_S * 1000000);

	return forgiven >= w->n ? 0 : w->n - (unsigned)forgiven;
}

static void
wrongs_add(struct wrongs *w, mono_t now)
{
	w->n = wrongs_now(w, now);
	w->n += w->n < UINT16_MAX;
	w->last = now;
}

void
sources_wrong(struct sources *s, const struct net_addr *a, struct slice account, mono_t now)
{
	uint64_t name = hash(s, account.p, account.n);
	struct account *slot = &s->accounts[name % ACCOUNTS];
	struct source *e = source_get(s, a);

	if (slot->name != name)
		*slot = (struct account){ .name = name };
	wrongs_add(&slot->wrongs, now);
	if (e == NULL)
		return;
	wrongs_add(&e->wrongs, now);
	source_touch(s, e);
}

unsigned
sources_delay_ms(const struct sources *s, const struct net_addr *a, struct slice account, mono_t now)
{
	uint64_t name = hash(s, account.p, account.n);
	const struct account *slot = &s->accounts[name % ACCOUNTS];
	const struct source *e = source_find(s, a);
	unsigned n = e != NULL ? wrongs_now(&e->wrongs, now) : 0, of_account, delay = DELAY_FIRST_MS;

	if (n == 0)
		return 0;
	of_account = slot->name == name ? wrongs_now(&slot->wrongs, now) : 0;
	for (n = n > of_account ? n : of_account; n > 1 && delay < DELAY_MAX_MS; n--)
		delay *= 2;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}
