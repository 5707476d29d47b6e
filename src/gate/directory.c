/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Users and hosts are arrays of pointers sorted by name: a binary search finds one, the
 * neighbours of a place answer "which begin with", and lists come out in order.  The store
 * sends rows in order, so loading appends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "cert/cert.h"
#include "gate/directory.h"
#include "gate/host.h"
#include "gate/names.h"

enum { USERS_MAX = 200000, HOSTS_MAX = 200000, KEYS_MAX = 64, CODES_MAX = 4096, LIST_MAX = 16384, DISPLAY_MAX = 256 };

struct code { char *user; unsigned char hash[CODE_HASH]; uint64_t expires_us; unsigned missed; };

/* Both rows begin with their name, so that one search serves both. */
struct named { char *name; };
struct names_array { struct named **p; size_t n, cap, max; };

struct directory {
	struct names_array users, hosts;
	struct code codes[CODES_MAX];
	size_t ncodes;
};

struct directory *
directory_new(void)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (d != NULL) {
		d->users.max = USERS_MAX;
		d->hosts.max = HOSTS_MAX;
	}
	return d;
}

/* --- sorted arrays --- */

static int
name_compare(struct slice a, const char *b)
{
	size_t n = strlen(b);
	int r = a.n == 0 || n == 0 ? 0 : memcmp(a.p, b, a.n < n ? a.n : n);

	return r != 0 ? r : a.n < n ? -1 : a.n > n;
}

/* Where name is, or would go. */
static size_t
array_place(const struct names_array *a, struct slice name, bool *found)
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

static int
array_insert(struct names_array *a, size_t place, struct named *row)
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

static void
array_remove(struct names_array *a, size_t place)
{
	a->n--;
	memmove(a->p + place, a->p + place + 1, (a->n - place) * sizeof(*a->p));
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
user_free(struct dir_user *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->nkeys; i++)
		key_done(&u->keys[i]);
	free(u->keys);
	free(u->name);
	free(u->display);
	free(u->groups);
	free(u);
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
	free(h);
}

void
directory_free(struct directory *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->users.n; i++)
		user_free(directory_user_at(d, i));
	for (size_t i = 0; i < d->hosts.n; i++)
		host_free(directory_host_at(d, i));
	for (size_t i = 0; i < d->ncodes; i++)
		free(d->codes[i].user);
	free(d->users.p);
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
	u->disabled = m->disabled != 0;
	u->created_us = m->created_us;
	u->expires_us = m->expires_us;
	if (u->name != NULL && u->display != NULL && u->groups != NULL)
		return u;
	user_free(u);
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
	size_t at = array_place(&d->users, m->name, &found);
	int r;

	if (m->op == MSG_DIR_DELETE) {
		if (!found)
			return -ENOENT;
		user_free(directory_user_at(d, at));
		array_remove(&d->users, at);
		return 0;
	}
	u = user_new(m);
	if (u == NULL)
		return -ENOMEM;
	if (found) {                              /* the keys stay */
		struct dir_user *old = directory_user_at(d, at);

		u->keys = old->keys;
		u->nkeys = old->nkeys;
		memcpy(u->factor, old->factor, sizeof(u->factor));
		u->factor_n = old->factor_n;
		u->factor_step = old->factor_step;
		u->factor_added_us = old->factor_added_us;
		old->nkeys = 0;
		old->keys = NULL;
		user_free(old);
		d->users.p[at] = (struct named *)u;
		return 0;
	}
	r = array_insert(&d->users, at, (struct named *)u);
	if (r != 0)
		user_free(u);
	return r;
}

static struct dir_key *
key_find(const struct dir_user *u, struct slice blob)
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

	if (u->nkeys >= KEYS_MAX)
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
	old = key_find(u, m->blob);
	if (old != NULL) {
		key_done(old);
		*old = u->keys[--u->nkeys];
	} else if (m->op == MSG_DIR_DELETE) {
		return -ENOENT;
	}
	return m->op == MSG_DIR_DELETE ? 0 : key_add(u, m);
}

