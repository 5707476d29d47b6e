/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Who is concerned waits in a queue, of which a slice is worked off in each turn of the loop, as with lists: a policy that is
 * loaded while thousands work holds nobody up.
 *
 * Of the time the gate keeps one number, the next moment at which anything may change: where one of the policy's times begins
 * or ends, or a key, a certificate or an account that somebody is in with.  Only when that has come people are looked at.
 * The clock itself is read every few seconds, since it may be set.
 *
 * A front that was told and does not say that it has stopped is ended, with all that it has.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "gate/again.h"
#include "gate/approve.h"
#include "gate/cut.h"
#include "gate/decide.h"
#include "gate/events.h"
#include "gate/grant.h"
#include "gate/live.h"
#include "gate/login.h"
#include "gate/replay.h"
#include "gate/sentry.h"

enum { SLICE_US = 2000, CLOCK_MS = 4000, STOP_MS = 2000, FULL_MS = 10, SOON_MS = 20, EVENTS_ENOUGH = 1 << 20, RETRY_US = 1000000 };

static void look_for_stubborn(void *arg);
static void look_at_clock(void *arg);

/* --- one connection --- */

/* Its host is the one of this name and no other, however alike their names are. */
static void
ask_again(const struct client *c, const struct grant *t, struct rules_answer *ret)
{
	struct msg_decide m = { .verb = t->verb, .host = t->host, .login = t->login, .command = t->command, .to = t->to,
	    .listen = t->listen };
	struct rules_who who;
	struct decide_ask ask = { .who = &who, .verb = t->verb, .host = t->host, .login = t->login, .command = t->command, .to = t->to,
	    .listen = t->listen, .src = slice_from(c->peer), .at = clock_wall(), .needs = true, .mfa = c->mfa, .change = t->change,
	    .conn = c->conn, .hold = t->hold, .again = t };
	struct dir_host *host;
	char login[LOGIN_SIZE];
	struct err e = { 0 };

	*ret = (struct rules_answer){ 0 };
	login_who(c, &who);
	if (directory_host_named(c->gate->dir, t->host) == NULL)
		snprintf(ret->text, sizeof(ret->text), "there is no host %.*s any more", (int)t->host.n, (const char *)t->host.p);
	else if (login_check(c, &m, &e) != 0)
		snprintf(ret->text, sizeof(ret->text), "%s", e.text);
	else
		decide_ask(c->gate, &ask, &host, login, ret);
}

static void
revoke(struct client *c, struct grant *t, const struct rules_answer *a, const char *code, const char *why)
{
	struct msg_revoked m = { .hold = t->hold, .verb = t->verb, .code = slice_from(code) };
	char text[1100];

	snprintf(text, sizeof(text), "%s%s", why, a->text);
	m.reason = slice_from(text);
	if (chan_send(c->chan, MSG_REVOKED, &m) != 0)
		log_warn("revoked: %s: the front does not hear it", c->user);      /* the time that it has goes by */
	t->revoked = true;
	t->revoked_at = clock_mono();
	replay_forget(c, t->hold);
	(void)events_revoked(c, t, a);
	if (!loop_timer_is_running(&c->gate->stop_timer))
		loop_timer_start(c->gate->loop, &c->gate->stop_timer, STOP_MS, look_for_stubborn, c->gate);
}

/* The clock is looked at then, or before. */
static void
next_at(struct gate *g, uint64_t us)
{
	uint64_t now = (uint64_t)clock_wall().us;
	int64_t wait;

	if (us == 0 || (g->next_us != 0 && us >= g->next_us))
		return;
	g->next_us = us;
	wait = us > now ? (int64_t)((us - now) / 1000) + 1 : 0;
	if (wait < CLOCK_MS)
		loop_timer_start(g->loop, &g->clock_timer, wait > SOON_MS ? wait : SOON_MS, look_at_clock, g);
}

static void
cut_all(struct client *c, const char *why)
{
	char text[700];

	snprintf(text, sizeof(text), "%s; the connection ends", why);
	if (cut_connection(c->gate, c->conn, text) != 0) {
		next_at(c->gate, (uint64_t)clock_wall().us + RETRY_US);
		return;
	}
	c->cut = true;
	(void)events_cut(c, why);
}

