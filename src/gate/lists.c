/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A list is a cursor over the directory.  While it is sent nothing is read from its client, but others may change the
 * directory; a row that moves may then be missed or come twice, and the next list is right.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gate/decide.h"
#include "gate/lists.h"
#include "gate/login.h"
#include "gate/rows.h"

#define ROWS_ENOUGH 60000             /* bytes of rows in one message */
#define LOOK_EVERY  16                /* rows, until the clock is looked at */

/* The place of a host that is listed in the second round.  0 or -ENOMEM. */
static int
later_add(struct client *c, size_t place)
{
	size_t cap = c->caplater == 0 ? 1024 : c->caplater * 2;
	uint32_t *p;

	if (c->nlater == c->caplater) {
		p = realloc(c->later, cap * sizeof(*p));
		if (p == NULL)
			return -ENOMEM;
		c->later = p;
		c->caplater = cap;
	}
	c->later[c->nlater++] = (uint32_t)place;
	return 0;
}

/* The next host of this round; NULL at its end. */
static const struct dir_host *
host_next(struct client *c, size_t *place)
{
	const struct directory *d = c->gate->dir;

	if (c->phase == 0 && c->cursor < directory_hosts(d)) {
		*place = c->cursor++;
		return directory_host_at(d, *place);
	}
	while (c->phase == 1 && c->cursor < c->nlater) {
		*place = c->later[c->cursor++];
		if (*place < directory_hosts(d))
			return directory_host_at(d, *place);
	}
	return NULL;
}

static int
hosts_collect(struct client *c, const struct rules_who *who, mono_t until, struct buf *rows)
{
	bool front = c->kind == MSG_CLIENT_FRONT, first = c->phase == 0;
	struct decide_view view = { .who = who, .src = slice_from(front ? c->peer : ""), .at = clock_wall(), .briefly = !front };
	const struct dir_host *h;
	size_t place, before;
	int r = 0;

	for (unsigned n = 1; r == 0 && rows->len < ROWS_ENOUGH && (h = host_next(c, &place)) != NULL; n++) {
		before = rows->len;
		r = decide_host_row(c->gate, &view, h, first && c->which != MSG_HOSTS_OTHERS, rows);
		if (r == 0 && first && rows->len == before)
			r = c->which == MSG_HOSTS_ALL ? later_add(c, place) : (c->others++, 0);
		if (n % LOOK_EVERY == 0 && clock_mono().us >= until.us)
			return r;
	}
	if (r == 0 && rows->len < ROWS_ENOUGH) {
		c->phase = c->which == MSG_HOSTS_ALL ? c->phase + 1 : 2;
		c->cursor = 0;
	}
	return r;
}

/* A policy that was not loaded is not what its author thinks is in force. */
static const char *
banner_for(const struct client *c, const struct rules_who *who, char *out, size_t size)
{
	const char *error = rules_error(c->gate->rules);

	if (c->kind != MSG_CLIENT_FRONT || error[0] == '\0' || !rules_may_verb(c->gate->rules, who, "admin"))
		return "";
	snprintf(out, size, "the policy was not loaded, the old one is in force: %.600s", error);
	return out;
}

bool
lists_hosts(struct client *c, mono_t until)
{
	const struct dir_user *user = directory_find_user(c->gate->dir, slice_from(c->asked));
	struct rules_who who = { .name = c->asked, .groups = user != NULL ? user->groups : "",
	    .attrs = user != NULL ? user->attrs : "" };
	struct msg_host_rows m = { 0 };
	struct policy_scope *scope;
	char banner[700];
	struct err e = { 0 };
	struct buf rows;
	int r = 0;

	buf_init(&rows, MSG_MAX - 1024);
	if (c->kind == MSG_CLIENT_FRONT)
		login_who(c, &who);
	/* Who is not (any more) let in sees nothing; nobody's name at all is an administrator's question. */
	if (c->kind == MSG_CLIENT_FRONT ? login_check(c, NULL, &e) != 0 :
	    c->asked[0] != '\0' && (user == NULL || user->disabled))
		c->phase = 2;
	else {
		scope = rules_scope_new(c->gate->rules, &who);
		who.scope = scope;
		r = hosts_collect(c, who.name[0] != '\0' ? &who : NULL, until, &rows);
		who.scope = NULL;
		rules_scope_free(scope);
	}
	m.more = r == 0 && c->phase < 2;
	m.rows = buf_slice(&rows);
	m.others = c->which == MSG_HOSTS_ALLOWED ? (uint32_t)c->others : 0;
	m.banner = slice_from(banner_for(c, &who, banner, sizeof(banner)));
	if ((rows.len > 0 || m.more == 0) && chan_send(c->chan, MSG_HOST_ROWS, &m) != 0)
		m.more = 0;
	buf_done(&rows);
	return m.more == 0;
}

static int
send_user(struct client *c, const struct dir_user *u)
{
	struct msg_dir_user m;
	struct msg_dir_key k;
	int r;

	rows_user(u, &m);
	m.op = MSG_DIR_SHOW;
	r = chan_send(c->chan, MSG_DIR_USER, &m);
	for (size_t i = 0; i < u->nkeys && r == 0; i++) {
		rows_key(u, &u->keys[i], &k);
		k.op = MSG_DIR_SHOW;
		r = chan_send(c->chan, MSG_DIR_KEY, &k);
	}
	return r;
}

static int
send_group(struct client *c, const struct dir_group *g)
{
	struct msg_dir_group m;

	rows_group(g, &m);
	m.op = MSG_DIR_SHOW;
	return chan_send(c->chan, MSG_DIR_GROUP, &m);
}

static int
send_host(struct client *c, const struct dir_host *h)
{
	struct msg_dir_host m;

	rows_host(h, &m);
	m.op = MSG_DIR_SHOW;
	return chan_send(c->chan, MSG_DIR_HOST, &m);
}

/* 1: the list is over. */
static int
directory_step(struct client *c)
{
	const struct directory *d = c->gate->dir;
	struct msg_dir_end end = { .req = c->req, .state = c->gate->state == c->state ? c->state : 0 };

	if (c->phase == 0 && c->cursor < directory_users(d))
		return send_user(c, directory_user_at(d, c->cursor++)) != 0;
	if (c->phase == 0) {
		c->phase = 1;
		c->cursor = 0;
	}
	if (c->phase == 1 && c->cursor < directory_groups(d))
		return send_group(c, directory_group_at(d, c->cursor++)) != 0;
	if (c->phase == 1) {
		c->phase = 2;
		c->cursor = 0;
	}
	if (c->cursor < directory_hosts(d))
		return send_host(c, directory_host_at(d, c->cursor++)) != 0;
	(void)chan_send(c->chan, MSG_DIR_END, &end);
	return 1;
}

bool
lists_directory(struct client *c, mono_t until)
{
	int over;

	while ((over = directory_step(c)) == 0 && clock_mono().us < until.us && chan_queued(c->chan) == 0)
		continue;
	return over != 0;
}