static int
apply_host(struct directory *d, const void *row)
{
	const struct msg_dir_host *m = row;
	struct dir_host *h;
	bool found;
	size_t at = array_place(&d->hosts, m->name, &found);
	int r = 0;

	if (m->op == MSG_DIR_DELETE) {
		if (!found)
			return -ENOENT;
		host_free(directory_host_at(d, at));
		array_remove(&d->hosts, at);
		return 0;
	}
	h = host_new(m);
	if (h == NULL)
		return -ENOMEM;
	if (found) {
		host_free(directory_host_at(d, at));
		d->hosts.p[at] = (struct named *)h;
	} else {
		r = array_insert(&d->hosts, at, (struct named *)h);
	}
	if (r != 0)
		host_free(h);
	return r;
}

static void
code_remove(struct directory *d, size_t i)
{
	free(d->codes[i].user);
	d->codes[i] = d->codes[--d->ncodes];
}

static int
apply_code(struct directory *d, const void *row)
{
	const struct msg_dir_code *m = row;
	struct code *c;
	size_t i;

	if (m->hash.n != CODE_HASH)
		return -EINVAL;
	for (i = 0; i < d->ncodes; i++)
		if (memcmp(d->codes[i].hash, m->hash.p, CODE_HASH) == 0)
			break;
	if (m->op == MSG_DIR_DELETE) {
		if (i == d->ncodes)
			return -ENOENT;
		code_remove(d, i);
		return 0;
	}
	if (i < d->ncodes)
		code_remove(d, i);
	if (d->ncodes == CODES_MAX)
		return -ENOSPC;
	c = &d->codes[d->ncodes];
	c->user = slice_dup(m->user);
	if (c->user == NULL)
		return -ENOMEM;
	memcpy(c->hash, m->hash.p, CODE_HASH);
	c->expires_us = m->expires_us;
	c->missed = 0;
	d->ncodes++;
	return 0;
}

static int
apply_factor(struct directory *d, const void *row)
{
	const struct msg_dir_factor *m = row;
	struct dir_user *u = directory_find_user(d, m->user);

	if (u == NULL || (m->op == MSG_DIR_DELETE && u->factor_n == 0))
		return -ENOENT;
	u->factor_fails = 0;
	u->factor_wait_us = 0;
	u->factor_n = 0;
	if (m->op == MSG_DIR_DELETE)
		return 0;
	if (m->sealed.n > sizeof(u->factor))
		return -ENOSPC;
	memcpy(u->factor, m->sealed.p, m->sealed.n);
	u->factor_n = m->sealed.n;
	u->factor_step = m->step;
	u->factor_added_us = m->added_us;
	return 0;
}

