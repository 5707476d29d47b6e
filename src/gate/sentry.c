/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A session without anything to watch for is kept too, without a process: a policy that is loaded later, or a group
 * that its user joins, may want it.  One that has ended is kept until its last lines have been looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "gate/cut.h"
#include "gate/events.h"
#include "gate/grant.h"
#include "gate/live.h"
#include "gate/login.h"
#include "gate/moderate.h"
#include "gate/sentry.h"

/* SESSIONS_MAX: of a connection, as many as it can have permits for: none goes unlooked at for being one of many.  HITS_MAX: events of
 * one session in HITS_MS; the rest of them is one. */
enum { SESSIONS_MAX = 4096, LEFT_MAX = 1024, HITS_MAX = 50, HITS_MS = 60000, RULES_BYTES = 64 * 1024 };

struct sentry {
	struct sentry *next;
	struct gate *gate;
	struct client *owner;          /* NULL: the session has ended */
	char user[65], peer[64];
	uint32_t hold;
	uint64_t number;               /* its front's for what looks; 0: nothing does */
	char session[ID_TEXT], host[65], login[256];
	uint32_t cols, rows;
	struct rules_watch *watches;
	int n;
	struct chan *chan;             /* NULL: no process */
	unsigned hits;
	mono_t since;
};

/* ---- what is seen ---- */

static void
alarm_raise(struct sentry *s, const char *watch, const char *ere, const char *does, struct slice line)
{
	const struct events_alarm a = { .user = s->user, .peer = s->peer, .watch = watch, .ere = ere, .does = does, .session = slice_from(s->session),
	    .host = slice_from(s->host), .line = line };

	log_warn("watch: %s: %s: session %s of %s", watch, does, s->session, s->user);
	if (events_alarm(s->gate, &a) != 0)
		log_error("watch: %s: the store does not take the alarm", watch);
}

/* May this one become an event of its own? */
static bool
counted(struct sentry *s)
{
	if (s->hits == 0 || clock_ms_since(s->since) >= HITS_MS) {
		s->hits = 0;
		s->since = clock_mono();
	}
	return s->hits++ < HITS_MAX;
}

static void
act(struct sentry *s, int action, const char *watch)
{
	char who[200];

	if (s->owner == NULL)
		return;
	live_alarm(s->owner, slice_from(s->session), watch);
	if (action == RULES_FREEZE) {
		snprintf(who, sizeof(who), "the policy (watch %s)", watch);
		(void)live_pause(s->owner, slice_from(s->session), who, "an administrator lets it go on, or ends it");
	} else if (action == RULES_KILL) {
		snprintf(who, sizeof(who), "the policy ended this session (watch %s)", watch);
		(void)cut_one(s->gate, s->owner->conn, slice_from(s->session), who);
	}
}

static void
hit(struct sentry *s, const struct msg_sentry_hit *m)
{
	static const char *const does[] = { "seen when it had ended", [RULES_ALERT] = "alert", [RULES_FREEZE] = "it is frozen", [RULES_KILL] = "it is ended" };
	const struct rules_watch *w = &s->watches[m->rule];

	if (counted(s) || w->action != RULES_ALERT)
		alarm_raise(s, w->id, w->ere, does[s->owner != NULL ? w->action : 0], m->line);
	else if (s->hits == HITS_MAX + 1)
		alarm_raise(s, w->id, w->ere, "so often that no more are written for a minute", slice_of(NULL, 0));
	act(s, w->action, w->id);
}

/* Nobody looks any more: the strictest watch is taken to have been seen, or to stop what looks would be a way round it. */
static void
blind(struct sentry *s, const char *since)
{
	static const char *const so[] = { [RULES_FREEZE] = ": it is frozen", [RULES_KILL] = ": it is ended" };
	const struct rules_watch *worst = NULL;
	char does[200];

	for (int i = 0; i < s->n; i++)
		if (worst == NULL || s->watches[i].action > worst->action)
			worst = &s->watches[i];
	snprintf(does, sizeof(does), "nothing is watched for in it any more, since %s%s", since,
	    s->owner != NULL && worst != NULL && worst->action > RULES_ALERT ? so[worst->action] : "");
	alarm_raise(s, "watch", "", does, slice_of(NULL, 0));
	if (worst != NULL)
		act(s, worst->action, worst->action > RULES_ALERT ? worst->id : "watch");
}

