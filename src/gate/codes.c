/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/codes.h"

struct code { char *user; unsigned char hash[CODE_HASH]; uint64_t expires_us; unsigned missed; };

struct codes {
	struct code p[CODES_MAX];
	size_t n;
};

struct codes *
codes_new(void)
{
	return calloc(1, sizeof(struct codes));
}

void
codes_free(struct codes *x)
{
	for (size_t i = 0; x != NULL && i < x->n; i++)
		free(x->p[i].user);
	free(x);
}

static void
code_remove(struct codes *x, size_t i)
{
	free(x->p[i].user);
	x->p[i] = x->p[--x->n];
}

int
codes_apply(struct codes *x, const struct msg_dir_code *m)
{
	struct code *c;
	size_t i;

	if (m->hash.n != CODE_HASH)
		return -EINVAL;
	for (i = 0; i < x->n; i++)
		if (memcmp(x->p[i].hash, m->hash.p, CODE_HASH) == 0)
			break;
	if (m->op == MSG_DIR_DELETE) {
		if (i == x->n)
			return -ENOENT;
		code_remove(x, i);
		return 0;
	}
	if (i < x->n)
		code_remove(x, i);
	if (x->n == CODES_MAX)
		return -ENOSPC;
	c = &x->p[x->n];
	c->user = slice_dup(m->user);
	if (c->user == NULL)
		return -ENOMEM;
	memcpy(c->hash, m->hash.p, CODE_HASH);
	c->expires_us = m->expires_us;
	c->missed = 0;
	x->n++;
	return 0;
}

static size_t
code_find(const struct codes *x, struct slice user, const unsigned char hash[CODE_HASH], wall_t now)
{
	size_t i, at = x->n;

	for (i = 0; i < x->n; i++)
		if (memcmp(x->p[i].hash, hash, CODE_HASH) == 0 && slice_is(user, x->p[i].user) &&
		    x->p[i].expires_us > (uint64_t)now.us)
			at = i;
	return at;
}

bool
codes_has(const struct codes *x, struct slice user, const unsigned char hash[CODE_HASH], wall_t now)
{
	return code_find(x, user, hash, now) < x->n;
}

bool
codes_take(struct codes *x, struct slice user, const unsigned char hash[CODE_HASH], wall_t now)
{
	size_t at = code_find(x, user, hash, now);

	if (at == x->n)
		return false;
	code_remove(x, at);
	return true;
}

bool
codes_take_expired(struct codes *x, wall_t now, char user[65], unsigned char hash[CODE_HASH])
{
	for (size_t i = 0; i < x->n; i++)
		if (x->p[i].expires_us <= (uint64_t)now.us) {
			(void)slice_copy(slice_from(x->p[i].user), user, 65);
			memcpy(hash, x->p[i].hash, CODE_HASH);
			code_remove(x, i);
			return true;
		}
	return false;
}

void
codes_miss(struct codes *x, struct slice user)
{
	for (size_t i = 0; i < x->n; i++)
		x->p[i].missed += slice_is(user, x->p[i].user);
}

bool
codes_take_missed(struct codes *x, struct slice user, unsigned char hash[CODE_HASH])
{
	for (size_t i = 0; i < x->n; i++)
		if (x->p[i].missed >= CODE_MISSES && slice_is(user, x->p[i].user)) {
			memcpy(hash, x->p[i].hash, CODE_HASH);
			code_remove(x, i);
			return true;
		}
	return false;
}

bool
codes_are_full(const struct codes *x)
{
	return x->n == CODES_MAX;
}
