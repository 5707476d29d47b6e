/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The step of a code that was taken is durable before its login goes on, so no code is good
 * twice, whatever crashes.  After TRIES wrong ones nobody's code for this user is looked at for
 * WAIT_S: whoever guesses has the user's key already, so only that user waits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "gate/login.h"
#include "gate/puts.h"
#include "gate/second.h"

enum { TRIES = 5, WAIT_S = 60 };

struct second {
	char user[65];
	unsigned char sealed[FACTOR_SEALED];
	size_t sealed_n;
	bool is_new;
};

void
second_free(struct client *c)
{
	if (c->second != NULL)
		secret_wipe(c->second, sizeof(*c->second));
	free(c->second);
	c->second = NULL;
}

bool
second_is_possible(const struct client *c)
{
	return directory_find_user(c->gate->dir, slice_from(login_user(c))) != NULL;
}

static int
make_secret(struct client *c, struct second *s)
{
	struct buf sealed;
	int r;

	buf_init(&sealed, FACTOR_SEALED);
	r = factor_new(c->gate->factor_key, s->user, &sealed);
	if (r == 0) {
		memcpy(s->sealed, sealed.p, sealed.len);
		s->sealed_n = sealed.len;
		s->is_new = true;
	}
	buf_done(&sealed);
	return r;
}

static int
second_new(struct client *c)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(login_user(c)));
	struct second *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	c->second = s;
	snprintf(s->user, sizeof(s->user), "%s", u->name);
	if (u->factor_n == 0)
		return make_secret(c, s);
	memcpy(s->sealed, u->factor, u->factor_n);
	s->sealed_n = u->factor_n;
	return 0;
}

int
second_prepare(struct client *c, struct buf *show)
{
	int r = c->second == NULL ? second_new(c) : 0;

	if (r != 0 || !c->second->is_new)
		return r;
	return factor_show(c->gate->factor_key, c->second->user,
	    slice_of(c->second->sealed, c->second->sealed_n), show);
}

static int
no(struct client *c, const char *why)
{
	return login_refused(c, slice_from(c->second->user), slice_from("totp"), why);
}

static void
kept(struct gate *g, struct client *c, uint32_t req, bool good, struct slice text)
{
	char why[256];

	(void)g, (void)req;
	if (c == NULL || c->second == NULL)
		return;
	c->busy = false;
	if (!good) {
		(void)no(c, text_escaped(text, why, sizeof(why)));
		return;
	}
	second_free(c);
	if (login_proved(c, METHOD_TOTP, false) != 0)
		log_warn("login lost: %s: the front does not listen", c->peer);
}

static int
wrong(struct client *c, struct dir_user *u, wall_t now, int why)
{
	if (why == -EBADMSG)
		return no(c, "this user's second factor cannot be read: an administrator resets it");
	if (++u->factor_fails >= TRIES) {
		u->factor_fails = 0;
		u->factor_wait_us = now.us + (int64_t)WAIT_S * 1000000;
	}
	return no(c, why == -EALREADY ? "that code was used already: wait for the next one" : why == -EINVAL ? "a one-time code has 6 digits" :
	    "that code is wrong: try the next one, and see that its device's clock is right");
}

int
second_take(struct client *c, const void *message)
{
	const struct msg_factor *m = message;
	struct second *s = c->second;
	struct dir_user *u = s != NULL ? directory_find_user(c->gate->dir, slice_from(s->user)) : NULL;
	struct msg_dir_factor row = { .op = MSG_DIR_PUT };
	wall_t now = clock_wall();
	struct err e = { 0 };
	int r;

	if (s == NULL || c->busy)
		return -EPROTO;
	if (u == NULL || directory_refuses(u, now) != NULL)
		return no(c, u == NULL ? "not a user of this bastion" : directory_refuses(u, now));
	if (s->is_new && u->factor_n > 0)
		return no(c, "a second factor was made meanwhile: log in again");
	if (now.us < u->factor_wait_us)
		return no(c, "too many wrong codes: wait a minute");
	r = factor_check(c->gate->factor_key, s->user, slice_of(s->sealed, s->sealed_n), m->code, now,
	    s->is_new ? 0 : u->factor_step, &row.step);
	if (r != 0)
		return wrong(c, u, now, r);
	row.actor = row.user = slice_from(s->user);
	row.sealed = slice_of(s->sealed, s->sealed_n);
	row.added_us = s->is_new ? (uint64_t)now.us : u->factor_added_us;
	u->factor_step = row.step;               /* from here on nobody else's, even while the store writes */
	if (puts_row(c->gate, c, MSG_DIR_FACTOR, &row, 0, kept, &e) != 0)
		return no(c, e.text);
	c->busy = true;
	return 0;
}