static void
sentry_free(struct sentry *s)
{
	chan_free(s->chan);
	free(s->watches);
	free(s);
}

static void
left_drop(struct sentry **at)
{
	struct sentry *s = *at;

	*at = s->next;
	sentry_free(s);
}

/* Of one whose session has ended that was all; of another the front, which knows whether it goes on, has a word to say. */
static void
process_end(struct sentry *s)
{
	struct sentry **at = &s->gate->sentries_left;

	chan_free(s->chan);
	s->chan = NULL;
	while (*at != NULL && *at != s)
		at = &(*at)->next;
	if (*at != NULL)
		left_drop(at);
}

static void
on_sentry(void *arg, struct chan *chan, struct chan_in *in)
{
	struct sentry *s = arg;
	const struct msg_sentry_hit *m = in->message;

	(void)chan;
	if (in->type == MSG_SENTRY_HIT && m->rule < (uint32_t)s->n)
		hit(s, m);
	else
		process_end(s);
}

/* ---- processes ---- */

static int
rules_send(struct sentry *s)
{
	struct msg_sentry_rules m = { .cols = s->cols, .rows = s->rows, .count = (uint32_t)s->n };
	struct buf eres;
	int r = 0;

	buf_init(&eres, RULES_BYTES);
	for (int i = 0; r == 0 && i < s->n; i++) {
		r = buf_u32(&eres, (uint32_t)strlen(s->watches[i].ere));
		r = r != 0 ? r : buf_text(&eres, s->watches[i].ere);
	}
	m.eres = buf_slice(&eres);
	r = r != 0 ? r : chan_send(s->chan, MSG_SENTRY_RULES, &m);
	buf_done(&eres);
	return r;
}

/* 0: its front has its end, and says so when nobody is at the other. */
static int
pairs_send(struct sentry *s, int session[2], int gate[2])
{
	struct client *c = s->owner;
	struct msg_live_act act = { .op = MSG_LIVE_SENTRY, .live = s->number, .session = slice_from(s->session),
	    .actor = slice_from("the policy") };
	struct msg_sentry_start start = { .conn = c->conn, .session = slice_from(s->session) };
	int fds[2] = { session[1], gate[1] }, r;

	s->chan = chan_new(c->gate->loop, gate[0], LINK_GATE_OF_SENTRY, on_sentry, s);
	if (s->chan == NULL)
		return -ENOMEM;
	gate[0] = -1;
	r = rules_send(s);
	r = r != 0 ? r : chan_send_fds(c->chan, MSG_LIVE_ACT, &act, &session[0], 1);
	if (r == 0)
		(void)chan_send_fds(c->gate->monitor, MSG_SENTRY_START, &start, fds, 2);
	return r;
}

static void
process_start(struct sentry *s)
{
	int session[2] = { -1, -1 }, gate[2] = { -1, -1 };
	int r = fd_pair(session);

	s->number = ++s->gate->live_last;
	r = r != 0 ? r : fd_pair(gate);
	r = r != 0 ? r : pairs_send(s, session, gate);
	for (int i = 0; i < 2; i++) {
		fd_close(&session[i]);
		fd_close(&gate[i]);
	}
	if (r == 0)
		return;
	process_end(s);
	s->number = 0;
	blind(s, "what looks cannot be started");
}

