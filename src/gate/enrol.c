/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Three steps, each durable before the next: the code is burnt, the user exists, the key is bound.
 * A crash in between costs the code, never gives it twice.  The steps remember the login in a
 * struct of their own, found again by the client's id.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "gate/enrol.h"
#include "gate/events.h"
#include "gate/login.h"
#include "gate/puts.h"

enum { TTL_DEFAULT_S = 3600, TTL_MAX_S = 30 * 86400, PENDING_MAX = 256, PURGE_MAX = 256 };

struct pending {
	struct pending *next;
	uint64_t client;
	uint32_t number;
	char user[65];
	struct buf raw, alg, blob;
	char code[CODE_TEXT + 1];          /* only for a code that is being made */
};

static struct pending *pendings;
static unsigned npendings;
static uint32_t last_number;

static struct pending *
pending_new(const struct client *c, struct slice user)
{
	struct pending *p = npendings < PENDING_MAX ? calloc(1, sizeof(*p)) : NULL;

	if (p == NULL)
		return NULL;
	p->client = c->id;
	p->number = ++last_number;
	(void)slice_copy(user, p->user, sizeof(p->user));
	buf_init(&p->raw, NAMES_MAX);
	buf_init(&p->alg, 128);
	buf_init(&p->blob, 32768);
	p->next = pendings;
	pendings = p;
	npendings++;
	return p;
}

static struct pending *
pending_find(uint32_t number)
{
	struct pending *p;

	for (p = pendings; p != NULL && p->number != number; p = p->next)
		;
	return p;
}

static void
pending_free(struct pending *p)
{
	struct pending **at = &pendings;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	npendings--;
	buf_done(&p->raw);
	buf_done(&p->alg);
	buf_done(&p->blob);
	secret_wipe(p->code, sizeof(p->code));
	free(p);
}

/* The client may have gone: the key is bound all the same, as it was asked for. */
static void
pending_finish(struct pending *p, struct client *c, const char *reason)
{
	if (c != NULL) {
		c->busy = false;
		if (reason == NULL)
			login_enrolled(c, buf_slice(&p->blob));
		else
			(void)login_refused(c, buf_slice(&p->raw), slice_from("publickey"), reason);
	}
	pending_free(p);
}

static void
key_bound(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice text)
{
	struct pending *p = pending_find(number);
	char why[256];

	(void)g;
	if (p != NULL)
		pending_finish(p, c, ok ? NULL : text_escaped(text, why, sizeof(why)));
}

static void
user_made(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice text)
{
	struct pending *p = pending_find(number);
	struct msg_dir_key row = { .op = MSG_DIR_PUT, .added_us = (uint64_t)clock_wall().us };
	struct err e = { 0 };
	char why[256];

	if (p == NULL)
		return;
	row.actor = row.user = slice_from(p->user);
	row.alg = buf_slice(&p->alg);
	row.blob = buf_slice(&p->blob);
	row.comment = slice_from("enrolled");
	if (!ok)
		pending_finish(p, c, text_escaped(text, why, sizeof(why)));
	else if (puts_row(g, c, MSG_DIR_KEY, &row, number, key_bound, &e) != 0)
		pending_finish(p, c, e.text);
}

static void
code_burnt(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice text)
{
	struct pending *p = pending_find(number);
	struct msg_dir_user row = { .op = MSG_DIR_PUT, .created_us = (uint64_t)clock_wall().us };
	struct err e = { 0 };

	if (p == NULL)
		return;
	row.actor = row.name = slice_from(p->user);
	if (!ok || directory_find_user(g->dir, row.name) != NULL)
		user_made(g, c, number, ok, text);
	else if (puts_row(g, c, MSG_DIR_USER, &row, number, user_made, &e) != 0)
		pending_finish(p, c, e.text);
}

int
enrol_start(struct client *c, const struct msg_login *m, const struct names *n)
{
	unsigned char hash[CODE_HASH];
	struct msg_dir_code row = { .op = MSG_DIR_DELETE, .actor = n->user, .user = n->user };
	struct pending *p;
	struct err e = { 0 };

	p = pending_new(c, n->user);
	if (p == NULL || buf_slice_append(&p->raw, m->raw) != 0 || buf_slice_append(&p->alg, m->alg) != 0 ||
	    buf_slice_append(&p->blob, m->blob) != 0) {
		if (p != NULL)
			pending_free(p);
		return -ENOMEM;
	}
	SHA256(n->code.p, n->code.n, hash);
	row.hash = slice_of(hash, CODE_HASH);
	c->busy = true;
	if (!codes_take(directory_codes(c->gate->dir), n->user, hash, clock_wall()))
		pending_finish(p, c, "this code has been used");
	else if (puts_row(c->gate, c, MSG_DIR_CODE, &row, p->number, code_burnt, &e) != 0)
		pending_finish(p, c, e.text);
	return 0;
}