int
directory_apply(struct directory *d, unsigned type, const void *row)
{
	static const struct { unsigned type; int (*fn)(struct directory *, const void *); } table[] = {
		{ MSG_DIR_USER, apply_user }, { MSG_DIR_KEY, apply_key },
		{ MSG_DIR_HOST, apply_host }, { MSG_DIR_CODE, apply_code }, { MSG_DIR_FACTOR, apply_factor },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return table[i].fn(d, row);
	return -EINVAL;
}

/* --- checking puts --- */

static int
list_check(struct slice list, const char *what, struct err *e)
{
	struct slice word;

	if (list.n > LIST_MAX)
		return err_set(e, -EINVAL, "the list of %s is longer than %d bytes", what, LIST_MAX);
	while (names_next(&list, &word))
		if (!text_is_name(word))
			return err_set(e, -EINVAL, "\"%.*s\" is not a name for %s (letters, digits, _ . @ -)",
			    (int)word.n, (const char *)word.p, what);
	return 0;
}

static int
check_user(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_user *m = row;

	if (m->op == MSG_DIR_DELETE)
		return directory_find_user(d, m->name) != NULL ? 0 :
		    err_set(e, -ENOENT, "there is no user %.*s", (int)m->name.n, (const char *)m->name.p);
	if (!text_is_name(m->name))
		return err_set(e, -EINVAL, "\"%.*s\" is not a user name (1 to 64 letters, digits, _ . @ -)",
		    (int)m->name.n, (const char *)m->name.p);
	if (m->display.n > DISPLAY_MAX || !text_is_utf8(m->display))
		return err_set(e, -EINVAL, "a display name is at most %d bytes of UTF-8", DISPLAY_MAX);
	return list_check(m->groups, "groups", e);
}

/* The blob begins with its own algorithm's name, length first (RFC 4253 section 6.6). */
static int
check_key(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_key *m = row;
	const struct dir_user *u = directory_find_user(d, m->user);
	const unsigned char *p = m->blob.p;

	if (u == NULL)
		return err_set(e, -ENOENT, "there is no user %.*s", (int)m->user.n, (const char *)m->user.p);
	if (m->op == MSG_DIR_DELETE)
		return key_find(u, m->blob) != NULL ? 0 : err_set(e, -ENOENT, "%s has no such key", u->name);
	if (m->blob.n < 8 || p[0] != 0 || p[1] != 0 || (size_t)(p[2] << 8 | p[3]) != m->alg.n ||
	    m->alg.n + 4 >= m->blob.n || !slice_eq(slice_of(p + 4, m->alg.n), m->alg))
		return err_set(e, -EINVAL, "that is not an SSH public key: the type and the data do not fit");
	if (cert_is(m->blob))
		return err_set(e, -EINVAL, "that is a certificate: TrustedUserCAKeys in fortress.conf(5) names its authority");
	if (u->nkeys >= KEYS_MAX && key_find(u, m->blob) == NULL)
		return err_set(e, -EINVAL, "%s has %d keys already: delete one first", u->name, KEYS_MAX);
	return m->comment.n <= DISPLAY_MAX ? 0 : err_set(e, -EINVAL, "the comment is longer than %d bytes", DISPLAY_MAX);
}

static bool
text_is_plain(struct slice s, size_t max, bool newlines)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && !(newlines && s.p[i] == '\n')) || s.p[i] == 0x7f)
			return false;
	return s.n <= max && text_is_utf8(s);
}

static int
check_host(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_host *m = row;
	bool found;
	int r;

	(void)array_place(&d->hosts, m->name, &found);
	if (m->op == MSG_DIR_DELETE)
		return found ? 0 : err_set(e, -ENOENT, "there is no host %.*s", (int)m->name.n, (const char *)m->name.p);
	if (!text_is_name(m->name))
		return err_set(e, -EINVAL, "\"%.*s\" is not a host name (1 to 64 letters, digits, _ . @ -)",
		    (int)m->name.n, (const char *)m->name.p);
	r = host_check_address(m->addr, e);
	if (r != 0)
		return r;
	if ((m->port == 0 || m->port > 65535) && (m->addr.n < 5 || memcmp(m->addr.p, "unix:", 5) != 0))
		return err_set(e, -EINVAL, "a port is 1 to 65535, not %u", m->port);
	if (m->target_kind != MSG_TARGET_SSHD && m->target_kind != MSG_TARGET_AGENT)
		return err_set(e, -EINVAL, "a host is an sshd or an agent");
	if (!text_is_plain(m->labels, 4096, false) || !text_is_plain(m->pins, LIST_MAX, true))
		return err_set(e, -EINVAL, "labels and host keys are one line of text each");
	r = list_check(m->logins, "logins", e);
	if (r == 0)
		r = list_check(m->aliases, "aliases", e);
	return r != 0 ? r : host_check_names(d, m, e);
}

static int
check_code(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_code *m = row;

	if (!text_is_name(m->user) || m->hash.n != CODE_HASH)
		return err_set(e, -EINVAL, "\"%.*s\" is not a user name", (int)m->user.n, (const char *)m->user.p);
	if (m->op != MSG_DIR_DELETE && d->ncodes == CODES_MAX)
		return err_set(e, -EINVAL, "%d codes wait to be used: too many", CODES_MAX);
	return 0;
}