/* What is watched for in it by the policy that is in force: new or no more. */
static void
look_up(struct sentry *s)
{
	struct client *c = s->owner;
	struct dir_host *host = directory_host_named(c->gate->dir, slice_from(s->host));
	struct rules_who who;
	struct rules_question q = { .who = &who, .host = host, .verb = slice_from("shell"), .login = slice_from(s->login),
	    .src = slice_from(c->peer), .at = clock_wall() };
	struct rules_watch *watches = NULL;
	bool same;
	int n;

	login_who(c, &who);
	n = host != NULL ? rules_watches(c->gate->rules, &q, &watches) : 0;
	same = n == s->n && (n == 0 || memcmp(watches, s->watches, (size_t)n * sizeof(*watches)) == 0);
	free(s->watches);
	s->watches = watches;
	s->n = n > 0 ? n : 0;
	if (n < 0)
		alarm_raise(s, "watch", "", "the gate is out of memory: nothing is watched for in it", slice_of(NULL, 0));
	if (s->chan == NULL && s->number == 0 && s->n > 0)
		process_start(s);
	else if (s->chan != NULL && !same)
		(void)rules_send(s);
}

/* ---- sessions ---- */

static const struct grant *
grant_of(const struct client *c, uint32_t hold)
{
	const struct grant *t = c->grants;

	while (t != NULL && (t->hold != hold || !(slice_is(t->verb, "shell") || slice_is(t->verb, "exec"))))
		t = t->next;
	return t;
}

static struct sentry *
sentry_new(struct client *c, const struct msg_live_begun *m, const struct grant *t)
{
	struct sentry *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	*s = (struct sentry){ .gate = c->gate, .owner = c, .hold = m->hold, .cols = m->cols, .rows = m->rows };
	snprintf(s->user, sizeof(s->user), "%s", c->user);
	snprintf(s->peer, sizeof(s->peer), "%s", c->peer);
	if (slice_copy(m->session, s->session, sizeof(s->session)) != 0 || slice_copy(t->host, s->host, sizeof(s->host)) != 0 ||
	    slice_copy(t->login, s->login, sizeof(s->login)) != 0) {
		free(s);
		return NULL;
	}
	s->next = c->sentries;
	c->sentries = s;
	return s;
}

/* What only waits for a moderator is permitted nothing yet: its front says so again when it is, and does not begin before it
 * has heard whether somebody looks. */
int
sentry_begin(struct client *c, const void *message)
{
	const struct msg_live_begun *m = message;
	const struct grant *t = grant_of(c, m->hold);
	struct msg_live_act none = { .op = MSG_LIVE_SENTRY, .session = m->session };
	struct sentry *s = c->sentries;
	unsigned n = 0;

	moderate_begun(c, m);
	if (t == NULL)
		return 0;
	for (; s != NULL && s->hold != m->hold; s = s->next)
		n++;
	if (s != NULL || n >= SESSIONS_MAX || (s = sentry_new(c, m, t)) == NULL)
		return -EPROTO;
	look_up(s);
	return s->number != 0 ? 0 : chan_send(c->chan, MSG_LIVE_ACT, &none);
}

int
sentry_left(struct client *c, const struct msg_live_left *m)
{
	struct sentry *s = c->sentries;

	while (s != NULL && s->number != m->live)
		s = s->next;
	if (s == NULL || m->live == 0)
		return 0;
	s->number = 0;
	if (m->lost != MSG_LOST_NOT)
		blind(s, m->lost == MSG_LOST_ENDED ? "what looks has ended" : "what looks did not keep up");
	return 0;
}

void
sentry_renew(struct client *c)
{
	for (struct sentry *s = c->sentries; s != NULL; s = s->next)
		look_up(s);
}

/* Its session has ended; what looks may still have lines of it. */
static void
keep_left(struct sentry *s)
{
	struct sentry **at = &s->gate->sentries_left;
	unsigned n = 0;

	s->owner = NULL;
	s->next = *at;
	*at = s;
	while (*at != NULL && n++ < LEFT_MAX)
		at = &(*at)->next;
	if (*at != NULL)
		left_drop(at);
}

void
sentry_forget(struct client *c, uint32_t hold)
{
	struct sentry **at = &c->sentries, *s;

	while ((s = *at) != NULL) {
		if (hold != 0 && s->hold != hold) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		if (s->chan != NULL)
			keep_left(s);
		else
			sentry_free(s);
	}
}

void
sentry_done(struct gate *g)
{
	while (g->sentries_left != NULL)
		left_drop(&g->sentries_left);
}