void
again_time_over(void *arg)
{
	struct grant *t = arg;
	struct client *c = t->client;
	struct rules_answer a = { 0 };
	struct buf time;

	if (t->revoked || c->cut)
		return;
	buf_init(&time, 64);
	(void)text_duration(&time, t->timeout_s);
	(void)slice_copy(t->rule, a.rule, sizeof(a.rule));
	snprintf(a.text, sizeof(a.text), "timeout of rule %s: %s", a.rule, buf_cstr(&time));
	buf_done(&time);
	c->cause = "its time is over";
	revoke(c, t, &a, "timeout", "");
}

static void
look(struct client *c)
{
	struct rules_answer a;
	struct err e = { 0 };

	if (c->kind != MSG_CLIENT_FRONT || c->user[0] == '\0' || c->cut)
		return;
	live_renew(c);
	sentry_renew(c);
	approve_again(c);
	if (login_check(c, NULL, &e) != 0) {
		cut_all(c, e.text);
		return;
	}
	next_at(c->gate, login_until_us(c));
	for (struct grant *t = c->grants; t != NULL; t = t->next) {
		if (t->revoked)
			continue;
		ask_again(c, t, &a);
		if (a.permit && a.by_path && !t->by_path) {
			a.permit = false;                /* its front would not ask about the paths */
			snprintf(a.text, sizeof(a.text), "the policy looks at paths now: connect again");
		}
		if (!a.permit)
			revoke(c, t, &a, "revoked", "no longer allowed: ");
	}
}

/* Those who were told and have not stopped. */
static void
look_for_stubborn(void *arg)
{
	struct gate *g = arg;
	bool more = false;

	for (struct client *c = g->clients; c != NULL; c = c->next)
		for (struct grant *t = c->grants; t != NULL && !c->cut; t = t->next) {
			if (t->revoked && clock_ms_since(t->revoked_at) >= STOP_MS)
				cut_all(c, "something that is no longer allowed did not stop");
			more = more || t->revoked;
		}
	if (more)
		loop_timer_start(g->loop, &g->stop_timer, STOP_MS / 4, look_for_stubborn, g);
}

/* --- the queue --- */

static void
work(void *arg)
{
	struct gate *g = arg;
	mono_t until = { clock_mono().us + SLICE_US };
	struct client *c;

	while ((c = g->due) != NULL && clock_mono().us < until.us && chan_queued(g->store) < EVENTS_ENOUGH) {
		again_forget(c);
		look(c);
	}
	if (g->due != NULL)                      /* no event is lost because the store does not keep up */
		loop_timer_start(g->loop, &g->again_timer, chan_queued(g->store) < EVENTS_ENOUGH ? 0 : FULL_MS, work, g);
}

static void
enqueue(struct client *c, const char *cause)
{
	struct gate *g = c->gate;

	c->cause = cause;
	if (c->is_due || c->kind != MSG_CLIENT_FRONT)
		return;
	c->is_due = true;
	c->next_due = NULL;
	c->prev_due = g->due_last;
	if (g->due_last != NULL)
		g->due_last->next_due = c;
	else
		g->due = c;
	g->due_last = c;
	if (!loop_timer_is_running(&g->again_timer))
		loop_timer_start(g->loop, &g->again_timer, 0, work, g);
}

void
again_forget(struct client *c)
{
	struct gate *g = c->gate;

	if (!c->is_due)
		return;
	c->is_due = false;
	if (c->prev_due != NULL)
		c->prev_due->next_due = c->next_due;
	else
		g->due = c->next_due;
	if (c->next_due != NULL)
		c->next_due->prev_due = c->prev_due;
	else
		g->due_last = c->prev_due;
}

/* --- what changes --- */

void
again_all(struct gate *g, const char *cause)
{
	g->next_us = 0;
	next_at(g, rules_next_us(g->rules, clock_wall()));
	for (struct client *c = g->clients; c != NULL; c = c->next)
		enqueue(c, cause);
}

