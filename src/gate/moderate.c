/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What waits is kept with its whole question, and is the answer to no other: a front cannot have one thing watched and do
 * another under the same hold.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "gate/cut.h"
#include "gate/decide.h"
#include "gate/live.h"
#include "gate/login.h"
#include "gate/moderate.h"

enum { WAITING_MAX = 64, ABSENT_MS = 60000 };

struct moderation {
	struct moderation *next;
	struct client *owner;
	uint32_t hold;
	char verb[33], host[65], login[LOGIN_SIZE], session[ID_TEXT], *command;
	bool present;                  /* as the front was told last */
	struct loop_timer timer;       /* until a session that nobody moderates is ended */
};

/* ---- who is there ---- */

struct looking { const struct gate *g; const struct policy_need *need; const struct rules_who *asker; };

static bool
does(void *arg, const struct client *viewer)
{
	const struct looking *l = arg;
	struct rules_who who = { .name = viewer->actor, .groups = "", .attrs = "" };
	struct err e = { 0 };

	if (viewer->kind == MSG_CLIENT_FRONT) {
		if (login_check(viewer, NULL, &e) != 0)
			return false;
		login_who(viewer, &who);
	}
	return !directory_is_same_person(l->g->dir, slice_from(who.name), slice_from(l->asker->name)) && rules_takes(l->g->rules, l->need, &who, l->asker);
}

static bool
all_there(const struct gate *g, const struct moderation *m, const struct policy_decision *d, const struct rules_who *asker)
{
	struct looking l = { .g = g, .asker = asker };

	for (size_t i = 0; i < d->needs_n; i++) {
		if (d->needs[i]->kind != POLICY_MODERATOR)
			continue;
		l.need = d->needs[i];
		if (m->session[0] == '\0' || !live_viewer(g, m->owner, slice_from(m->session), does, &l))
			return false;
	}
	return true;
}

static struct moderation *
find(const struct client *c, uint32_t hold)
{
	struct moderation *m = c->moderations;

	while (m != NULL && m->hold != hold)
		m = m->next;
	return m;
}

static bool
is_about(const struct moderation *m, const struct msg_decide *q, struct slice host, struct slice login)
{
	return slice_is(q->verb, m->verb) && slice_is(host, m->host) && slice_is(login, m->login) && slice_is(q->command, m->command);
}

bool
moderate_is_met(const struct needs_ask *ask, const struct policy_decision *d)
{
	const struct client *c = client_front(ask->g, ask->conn);
	const struct moderation *m = c != NULL ? find(c, ask->m->hold) : NULL;

	return m != NULL && is_about(m, ask->m, ask->m->host, ask->m->login) && all_there(ask->g, m, d, ask->who);
}

/* ---- what waits ---- */

static void
moderation_free(struct moderation *m)
{
	loop_timer_stop(&m->timer);
	free(m->command);
	free(m);
}

int
moderate_wait(struct client *c, const struct msg_decide *q, const char *host, const char *login)
{
	struct moderation *m = find(c, q->hold);
	unsigned n = 0;

	if (m != NULL && is_about(m, q, slice_from(host), slice_from(login)))
		return 0;
	for (const struct moderation *x = c->moderations; x != NULL; x = x->next)
		n++;
	if (q->hold == 0 || m != NULL || n >= WAITING_MAX)
		return -ENOSPC;
	m = calloc(1, sizeof(*m));
	if (m == NULL || (m->command = slice_dup(q->command)) == NULL || slice_copy(q->verb, m->verb, sizeof(m->verb)) != 0) {
		if (m != NULL)
			moderation_free(m);
		return -ENOMEM;
	}
	m->owner = c;
	m->hold = q->hold;
	snprintf(m->host, sizeof(m->host), "%s", host);
	snprintf(m->login, sizeof(m->login), "%s", login);
	m->next = c->moderations;
	c->moderations = m;
	return 0;
}

void
moderate_begun(struct client *c, const struct msg_live_begun *b)
{
	struct moderation *m = find(c, b->hold);

	if (m != NULL && m->session[0] == '\0')
		(void)slice_copy(b->session, m->session, sizeof(m->session));
}

void
moderate_forget(struct client *c, uint32_t hold)
{
	struct moderation **at = &c->moderations, *m;

	while ((m = *at) != NULL) {
		if (hold != 0 && m->hold != hold) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		moderation_free(m);
	}
}

/* ---- they come and go ---- */

static void
absent_too_long(void *arg)
{
	const struct moderation *m = arg;

	log_info("moderator: %s: session %s: nobody has come back", m->owner->user, m->session);
	(void)cut_one(m->owner->gate, m->owner->conn, slice_from(m->session), "no moderator has come back: the session ends");
}

static void
tell(struct moderation *m, bool present)
{
	struct msg_live_act act = { .op = present ? MSG_LIVE_PRESENT : MSG_LIVE_ABSENT, .session = slice_from(m->session) };

	m->present = present;
	if (chan_send(m->owner->chan, MSG_LIVE_ACT, &act) != 0)
		log_warn("moderator: %s: the front does not hear it", m->owner->user);
	if (present)
		loop_timer_stop(&m->timer);
	else
		loop_timer_start(m->owner->gate->loop, &m->timer, ABSENT_MS, absent_too_long, m);
}

static void
look(struct moderation *m)
{
	struct client *c = m->owner;
	struct rules_who who;
	struct decide_ask ask = { .who = &who, .verb = slice_from(m->verb), .host = slice_from(m->host), .login = slice_from(m->login),
	    .command = slice_from(m->command), .src = slice_from(c->peer), .at = clock_wall() };
	struct rules_answer a;
	struct dir_host *host;
	char login[LOGIN_SIZE];
	bool now;

	login_who(c, &who);
	decide_ask(c->gate, &ask, &host, login, &a);
	now = a.permit && all_there(c->gate, m, &a.d, &who);
	if (now != m->present)
		tell(m, now);
}

void
moderate_look(struct client *owner, struct slice session)
{
	for (struct moderation *m = owner->moderations; m != NULL; m = m->next)
		if (m->session[0] != '\0' && (session.n == 0 || slice_is(session, m->session)))
			look(m);
}
