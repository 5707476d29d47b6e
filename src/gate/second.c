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
#include "gate/events.h"
#include "gate/login.h"
#include "gate/puts.h"
#include "gate/second.h"

enum { TRIES = 5, WAIT_S = 60 };

struct second {
	char user[65];
	bool stepping;                     /* in the middle of a connection … */
	uint32_t req;                      /* … asked for by this question */
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
	if (u->factor->n == 0)
		return make_secret(c, s);
	memcpy(s->sealed, u->factor->sealed, u->factor->n);
	s->sealed_n = u->factor->n;
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
stepped_send(struct client *c, uint32_t req, uint32_t ok, struct slice text)
{
	struct msg_stepped_up m = { .req = req, .ok = ok, .text = text };

	return chan_send(c->chan, MSG_STEPPED_UP, &m);
}

static int
no(struct client *c, const char *why)
{
	int r;

	if (!c->second->stepping)
		return login_refused(c, slice_from(c->second->user), slice_from("totp"), why);
	r = events_login(c, c->user, "totp", false, why);
	return r == 0 ? stepped_send(c, c->second->req, 0, slice_from(why)) : r;
}

static int
proved(struct client *c, bool stepping, uint32_t req)
{
	return stepping ? stepped_send(c, req, login_stepped_up(c) == 0, slice_from("")) : login_proved(c, METHOD_TOTP);
}

static void
kept(struct gate *g, struct client *c, uint32_t req, bool good, struct slice text)
{
	char why[256];
	bool stepping;
	uint32_t number;

	(void)g, (void)req;
	if (c == NULL || c->second == NULL)
		return;
	c->busy = false;
	if (!good) {
		(void)no(c, text_escaped(text, why, sizeof(why)));
		return;
	}
	stepping = c->second->stepping;
	number = c->second->req;
	second_free(c);
	if (proved(c, stepping, number) != 0)
		log_warn("login lost: %s: the front does not listen", c->peer);
}

static int
wrong(struct client *c, struct dir_factor *f, wall_t now, int why)
{
	if (why == -EBADMSG)
		return no(c, "this user's second factor cannot be read: an administrator resets it");
	if (++f->fails >= TRIES) {
		f->fails = 0;
		f->wait_us = now.us + (int64_t)WAIT_S * 1000000;
	}
	return no(c, why == -EALREADY ? "that code was used already: wait for the next one" : why == -EINVAL ? "a one-time code has 6 digits" :
	    "that code is wrong: try the next one, and see that its device's clock is right");
}

static int
code_take(struct client *c, struct slice code)
{
	struct second *s = c->second;
	const struct dir_user *u = s != NULL ? directory_find_user(c->gate->dir, slice_from(s->user)) : NULL;
	struct dir_factor *f = u != NULL ? u->factor : NULL;
	struct msg_dir_factor row = { .op = MSG_DIR_PUT };
	wall_t now = clock_wall();
	struct err e = { 0 };
	int r;

	if (s == NULL || c->busy)
		return -EPROTO;
	if (u == NULL || directory_refuses(u, now) != NULL)
		return no(c, u == NULL ? "not a user of this bastion" : directory_refuses(u, now));
	if (s->is_new && f->n > 0)
		return no(c, "a second factor was made meanwhile: log in again");
	if (!s->is_new && !slice_eq(slice_of(f->sealed, f->n), slice_of(s->sealed, s->sealed_n)))
		return no(c, "this second factor was taken away meanwhile: log in again");      /* putting its row would bring it back */
	if (now.us < f->wait_us)
		return no(c, "too many wrong codes: wait a minute");
	r = factor_check(c->gate->factor_key, s->user, slice_of(s->sealed, s->sealed_n), code, now,
	    s->is_new ? 0 : f->step, &row.step);
	if (r != 0)
		return wrong(c, f, now, r);
	row.actor = row.user = slice_from(s->user);
	row.sealed = slice_of(s->sealed, s->sealed_n);
	row.added_us = s->is_new ? (uint64_t)now.us : f->added_us;
	f->step = row.step;               /* from here on nobody else's, even while the store writes */
	if (puts_row(c->gate, c, MSG_DIR_FACTOR, &row, 0, kept, &e) != 0)
		return no(c, e.text);
	c->busy = true;
	return 0;
}

int
second_take(struct client *c, const void *message)
{
	return c->user[0] == '\0' ? code_take(c, ((const struct msg_factor *)message)->code) : -EPROTO;
}

/* What is shown may be a secret that was just made. */
static int
step_begin(struct client *c, uint32_t req)
{
	struct buf show;
	int r;

	buf_init(&show, SECOND_SHOW_MAX);
	r = second_prepare(c, &show);
	if (r == 0) {
		c->second->stepping = true;
		c->second->req = req;
		r = stepped_send(c, req, 2, buf_slice(&show));
	}
	if (show.len > 0)
		secret_wipe(show.p, show.len);
	buf_done(&show);
	return r;
}

int
second_step_up(struct client *c, const void *message)
{
	const struct msg_step_up *m = message;

	if (c->user[0] == '\0')
		return -EPROTO;
	if (c->busy)
		return stepped_send(c, m->req, 0, slice_from("one thing at a time"));
	if (c->mfa)
		return stepped_send(c, m->req, 1, slice_from(""));
	if (!second_is_possible(c))
		return stepped_send(c, m->req, 0, slice_from("only users of the directory have a second factor"));
	if (m->code.n == 0)
		return step_begin(c, m->req);
	if (c->second == NULL)
		return stepped_send(c, m->req, 0, slice_from("a code was not asked for"));
	c->second->req = m->req;
	return code_take(c, m->code);
}
