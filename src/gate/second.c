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

#include "base/secret.h"
#include "base/text.h"
#include "gate/front.h"
#include "gate/puts.h"
#include "gate/second.h"

enum { TRIES = 5, WAIT_S = 60, SHOW_MAX = 16000 };

struct second {
	char raw[NAMES_MAX + 1], method[48], user[65];
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
second_is_wanted(const struct client *c, const char *user)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(user));

	return !c->mfa && u != NULL && rules_want_mfa(c->gate->rules, u);
}

static int
make_secret(struct client *c, struct second *s, struct buf *show)
{
	struct buf sealed;
	int r;

	buf_init(&sealed, FACTOR_SEALED);
	r = factor_new(c->gate->factor_key, s->user, &sealed);
	if (r == 0)
		r = buf_text(show, "A second factor is needed here, and you have none yet.\n"
		    "Scan this with an authenticator app, or type the secret into it; then enter the code that it shows.\n\n");
	if (r == 0)
		r = factor_show(c->gate->factor_key, s->user, buf_slice(&sealed), show);
	if (r == 0) {
		memcpy(s->sealed, sealed.p, sealed.len);
		s->sealed_n = sealed.len;
		s->is_new = true;
	}
	buf_done(&sealed);
	return r;
}

int
second_ask(struct client *c, struct slice raw, struct slice method, const char *user)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, slice_from(user));
	struct msg_login_answer answer = { .ok = 2 };
	struct second *s = calloc(1, sizeof(*s));
	struct buf show;
	int r = 0;

	if (s == NULL)
		return -ENOMEM;
	c->second = s;
	snprintf(s->user, sizeof(s->user), "%s", user);
	snprintf(s->method, sizeof(s->method), "%.*s+totp", (int)(method.n < 40 ? method.n : 40), (const char *)method.p);
	(void)slice_copy(raw, s->raw, sizeof(s->raw));
	buf_init(&show, SHOW_MAX);
	if (u->factor_n > 0) {
		memcpy(s->sealed, u->factor, u->factor_n);
		s->sealed_n = u->factor_n;
	} else {
		r = make_secret(c, s, &show);
	}
	answer.reason = buf_slice(&show);
	if (r == 0)
		r = chan_send(c->chan, MSG_LOGIN_ANSWER, &answer);
	secret_wipe(show.p, show.len);
	buf_done(&show);
	return r;
}

static int
no(struct client *c, const char *why)
{
	return front_login_answer(c, slice_from(c->second->raw), slice_from("totp"), false, why);
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
	c->mfa = true;
	(void)front_login_answer(c, slice_from(c->second->raw), slice_from(c->second->method), false, NULL);
	second_free(c);
}

static int
wrong(struct client *c, struct dir_user *u, wall_t now)
{
	if (++u->factor_fails >= TRIES) {
		u->factor_fails = 0;
		u->factor_wait_us = now.us + (int64_t)WAIT_S * 1000000;
	}
	return no(c, "the one-time code is wrong, or was used before");
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

	if (s == NULL || c->busy)
		return -EPROTO;
	if (u == NULL || u->disabled)
		return no(c, "this user is disabled");
	if (s->is_new && u->factor_n > 0)
		return no(c, "a second factor was made meanwhile: log in again");
	if (now.us < u->factor_wait_us)
		return no(c, "too many wrong codes: wait a minute");
	if (factor_check(c->gate->factor_key, s->user, slice_of(s->sealed, s->sealed_n), m->code, now,
	    s->is_new ? 0 : u->factor_step, &row.step) != 0)
		return wrong(c, u, now);
	row.actor = row.user = slice_from(s->user);
	row.sealed = slice_of(s->sealed, s->sealed_n);
	row.added_us = s->is_new ? (uint64_t)now.us : u->factor_added_us;
	u->factor_step = row.step;               /* from here on nobody else's, even while the store writes */
	if (puts_row(c->gate, c, MSG_DIR_FACTOR, &row, 0, kept, &e) != 0)
		return no(c, e.text);
	c->busy = true;
	return 0;
}