static int
check_factor(const struct directory *d, const void *row, struct err *e)
{
	const struct msg_dir_factor *m = row;
	const struct dir_user *u = directory_find_user(d, m->user);

	if (u == NULL)
		return err_set(e, -ENOENT, "there is no user %.*s", (int)m->user.n, (const char *)m->user.p);
	if (m->op == MSG_DIR_DELETE)
		return u->factor_n > 0 ? 0 : err_set(e, -ENOENT, "%s has no second factor", u->name);
	return m->sealed.n > 0 && m->sealed.n <= sizeof(u->factor) ? 0 : err_set(e, -EINVAL, "not a sealed factor");
}

int
directory_check(const struct directory *d, unsigned type, const void *row, struct err *e)
{
	static const struct {
		unsigned type;
		int (*fn)(const struct directory *, const void *, struct err *);
	} table[] = {
		{ MSG_DIR_USER, check_user }, { MSG_DIR_KEY, check_key },
		{ MSG_DIR_HOST, check_host }, { MSG_DIR_CODE, check_code }, { MSG_DIR_FACTOR, check_factor },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return table[i].fn(d, row, e);
	return err_set(e, -EINVAL, "not a row of the directory");
}

/* --- questions --- */

struct dir_user *
directory_find_user(const struct directory *d, struct slice name)
{
	bool found;
	size_t at = array_place(&d->users, name, &found);

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
	return blob.n > 0 ? key_find(u, blob) : NULL;
}

struct dir_host *
directory_host_named(const struct directory *d, struct slice name)
{
	bool found;
	size_t at = array_place(&d->hosts, name, &found);

	return found ? directory_host_at(d, at) : NULL;
}

static size_t
code_find(const struct directory *d, struct slice user, const unsigned char hash[CODE_HASH], wall_t now)
{
	size_t i, at = d->ncodes;

	for (i = 0; i < d->ncodes; i++)
		if (memcmp(d->codes[i].hash, hash, CODE_HASH) == 0 && slice_is(user, d->codes[i].user) &&
		    d->codes[i].expires_us > (uint64_t)now.us)
			at = i;
	return at;
}

bool
directory_has_code(const struct directory *d, struct slice user, const unsigned char hash[CODE_HASH], wall_t now)
{
	return code_find(d, user, hash, now) < d->ncodes;
}

bool
directory_take_code(struct directory *d, struct slice user, const unsigned char hash[CODE_HASH], wall_t now)
{
	size_t at = code_find(d, user, hash, now);

	if (at == d->ncodes)
		return false;
	code_remove(d, at);
	return true;
}

bool
directory_take_expired(struct directory *d, wall_t now, char user[65], unsigned char hash[CODE_HASH])
{
	for (size_t i = 0; i < d->ncodes; i++)
		if (d->codes[i].expires_us <= (uint64_t)now.us) {
			(void)slice_copy(slice_from(d->codes[i].user), user, 65);
			memcpy(hash, d->codes[i].hash, CODE_HASH);
			code_remove(d, i);
			return true;
		}
	return false;
}

void
directory_miss_codes(struct directory *d, struct slice user)
{
	for (size_t i = 0; i < d->ncodes; i++)
		d->codes[i].missed += slice_is(user, d->codes[i].user);
}

bool
directory_take_missed(struct directory *d, struct slice user, unsigned char hash[CODE_HASH])
{
	for (size_t i = 0; i < d->ncodes; i++)
		if (d->codes[i].missed >= CODE_MISSES && slice_is(user, d->codes[i].user)) {
			memcpy(hash, d->codes[i].hash, CODE_HASH);
			code_remove(d, i);
			return true;
		}
	return false;
}

size_t
directory_host_place(const struct directory *d, struct slice text)
{
	bool found;

	return array_place(&d->hosts, text, &found);
}

size_t
directory_users(const struct directory *d)
{
	return d->users.n;
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
