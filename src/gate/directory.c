/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Rows come in as the messages that carry them; what may be put at all is looked at before (acceptable.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/called.h"
#include "gate/directory.h"
#include "gate/sorted.h"

enum { USERS_MAX = 200000, GROUPS_MAX = 20000, HOSTS_MAX = 200000 };

struct directory {
	struct sorted users, groups, hosts;
	struct table called;
	struct codes *codes;
};

struct directory *
directory_new(void)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->users.max = USERS_MAX;
	d->groups.max = GROUPS_MAX;
	d->hosts.max = HOSTS_MAX;
	d->codes = codes_new();
	if (d->codes != NULL)
		return d;
	free(d);
	return NULL;
}

/* --- rows --- */

static void
key_done(struct dir_key *k)
{
	free(k->alg);
	free(k->comment);
	free(k->blob);
}

static void
factor_drop(struct dir_factor *f)
{
	if (f != NULL && --f->users == 0)
		free(f);
}

static void
factor_share(struct dir_user *u, struct dir_factor *f)
{
	f->users++;
	factor_drop(u->factor);
	u->factor = f;
}

static void
user_free(struct dir_user *u)
{
	if (u == NULL)
		return;
	factor_drop(u->factor);
	for (size_t i = 0; i < u->nkeys; i++)
		key_done(&u->keys[i]);
	free(u->keys);
	free(u->name);
	free(u->display);
	free(u->groups);
	free(u->attrs);
	free(u);
}

static void
group_free(struct dir_group *g)
{
	if (g == NULL)
		return;
	free(g->name);
	free(g->description);
	free(g);
}

static void
host_free(struct dir_host *h)
{
	if (h == NULL)
		return;
	free(h->name);
	free(h->addr);
	free(h->labels);
	free(h->logins);
	free(h->pins);
	free(h->aliases);
	free(h->called);
	free(h);
}

bool
directory_shed(struct directory *d)
{
	if (d->hosts.n > 0)
		host_free(directory_host_at(d, --d->hosts.n));
	else if (d->groups.n > 0)
		group_free(directory_group_at(d, --d->groups.n));
	else if (d->users.n > 0)
		user_free(directory_user_at(d, --d->users.n));
	else
		return false;
	return true;
}

void
directory_free(struct directory *d)
{
	if (d == NULL)
		return;
	while (directory_shed(d))
		continue;
	codes_free(d->codes);
	table_done(&d->called);
	free(d->users.p);
	free(d->groups.p);
	free(d->hosts.p);
	free(d);
}

static struct dir_user *
user_new(const struct msg_dir_user *m)
{
	struct dir_user *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->name = slice_dup(m->name);
	u->display = slice_dup(m->display);
	u->groups = slice_dup(m->groups);
	u->attrs = slice_dup(m->attrs);
	u->disabled = m->disabled != 0;
	u->created_us = m->created_us;
	u->expires_us = m->expires_us;
	u->factor = calloc(1, sizeof(*u->factor));
	if (u->factor != NULL)
		u->factor->users = 1;
	if (u->name != NULL && u->display != NULL && u->groups != NULL && u->attrs != NULL && u->factor != NULL)
		return u;
	user_free(u);
	return NULL;
}

static struct dir_group *
group_new(const struct msg_dir_group *m)
{
	struct dir_group *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->name = slice_dup(m->name);
	g->description = slice_dup(m->description);
	if (g->name != NULL && g->description != NULL)
		return g;
	group_free(g);
	return NULL;
}

static struct dir_host *
host_new(const struct msg_dir_host *m)
{
	struct dir_host *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->name = slice_dup(m->name);
	h->addr = slice_dup(m->addr);
	h->labels = slice_dup(m->labels);
	h->logins = slice_dup(m->logins);
	h->pins = slice_dup(m->pins);
	h->aliases = slice_dup(m->aliases);
	h->port = m->port;
	h->kind = m->target_kind;
	h->trust_first = m->trust_first != 0;
	if (h->name && h->addr && h->labels && h->logins && h->pins && h->aliases)
		return h;
	host_free(h);
	return NULL;
}

/* --- taking rows in --- */

static int
apply_user(struct directory *d, const void *row)
{
	const struct msg_dir_user *m = row;
	struct dir_user *u;
	bool found;
	size_t at = sorted_place(&d->users, m->name, &found);
	int r;

	if (m->op == MSG_DIR_DELETE) {
		if (!found)
			return -ENOENT;
		user_free(directory_user_at(d, at));
		sorted_remove(&d->users, at);
		return 0;
	}
	u = user_new(m);
	if (u == NULL)
		return -ENOMEM;
	if (found) {                              /* keys and factor stay */
		struct dir_user *old = directory_user_at(d, at);

		u->keys = old->keys;
		u->nkeys = old->nkeys;
		factor_share(u, old->factor);
		old->nkeys = 0;
		old->keys = NULL;
		user_free(old);
		d->users.p[at] = (struct named *)u;
		return 0;
	}
	r = sorted_insert(&d->users, at, (struct named *)u);
	if (r != 0)
		user_free(u);
	return r;
}

