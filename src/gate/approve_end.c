/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* How a request ends: used up, its time over, long past.  Each end is a row of the store, too. */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "gate/again.h"
#include "gate/approve.h"
#include "gate/matter.h"
#include "gate/puts.h"

enum { KEPT_DAYS = 30, PURGE_MAX = 16 };
#define DAY_US  86400000000u
#define HOUR_US 3600000000u

void
approve_again(const struct client *c)
{
	struct msg_approval_news m = { .text = slice_from("") };
	wall_t now = clock_wall();

	for (const struct approval *x = c->gate->approvals.first; x != NULL && c->user[0] != '\0'; x = x->next) {
		m.id = x->row.id;
		if (approval_is(x, "open") && !approval_is_over(x, now) && slice_is(x->row.user, c->user))
			(void)chan_send(c->chan, MSG_APPROVAL_NEWS, &m);
	}
}

static void
row_kept(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	char why[300];

	(void)g, (void)c, (void)req;
	if (!ok)
		log_warn("a request for approval: %s", text_cleaned(text, why, sizeof(why)));
}

/* The store hears of it before the front hears of the permit, so it is durable before the session's recording is. */
int
approve_use(struct client *c, const char *id, uint32_t hold, struct err *e)
{
	struct approval *x = approvals_find(&c->gate->approvals, slice_from(id));
	struct msg_dir_approval row;
	char words[64];
	int r;

	if (x == NULL)
		return err_set(e, -ENOENT, "its approval has gone");
	if (approval_is(x, "used"))
		return 0;
	if (x->busy)                             /* its row is with the store: ours would be written over it, or it over ours */
		return err_set(e, -EAGAIN, "somebody says yes or no to request %s this moment: try again", id);
	row = x->row;
	snprintf(words, sizeof(words), "uses approval %s", id);
	row.op = MSG_DIR_PUT;
	row.actor = slice_from(c->user);
	row.state = slice_from("used");
	row.said = slice_from(words);
	r = puts_row(c->gate, NULL, MSG_DIR_APPROVAL, &row, 0, row_kept, e);
	if (r != 0)
		return r;
	x->conn = c->conn;
	x->hold = hold;
	return approvals_apply(&c->gate->approvals, &row);
}

static void
row_end(struct gate *g, struct approval *x, uint32_t op, const char *words)
{
	struct msg_dir_approval row = x->row;
	struct err e = { 0 };

	row.op = op;
	row.actor = slice_from("gate");
	row.state = slice_from("expired");
	row.said = slice_from(words);
	x->ending = puts_row(g, NULL, MSG_DIR_APPROVAL, &row, 0, row_kept, &e) == 0;
}

/* It is too late to say yes.  What was approved for some time may go on beyond that. */
static void
expire(struct gate *g, struct approval *x, uint64_t now)
{
	char words[128];
	struct matter t;
	uint64_t until;
	unsigned n = 0;
	bool met;

	matter_of(g, x, &t);
	met = t.a.permit && matter_open_need(g, x, &t, &n, &until) == NULL;
	if (met && until > now) {
		x->until_us = until;
		return;
	}
	snprintf(words, sizeof(words), "lets request %.*s of %.*s expire: %s", (int)x->row.id.n, (const char *)x->row.id.p, (int)x->row.user.n,
	    (const char *)x->row.user.p, x->votes_n > 0 ? "its time is over" : "nobody said yes in time");
	row_end(g, x, MSG_DIR_PUT, words);
	matter_news(g, x, words);
}

static void
next_at(uint64_t *next, uint64_t at, uint64_t now)
{
	if (at > now && (*next == 0 || at < *next))
		*next = at;
}

/* Kept for a month; only for an hour what was refused or came to nothing, when there is little room left. */
static bool
is_past(const struct gate *g, const struct approval *x, uint64_t now)
{
	bool crowded = g->approvals.n > APPROVALS_MAX / 4 * 3, vain = !approval_is(x, "open") && !approval_is(x, "used");

	return !x->ending && x->row.asked_us + (crowded && vain ? HOUR_US : KEPT_DAYS * DAY_US) < now;
}

uint64_t
approve_tick(struct gate *g, uint64_t now)
{
	uint64_t next = 0;
	unsigned purged = 0;

	for (struct approval *x = g->approvals.first; x != NULL; x = x->next) {
		if (x->until_us != 0 && x->until_us <= now) {
			x->until_us = 0;
			again_user(g, x->row.user, "an approval has ended");
		}
		if (x->row.expires_us <= now && x->until_us == 0 && !x->ending && approval_is(x, "open"))
			expire(g, x, now);
		if (is_past(g, x, now) && purged++ < PURGE_MAX)
			row_end(g, x, MSG_DIR_DELETE, "");
		next_at(&next, x->until_us, now);
		next_at(&next, x->row.expires_us, now);
	}
	return next;
}
