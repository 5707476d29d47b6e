/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The user is always the one who logged in on this connection, whatever the message says.  The last key that still lets in
 * stays: without it the user would be locked out.  A key that is added ends with the one that logged in.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "gate/login.h"
#include "gate/own.h"
#include "gate/puts.h"

enum { ASKING_MAX = 16 };              /* of one connection at once: the list of what waits for the store is everybody's */

static void
sessions_come(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice rows)
{
	struct msg_session_rows m = { .req = req, .rows = rows };

	(void)g, (void)ok;
	if (c == NULL)
		return;
	c->asking--;
	(void)chan_send(c->chan, MSG_SESSION_ROWS, &m);
}

int
own_sessions(struct client *c, const void *message)
{
	const struct msg_sessions_ask *m = message;
	struct msg_sessions_ask ask = { .user = slice_from(c->user), .max = m->max };
	struct msg_session_rows none = { .req = m->req };
	struct err e = { 0 };

	if (c->user[0] == '\0')
		return -EPROTO;
	if (login_check(c, NULL, &e) != 0 || c->asking >= ASKING_MAX ||
	    puts_ask(c->gate, c, MSG_SESSIONS_ASK, &ask, m->req, sessions_come) != 0)
		return chan_send(c->chan, MSG_SESSION_ROWS, &none);
	c->asking++;
	return 0;
}

int
own_load(struct client *c, const void *message)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(c->user));
	struct msg_dir_end end = { .req = ((const struct msg_dir_load *)message)->req };
	int r = c->user[0] != '\0' ? 0 : -EPROTO;
	struct err e = { 0 };

	if (r == 0 && login_check(c, NULL, &e) != 0)
		u = NULL;
	for (size_t i = 0; r == 0 && u != NULL && i < u->nkeys; i++) {
		const struct dir_key *k = &u->keys[i];
		struct msg_dir_key row = { .req = end.req, .user = slice_from(u->name), .alg = slice_from(k->alg),
		    .blob = slice_of(k->blob, k->blob_n), .comment = slice_from(k->comment), .added_us = k->added_us,
		    .expires_us = k->expires_us };

		r = chan_send(c->chan, MSG_DIR_KEY, &row);
	}
	return r == 0 ? chan_send(c->chan, MSG_DIR_END, &end) : r;
}

static void
key_done(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	(void)g;
	if (c == NULL)
		return;
	c->busy = false;
	(void)client_done(c, req, ok, text);
}

static bool
lets_in(const struct client *c, const struct dir_key *k)
{
	return !directory_is_over(k->expires_us, clock_wall()) && trust_refuses_key(c->gate->trust, slice_of(k->blob, k->blob_n)) == NULL;
}

static bool
is_last(const struct client *c, const struct dir_user *u, struct slice blob)
{
	const struct dir_key *k = directory_find_key(u, blob);

	if (k == NULL || !lets_in(c, k))
		return false;
	for (size_t i = 0; i < u->nkeys; i++)
		if (&u->keys[i] != k && lets_in(c, &u->keys[i]))
			return false;
	return true;
}

/* A login that ends, or is restricted, must not make itself one that does not: a certificate changes no keys. */
static const char *
key_refusal(const struct client *c, const struct msg_dir_key *m)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(c->user));

	if (!c->gate->own_keys)
		return "here only an administrator changes keys (OwnKeys no)";
	if (u == NULL)
		return "only a user of the directory has keys of one's own";
	if (login_by_certificate(c))
		return "a login by certificate changes no keys";
	if (c->busy)
		return "one change at a time";
	if (m->op == MSG_DIR_DELETE && is_last(c, u, m->blob))
		return "that is your last key: add another first";
	if (m->op == MSG_DIR_PUT && directory_find_key(u, m->blob) != NULL)
		return "that key is yours already";
	return m->op == MSG_DIR_PUT ? trust_refuses_key(c->gate->trust, m->blob) : NULL;
}

int
own_key(struct client *c, const void *message)
{
	struct msg_dir_key row = *(const struct msg_dir_key *)message;
	struct msg_decide asked = { .verb = slice_from("keys") };
	uint32_t req = row.req;
	struct err e = { 0 };
	const char *refusal;

	if (c->user[0] == '\0' || (row.op != MSG_DIR_PUT && row.op != MSG_DIR_DELETE))
		return -EPROTO;
	if (login_check(c, &asked, &e) != 0)
		return client_done(c, req, false, slice_from(e.text));
	refusal = key_refusal(c, &row);
	if (refusal != NULL)
		return client_done(c, req, false, slice_from(refusal));
	row.expires_us = login_ends_us(c);               /* nobody makes a lasting key out of one that ends */
	row.actor = row.user = slice_from(c->user);
	row.added_us = (uint64_t)clock_wall().us;
	if (puts_row(c->gate, c, MSG_DIR_KEY, &row, req, key_done, &e) != 0)
		return client_done(c, req, false, slice_from(e.text));
	c->busy = true;
	return 0;
}
