/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A list is a cursor over the directory.  While it is sent nothing is read from its client, but others may change the
 * directory; a row that moves may then be missed or come twice, and the next list is right.
 */
#include <errno.h>

#include "gate/decide.h"
#include "gate/lists.h"
#include "gate/login.h"

#define ROWS_ENOUGH 60000             /* bytes of rows in one message */
#define TURN_HOSTS  2000              /* hosts looked at for one message */

bool
lists_hosts(struct client *c)
{
	struct gate *g = c->gate;
	const struct dir_user *user = directory_find_user(g->dir, slice_from(c->asked));
	struct rules_who who = { .name = c->asked, .groups = user != NULL ? user->groups : "" };
	struct slice src = slice_from(c->kind == MSG_CLIENT_FRONT ? c->peer : "");
	struct msg_host_rows m = { .more = 1 };
	struct err e = { 0 };
	struct buf rows;
	int r = 0;

	/* Who is not (any more) let in sees nothing; nobody's name at all is an administrator's question. */
	if (c->kind == MSG_CLIENT_FRONT ? login_check(c, NULL, &e) != 0 :
	    c->asked[0] != '\0' && (user == NULL || user->disabled)) {
		m.more = 0;
		(void)chan_send(c->chan, MSG_HOST_ROWS, &m);
		return true;
	}
	if (c->kind == MSG_CLIENT_FRONT)
		login_who(c, &who);
	buf_init(&rows, MSG_MAX - 1024);
	for (int looked = 0; r == 0 && rows.len < ROWS_ENOUGH && looked < TURN_HOSTS; looked++) {
		if (c->cursor == directory_hosts(g->dir)) {
			m.more = c->phase == 0;
			c->phase++;
			c->cursor = 0;
			break;
		}
		r = decide_host_row(g, who.name[0] != '\0' ? &who : NULL, directory_host_at(g->dir, c->cursor++), src, c->phase == 0, &rows);
	}
	m.rows = buf_slice(&rows);
	if ((r != 0 && r != -ENOBUFS) || chan_send(c->chan, MSG_HOST_ROWS, &m) != 0)
		m.more = 0;
	buf_done(&rows);
	return m.more == 0;
}

static int
send_user(struct client *c, const struct dir_user *u)
{
	struct msg_dir_user m = { .name = slice_from(u->name), .display = slice_from(u->display),
	    .groups = slice_from(u->groups), .disabled = u->disabled, .created_us = u->created_us,
	    .expires_us = u->expires_us };
	int r = chan_send(c->chan, MSG_DIR_USER, &m);

	for (size_t i = 0; i < u->nkeys && r == 0; i++) {
		struct msg_dir_key k = { .user = slice_from(u->name), .alg = slice_from(u->keys[i].alg),
		    .blob = slice_of(u->keys[i].blob, u->keys[i].blob_n), .comment = slice_from(u->keys[i].comment),
		    .added_us = u->keys[i].added_us, .expires_us = u->keys[i].expires_us };

		r = chan_send(c->chan, MSG_DIR_KEY, &k);
	}
	return r;
}

static int
send_host(struct client *c, const struct dir_host *h)
{
	struct msg_dir_host m = { .name = slice_from(h->name), .addr = slice_from(h->addr), .port = h->port,
	    .target_kind = h->kind, .trust_first = h->trust_first, .labels = slice_from(h->labels),
	    .logins = slice_from(h->logins), .pins = slice_from(h->pins), .aliases = slice_from(h->aliases) };

	return chan_send(c->chan, MSG_DIR_HOST, &m);
}

bool
lists_directory(struct client *c)
{
	const struct directory *d = c->gate->dir;
	struct msg_dir_end end = { .req = c->req };

	if (c->phase == 0 && c->cursor < directory_users(d))
		return send_user(c, directory_user_at(d, c->cursor++)) != 0;
	if (c->phase == 0) {
		c->phase = 1;
		c->cursor = 0;
	}
	if (c->cursor < directory_hosts(d))
		return send_host(c, directory_host_at(d, c->cursor++)) != 0;
	(void)chan_send(c->chan, MSG_DIR_END, &end);
	return true;
}