static struct dir_key *
key_of(const struct dir_user *u, struct slice blob)
{
	for (size_t i = 0; i < u->nkeys; i++)
		if (slice_eq(slice_of(u->keys[i].blob, u->keys[i].blob_n), blob))
			return &u->keys[i];
	return NULL;
}

static int
key_add(struct dir_user *u, const struct msg_dir_key *m)
{
	struct dir_key k = { .blob_n = m->blob.n, .added_us = m->added_us, .expires_us = m->expires_us };
	struct dir_key *p;

	if (u->nkeys >= DIRECTORY_KEYS_MAX)
		return -ENOSPC;
	p = realloc(u->keys, (u->nkeys + 1) * sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	u->keys = p;
	k.alg = slice_dup(m->alg);
	k.comment = slice_dup(m->comment);
	k.blob = (unsigned char *)slice_dup(m->blob);
	if (k.alg == NULL || k.comment == NULL || k.blob == NULL) {
		key_done(&k);
		return -ENOMEM;
	}
	u->keys[u->nkeys++] = k;
	return 0;
}

static int
apply_key(struct directory *d, const void *row)
{
	const struct msg_dir_key *m = row;
	struct dir_user *u = directory_find_user(d, m->user);
	struct dir_key *old;

	if (u == NULL)
		return -ENOENT;
	old = key_of(u, m->blob);
	if (old != NULL) {
		key_done(old);
		*old = u->keys[--u->nkeys];
	} else if (m->op == MSG_DIR_DELETE) {
		return -ENOENT;
	}
	return m->op == MSG_DIR_DELETE ? 0 : key_add(u, m);
}

/* h is freed if it does not go in. */
static int
host_put(struct directory *d, struct dir_host *h, size_t at, bool found)
{
	int r = called_put(&d->called, h);

	if (r == 0 && found) {
		called_take(&d->called, directory_host_at(d, at));
		host_free(directory_host_at(d, at));
		d->hosts.p[at] = (struct named *)h;
		return 0;
	}
	if (r == 0)
		r = sorted_insert(&d->hosts, at, (struct named *)h);
	if (r != 0) {
		called_take(&d->called, h);
		host_free(h);
	}
	return r;
}

static int
apply_host(struct directory *d, const void *row)
{
	const struct msg_dir_host *m = row;
	struct dir_host *h;
	bool found;
	size_t at = sorted_place(&d->hosts, m->name, &found);

	if (m->op == MSG_DIR_DELETE) {
		if (!found)
			return -ENOENT;
		called_take(&d->called, directory_host_at(d, at));
		host_free(directory_host_at(d, at));
		sorted_remove(&d->hosts, at);
		return 0;
	}
	h = host_new(m);
	return h != NULL ? host_put(d, h, at, found) : -ENOMEM;
}

static int
apply_group(struct directory *d, const void *row)
{
	const struct msg_dir_group *m = row;
	struct dir_group *g;
	bool found;
	size_t at = sorted_place(&d->groups, m->name, &found);
	int r = 0;

	if (m->op == MSG_DIR_DELETE && !found)
		return -ENOENT;
	g = m->op == MSG_DIR_DELETE ? NULL : group_new(m);
	if (g == NULL && m->op != MSG_DIR_DELETE)
		return -ENOMEM;
	if (found) {
		group_free(directory_group_at(d, at));
		d->groups.p[at] = (struct named *)g;
		if (g == NULL)
			sorted_remove(&d->groups, at);
	} else {
		r = sorted_insert(&d->groups, at, (struct named *)g);
		if (r != 0)
			group_free(g);
	}
	return r;
}

static int
apply_code(struct directory *d, const void *row)
{
	return codes_apply(d->codes, row);
}

static int
apply_factor(struct directory *d, const void *row)
{
	const struct msg_dir_factor *m = row;
	struct dir_user *u = directory_find_user(d, m->user);
	struct dir_factor *f = u != NULL ? u->factor : NULL;

	if (f == NULL || (m->op == MSG_DIR_DELETE && f->n == 0))
		return -ENOENT;
	f->fails = 0;
	f->wait_us = 0;
	f->n = 0;
	if (m->op == MSG_DIR_DELETE)
		return 0;
	if (m->sealed.n > sizeof(f->sealed))
		return -ENOSPC;
	memcpy(f->sealed, m->sealed.p, m->sealed.n);
	f->n = m->sealed.n;
	f->step = m->step;
	f->added_us = m->added_us;
	return 0;
}

int
directory_apply(struct directory *d, unsigned type, const void *row)
{
	static const struct { unsigned type; int (*fn)(struct directory *, const void *); } table[] = {
		{ MSG_DIR_USER, apply_user }, { MSG_DIR_GROUP, apply_group }, { MSG_DIR_KEY, apply_key },
		{ MSG_DIR_HOST, apply_host }, { MSG_DIR_CODE, apply_code }, { MSG_DIR_FACTOR, apply_factor },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return table[i].fn(d, row);
	return -EINVAL;
}

void
directory_begin(struct directory *d)
{
	sorted_begin(&d->users);
	sorted_begin(&d->groups);
	sorted_begin(&d->hosts);
}

/* Name and address. */
void
directory_expect(struct directory *d, size_t hosts)
{
	table_expect(&d->called, 2 * (hosts < HOSTS_MAX ? hosts : HOSTS_MAX));
}

int
directory_settle(struct directory *d)
{
	int r = sorted_settle(&d->users);

	if (r == 0)
		r = sorted_settle(&d->groups);
	return r == 0 ? sorted_settle(&d->hosts) : r;
}

/* --- copies --- */

void
directory_share_factor(struct dir_user *u, const struct dir_user *of)
{
	factor_share(u, of->factor);
}

void
directory_succeed(struct directory *d, struct directory *old)
{
	struct codes *codes = d->codes;

	d->codes = old->codes;
	old->codes = codes;
}

bool
directory_lost_user(const struct directory *d, const struct directory *old, struct slice name)
{
	const struct dir_user *was = directory_find_user(old, name), *is = directory_find_user(d, name);

	return was != NULL && (is == NULL || is->factor != was->factor);
}

/* --- questions --- */

struct dir_user *
directory_find_user(const struct directory *d, struct slice name)
{
	bool found;
	size_t at = sorted_place(&d->users, name, &found);

	return found ? directory_user_at(d, at) : NULL;
}

bool
directory_is_over(uint64_t expires_us, wall_t now)
{
	return expires_us != 0 && (uint64_t)now.us >= expires_us;
}

const char *
directory_refuses(const struct dir_user *u, wall_t now)
{
	if (u->disabled)
		return "this user is locked";
	return directory_is_over(u->expires_us, now) ? "this user's account has expired" : NULL;
}

const struct dir_key *
directory_find_key(const struct dir_user *u, struct slice blob)
{
	return blob.n > 0 ? key_of(u, blob) : NULL;
}

bool
directory_is_same_person(const struct directory *d, struct slice a, struct slice b)
{
	const struct dir_user *u = directory_find_user(d, a), *v = directory_find_user(d, b);

	if (slice_eq(a, b))
		return true;
	for (size_t i = 0; u != NULL && v != NULL && i < u->nkeys; i++)
		if (key_of(v, slice_of(u->keys[i].blob, u->keys[i].blob_n)) != NULL)
			return true;
	return false;
}

struct dir_group *
directory_find_group(const struct directory *d, struct slice name)
{
	bool found;
	size_t at = sorted_place(&d->groups, name, &found);

	return found ? directory_group_at(d, at) : NULL;
}

const struct called *
directory_called(const struct directory *d, struct slice text, unsigned kinds, const struct called *after)
{
	return called_next(&d->called, text, kinds, after);
}

const struct dir_host *
directory_alias_of(const struct directory *d, struct slice alias, struct slice but)
{
	const struct called *c = NULL;

	while ((c = called_next(&d->called, alias, CALLED_ALIAS, c)) != NULL)
		if (slice_eq(c->text, alias) && !slice_is(but, c->host->name))
			return c->host;
	return NULL;
}

struct dir_host *
directory_host_named(const struct directory *d, struct slice name)
{
	bool found;
	size_t at = sorted_place(&d->hosts, name, &found);

	return found ? directory_host_at(d, at) : NULL;
}

struct codes *
directory_codes(const struct directory *d)
{
	return d->codes;
}

size_t
directory_host_place(const struct directory *d, struct slice text)
{
	bool found;

	return sorted_place(&d->hosts, text, &found);
}

size_t
directory_users(const struct directory *d)
{
	return d->users.n;
}

size_t
directory_groups(const struct directory *d)
{
	return d->groups.n;
}

size_t
directory_hosts(const struct directory *d)
{
	return d->hosts.n;
}

struct dir_user *
directory_user_at(const struct directory *d, size_t i)
{
	return (struct dir_user *)(void *)d->users.p[i];
}

struct dir_host *
directory_host_at(const struct directory *d, size_t i)
{
	return (struct dir_host *)(void *)d->hosts.p[i];
}

struct dir_group *
directory_group_at(const struct directory *d, size_t i)
{
	return (struct dir_group *)(void *)d->groups.p[i];
}