static void
code_gone(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice text)
{
	(void)g, (void)c, (void)number;
	if (!ok)
		log_warn("enrolment code not deleted: %.*s: it is not good until the next start", (int)text.n, (const char *)text.p);
}

void
enrol_missed(struct client *c, const struct names *n)
{
	unsigned char hash[CODE_HASH];
	struct msg_dir_code row = { .op = MSG_DIR_DELETE, .actor = slice_from("gate"), .user = n->user,
		.hash = slice_of(hash, CODE_HASH) };
	struct err e = { 0 };
	bool burnt = false;

	if (c->missed)
		return;
	c->missed = true;
	codes_miss(directory_codes(c->gate->dir), n->user);
	while (codes_take_missed(directory_codes(c->gate->dir), n->user, hash)) {
		burnt = true;
		if (puts_row(c->gate, NULL, MSG_DIR_CODE, &row, 0, code_gone, &e) != 0)
			log_warn("enrolment code not deleted: %s: it is not good until the next start", e.text);
	}
	if (burnt)
		(void)events_codes_burnt(c, n->user);
}

/* --- new codes --- */

void
enrol_purge(struct gate *g)
{
	unsigned char hash[CODE_HASH];
	char user[65];
	struct msg_dir_code row = { .op = MSG_DIR_DELETE, .actor = slice_from("gate"), .hash = slice_of(hash, CODE_HASH) };
	struct err e = { 0 };
	wall_t now = clock_wall();

	for (int i = 0; i < PURGE_MAX && codes_take_expired(directory_codes(g->dir), now, user, hash); i++) {
		row.user = slice_from(user);
		if (puts_row(g, NULL, MSG_DIR_CODE, &row, 0, code_gone, &e) != 0)
			return;                          /* the next start finds it again */
	}
}

static int
enrolled_send(struct client *c, uint32_t req, const char *code, const char *text)
{
	struct msg_enrolled m = { .req = req, .ok = code != NULL, .code = slice_from(code), .text = slice_from(text) };

	return chan_send(c->chan, MSG_ENROLLED, &m);
}

static void
code_kept(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice text)
{
	struct pending *p = pending_find(number);
	char why[256];

	(void)g;
	if (p == NULL)
		return;
	if (c != NULL)
		(void)enrolled_send(c, c->req, ok ? p->code : NULL, ok ? "" : text_escaped(text, why, sizeof(why)));
	pending_free(p);
}

int
enrol_new_code(struct client *c, const struct msg_enrol *m)
{
	uint32_t ttl_s = m->ttl_s == 0 ? TTL_DEFAULT_S : m->ttl_s;
	unsigned char hash[CODE_HASH];
	struct msg_dir_code row = { .op = MSG_DIR_PUT, .actor = slice_from(c->actor), .user = m->user,
	    .hash = slice_of(hash, CODE_HASH), .expires_us = (uint64_t)clock_wall().us + (uint64_t)ttl_s * 1000000 };
	const struct dir_user *u = directory_find_user(c->gate->dir, m->user);
	struct pending *p;
	struct err e = { 0 };
	int r;

	if (ttl_s > TTL_MAX_S)
		return enrolled_send(c, m->req, NULL, "a code is good for at most 30 days");
	if (u != NULL && directory_refuses(u, clock_wall()) != NULL)
		return enrolled_send(c, m->req, NULL, directory_refuses(u, clock_wall()));
	enrol_purge(c->gate);
	p = pending_new(c, m->user);
	if (p == NULL || names_new_code(p->code) != 0) {
		if (p != NULL)
			pending_free(p);
		return enrolled_send(c, m->req, NULL, "too many enrolments wait: try again");
	}
	SHA256((const unsigned char *)p->code, CODE_TEXT, hash);
	c->req = m->req;
	r = puts_row(c->gate, c, MSG_DIR_CODE, &row, p->number, code_kept, &e);
	if (r == 0)
		return 0;
	pending_free(p);
	return enrolled_send(c, m->req, NULL, e.text);
}