void
again_user(struct gate *g, struct slice user, const char *cause)
{
	for (struct client *c = g->clients; c != NULL; c = c->next)
		if (slice_is(user, c->user))
			enqueue(c, cause);
}

static bool
holds_host(const struct client *c, struct slice host)
{
	const struct grant *t = c->grants;

	while (t != NULL && !slice_eq(t->host, host))
		t = t->next;
	return t != NULL;
}

void
again_host(struct gate *g, struct slice host, const char *cause)
{
	for (struct client *c = g->clients; c != NULL; c = c->next)
		if (holds_host(c, host))
			enqueue(c, cause);
}

/* They themselves, and those who rest on their yes. */
static void
user_changed(struct gate *g, struct slice name)
{
	again_user(g, name, "the user was changed");
	for (const struct approval *x = g->approvals.first; x != NULL; x = x->next)
		for (unsigned i = 0; i < x->votes_n; i++)
			if (slice_is(name, x->votes[i].name))
				again_user(g, x->row.user, "somebody who said yes was changed");
}

static bool
is_named(const void *name, struct slice user)
{
	return slice_eq(*(const struct slice *)name, user);
}

/* Whoever was locked or deleted, or lost the factor, has to prove a second one again, should they come back. */
static void
forget_proofs(struct gate *g, unsigned type, const void *row)
{
	const struct msg_dir_factor *factor = row;
	const struct msg_dir_user *user = row;

	if (type == MSG_DIR_FACTOR && factor->op == MSG_DIR_DELETE)
		recent_forget(g->recent, is_named, &factor->user);
	if (type != MSG_DIR_USER)
		return;
	if (user->op == MSG_DIR_DELETE || user->disabled != 0)
		recent_forget(g->recent, is_named, &user->name);
	if (user->op == MSG_DIR_DELETE)
		approvals_forget(&g->approvals, is_named, &user->name);
}

struct change { const struct directory *from, *to; };

static bool
is_gone(const void *arg, struct slice user)
{
	const struct change *x = arg;

	return directory_lost_user(x->to, x->from, user);
}

static bool
is_gone_or_locked(const void *arg, struct slice user)
{
	const struct dir_user *u = directory_find_user(((const struct change *)arg)->to, user);

	return is_gone(arg, user) || (u != NULL && u->disabled);
}

/* By what there is to forget, and not by the rows, which may be many more. */
void
again_directory(struct gate *g, const struct directory *old)
{
	const struct change x = { old, g->dir };

	recent_forget(g->recent, is_gone_or_locked, &x);
	approvals_forget(&g->approvals, is_gone, &x);
	again_all(g, "the directory was changed in bulk");
}

void
again_row(struct gate *g, unsigned type, const void *row)
{
	forget_proofs(g, type, row);
	if (type == MSG_DIR_USER)
		user_changed(g, ((const struct msg_dir_user *)row)->name);
	else if (type == MSG_DIR_KEY)
		again_user(g, ((const struct msg_dir_key *)row)->user, "a key was changed");
	else if (type == MSG_DIR_HOST)
		again_host(g, ((const struct msg_dir_host *)row)->name, "the host was changed");
}

void
again_login(struct client *c)
{
	next_at(c->gate, login_until_us(c));
}

/* --- the clock --- */

static void
look_at_clock(void *arg)
{
	struct gate *g = arg;
	uint64_t now = (uint64_t)clock_wall().us;
	int64_t wait = CLOCK_MS;
	uint64_t next = approve_tick(g, now);

	if (g->next_us != 0 && now >= g->next_us)
		again_all(g, "the time has come");
	if (g->next_us > now && (next == 0 || g->next_us < next))
		next = g->next_us;
	if (next > now && next - now < CLOCK_MS * 1000u)
		wait = (int64_t)((next - now) / 1000) + 1;
	loop_timer_start(g->loop, &g->clock_timer, wait, look_at_clock, g);
}

void
again_start(struct gate *g)
{
	look_at_clock(g);
}
