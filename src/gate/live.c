/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Which sessions are open the store knows, and by which channel each came: so a front cannot pass one off as another's.
 * A question to it is kept here until its answer; then the policy is asked, for the host and login of that session.
 * Administrators of the machine are not asked for: they could read the record and end processes as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "gate/cut.h"
#include "gate/decide.h"
#include "gate/events.h"
#include "gate/grant.h"
#include "gate/live.h"
#include "gate/login.h"
#include "gate/moderate.h"
#include "gate/puts.h"
#include "gate/sentry.h"

enum { WAITS_MAX = 16, MARKS_MAX = 64, VIEWERS_MAX = 16, REASON_MAX = 200, LIST_MAX = 400, ROWS_MAX = MSG_MAX - 1024 };

/* verb: of the policy. */
static const struct { const char *word, *verb, *does, *done; } ops[MSG_LIVE_OPS] = {
	[MSG_LIVE_WATCH]  = { "watch", "watch", "watches", "watched" },
	[MSG_LIVE_JOIN]   = { "join", "join", "joins", "joined" },
	[MSG_LIVE_PAUSE]  = { "pause", "admin", "pauses", "paused" },
	[MSG_LIVE_RESUME] = { "resume", "admin", "resumes", "resumed" },
	[MSG_LIVE_LOCK]   = { "lock", "admin", "locks", "locked" },
	[MSG_LIVE_UNLOCK] = { "unlock", "admin", "unlocks", "unlocked" },
	[MSG_LIVE_HAND]   = { "hand", "admin", "hands over", "handed over" },
	[MSG_LIVE_END]    = { "end", "admin", "ends", "ended" },
};

/* Somebody who looks at a session, or types into it. */
struct live {
	struct live *next;
	uint64_t number;
	struct client *viewer, *owner;
	char session[ID_TEXT];
	bool types;
};

/* What holds of a session of a front, for those who list them. */
struct live_mark {
	struct live_mark *next;
	char session[ID_TEXT], typist[65], alarm[65];
	bool paused, locked;
};

struct live_wait {
	struct live_wait *next;
	uint32_t number;                       /* of what the store is asked */
	uint32_t req, op, hold, cols, rows;    /* op 0: a list … */
	bool past;                             /* … of what has ended */
	char session[ID_TEXT], reason[4 * REASON_MAX + 1], to[65], term[80], lang[48];
};

/* ---- who looks ---- */

static const char *
name_of(const struct client *c)
{
	return c->kind == MSG_CLIENT_FRONT ? c->user : c->actor;
}

bool
live_viewer(const struct gate *g, const struct client *owner, struct slice session,
    bool (*fn)(void *arg, const struct client *viewer), void *arg)
{
	for (const struct live *l = g->lives; l != NULL; l = l->next)
		if (l->owner == owner && slice_is(session, l->session) && fn(arg, l->viewer))
			return true;
	return false;
}

/* Who shall type has to be there: joined, by the policy's word. */
static bool
has_joined(const struct gate *g, struct slice session, const char *name)
{
	const struct live *l = g->lives;

	while (l != NULL && (!l->types || !slice_is(session, l->session) || strcmp(name_of(l->viewer), name) != 0))
		l = l->next;
	return l != NULL;
}

static unsigned
viewers_of(const struct gate *g, struct slice session)
{
	unsigned n = 0;

	for (const struct live *l = g->lives; l != NULL; l = l->next)
		n += slice_is(session, l->session);
	return n;
}

static struct live_mark *
mark_find(struct client *owner, struct slice session)
{
	struct live_mark *m = owner->live_marks;

	while (m != NULL && !slice_is(session, m->session))
		m = m->next;
	return m;
}

/* With the last of his viewers goes the keyboard: its front gives the input back. */
static void
live_drop(struct live **at)
{
	struct live *l = *at;
	struct slice session = slice_from(l->session);
	struct live_mark *mark = mark_find(l->owner, session);

	*at = l->next;
	if (mark != NULL && !has_joined(l->owner->gate, session, mark->typist))
		mark->typist[0] = '\0';
	moderate_look(l->owner, session);
	free(l);
}

/* The oldest goes when there are too many: it is for lists alone. */
static struct live_mark *
mark_get(struct client *owner, struct slice session)
{
	struct live_mark *m = mark_find(owner, session), **at = &owner->live_marks;
	unsigned n = 0;

	if (m != NULL)
		return m;
	m = calloc(1, sizeof(*m));
	if (m == NULL || slice_copy(session, m->session, sizeof(m->session)) != 0) {
		free(m);
		return NULL;
	}
	m->next = owner->live_marks;
	owner->live_marks = m;
	while (*at != NULL && n++ < MARKS_MAX)
		at = &(*at)->next;
	if (*at != NULL) {
		free(*at);
		*at = NULL;
	}
	return m;
}

static void
mark_set(struct client *owner, struct slice session, const struct live_wait *w)
{
	struct live_mark *m = mark_get(owner, session);

	if (m == NULL)
		return;
	if (w->op == MSG_LIVE_PAUSE || w->op == MSG_LIVE_RESUME)
		m->paused = w->op == MSG_LIVE_PAUSE;
	if (w->op == MSG_LIVE_LOCK || w->op == MSG_LIVE_UNLOCK)
		m->locked = w->op == MSG_LIVE_LOCK;
	if (w->op == MSG_LIVE_HAND)
		snprintf(m->typist, sizeof(m->typist), "%s", w->to);
}

void
live_renew(struct client *c)
{
	moderate_look(c, slice_from(""));
	for (const struct live *l = c->gate->lives; l != NULL; l = l->next)
		if (l->viewer == c)
			moderate_look(l->owner, slice_from(l->session));
}

void
live_forget(struct client *c)
{
	struct live **at = &c->gate->lives;
	struct live_wait *w;
	struct live_mark *m;

	moderate_forget(c, 0);
	while (*at != NULL)
		if ((*at)->viewer == c || (*at)->owner == c)
			live_drop(at);
		else
			at = &(*at)->next;
	sentry_forget(c, 0);
	while ((w = c->live_waits) != NULL) {
		c->live_waits = w->next;
		free(w);
	}
	while ((m = c->live_marks) != NULL) {
		c->live_marks = m->next;
		free(m);
	}
}

int
live_left(struct client *c, const void *message)
{
	const struct msg_live_left *m = message;
	struct live **at = &c->gate->lives;

	while (*at != NULL && ((*at)->owner != c || (*at)->number != m->live))
		at = &(*at)->next;
	if (*at == NULL)
		return sentry_left(c, m);
	live_drop(at);
	return 0;
}

/* ---- may they ---- */

/* w: to do it, with all that the policy requires; NULL: for a list. */
static void
ask_policy(const struct client *c, const char *verb, const struct msg_live_row *row, const struct live_wait *w, struct rules_answer *ret)
{
	struct rules_who who;
	struct decide_ask ask = { .who = &who, .verb = slice_from(verb), .host = row->host, .login = row->login,
	    .src = slice_from(c->peer), .at = clock_wall(), .needs = w != NULL, .mfa = c->mfa, .conn = c->conn, .hold = w != NULL ? w->hold : 0 };
	const struct msg_decide asked = { .verb = slice_from(verb) };
	struct dir_host *host;
	char login[LOGIN_SIZE];
	struct err e = { 0 };

	*ret = (struct rules_answer){ .permit = c->kind == MSG_CLIENT_CTL };
	if (ret->permit)
		return;
	login_who(c, &who);
	if (login_check(c, &asked, &e) != 0)          /* a certificate for one command is for nothing else */
		snprintf(ret->text, sizeof(ret->text), "%s", e.text);
	else if (directory_host_named(c->gate->dir, row->host) == NULL)
		snprintf(ret->text, sizeof(ret->text), "its host is not in the directory any more");
	else
		decide_ask(c->gate, &ask, &host, login, ret);
}

/* Kept, so that it ends when it is no longer permitted. */
static int
keep_grant(struct client *c, const struct live_wait *w, const struct msg_live_row *row, const struct rules_answer *a)
{
	struct msg_decide m = { .verb = slice_from(ops[w->op].verb), .hold = w->hold };
	char host[65], login[LOGIN_SIZE];
	struct grant *g;

	if (c->kind != MSG_CLIENT_FRONT || w->hold == 0)
		return 0;
	if (slice_copy(row->host, host, sizeof(host)) != 0 || slice_copy(row->login, login, sizeof(login)) != 0)
		return -EINVAL;
	g = grant_keep(c, &m, host, login, a);
	if (g != NULL)
		grant_settle(g);
	return g != NULL ? 0 : -ENOSPC;
}

/* ---- doing it ---- */

static int
done_send(struct client *c, const struct live_wait *w, struct slice session, const char *refusal, int fd)
{
	struct msg_live_done m = { .req = w->req, .ok = refusal == NULL, .session = session,
	    .text = slice_from(refusal != NULL ? refusal : ops[w->op].done) };

	return chan_send_fds(c->chan, MSG_LIVE_DONE, &m, &fd, fd >= 0);
}

static int
act_send(struct client *owner, struct client *c, const struct live_wait *w, const struct msg_live_row *row, uint64_t live, int fd)
{
	struct msg_live_act m = { .op = w->op, .live = live, .session = row->id, .actor = slice_from(name_of(c)),
	    .reason = slice_from(w->reason), .to = slice_from(w->to) };

	return chan_send_fds(owner->chan, MSG_LIVE_ACT, &m, &fd, fd >= 0);
}

static struct live *
live_new(struct client *viewer, struct client *owner, const struct msg_live_row *row, bool types)
{
	struct gate *g = viewer->gate;
	struct live *l = calloc(1, sizeof(*l));

	if (l == NULL || slice_copy(row->id, l->session, sizeof(l->session)) != 0) {
		free(l);
		return NULL;
	}
	l->number = ++g->live_last;
	l->viewer = viewer;
	l->owner = owner;
	l->types = types;
	l->next = g->lives;
	g->lives = l;
	return l;
}

static int
viewer_send(struct client *c, const struct live_wait *w, const struct msg_live_row *row, int fd)
{
	struct msg_screen_start m = { .conn = c->conn, .req = w->req, .op = w->op, .session = row->id,
	    .term = slice_from(w->term), .lang = slice_from(w->lang), .cols = w->cols, .rows = w->rows };

	return c->kind == MSG_CLIENT_FRONT ? chan_send_fds(c->gate->monitor, MSG_SCREEN_START, &m, &fd, 1) : 0;
}

/* NULL, or why not. */
static const char *
do_view(struct client *c, struct client *owner, const struct live_wait *w, const struct msg_live_row *row)
{
	struct live *l;
	int pair[2] = { -1, -1 }, r;

	if (viewers_of(c->gate, row->id) >= VIEWERS_MAX)
		return "enough people look at it already";
	r = fd_pair(pair);
	l = r == 0 ? live_new(c, owner, row, w->op == MSG_LIVE_JOIN) : NULL;
	if (l == NULL) {
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return "the gate is out of memory";
	}
	r = act_send(owner, c, w, row, l->number, pair[0]);
	if (r == 0)
		r = viewer_send(c, w, row, pair[1]);
	if (r == 0)
		r = done_send(c, w, row->id, NULL, c->kind == MSG_CLIENT_CTL ? pair[1] : -1);
	if (r == 0)
		moderate_look(owner, row->id);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	if (r == 0)
		return NULL;
	live_drop(&c->gate->lives);              /* the newest: nobody looks */
	return "its processes do not take it";
}

static const char *
do_end(struct client *c, const struct live_wait *w, const struct msg_live_row *row)
{
	char why[1100];

	snprintf(why, sizeof(why), "%s ended this session%s%s", name_of(c), w->reason[0] != '\0' ? ": " : "", w->reason);
	if (cut_one(c->gate, row->conn, row->id, why) != 0)
		return "the monitor does not take it";
	return done_send(c, w, row->id, NULL, -1) == 0 ? NULL : "";
}

static const char *
do_control(struct client *c, struct client *owner, const struct live_wait *w, const struct msg_live_row *row)
{
	if (w->op == MSG_LIVE_HAND && w->to[0] != '\0' && !has_joined(c->gate, row->id, w->to))
		return "that user has not joined it: fortress session join, or ssh USER@bastion join, comes first";
	if (act_send(owner, c, w, row, 0, -1) != 0)
		return "its front does not take it";
	mark_set(owner, row->id, w);
	return done_send(c, w, row->id, NULL, -1) == 0 ? NULL : "";
}

void
live_alarm(struct client *owner, struct slice session, const char *watch)
{
	struct live_mark *m = mark_get(owner, session);

	if (m != NULL)
		snprintf(m->alarm, sizeof(m->alarm), "%.64s", watch);
}

int
live_pause(struct client *owner, struct slice session, const char *who, const char *why)
{
	struct msg_live_act m = { .op = MSG_LIVE_PAUSE, .session = session, .actor = slice_from(who), .reason = slice_from(why) };
	const struct live_wait w = { .op = MSG_LIVE_PAUSE };
	int r = chan_send(owner->chan, MSG_LIVE_ACT, &m);

	if (r == 0)
		mark_set(owner, session, &w);
	return r;
}

/* The row is the one that is meant. */
static void
found_one(struct client *c, const struct live_wait *w, const struct msg_live_row *row)
{
	struct client *owner = client_front(c->gate, row->conn);
	struct events_live event = { .verb = ops[w->op].word, .does = ops[w->op].does, .reason = w->reason, .row = row };
	struct rules_answer a;
	const char *no = NULL;

	if (owner == NULL || !slice_is(row->user, owner->user)) {
		(void)done_send(c, w, row->id, "that session has just ended", -1);
		return;
	}
	ask_policy(c, ops[w->op].verb, row, w, &a);
	event.answer = &a;
	if (events_live(c, &event) != 0)
		no = "that cannot be recorded now, so it is not done";
	else if (!a.permit)
		no = a.text;
	else if (keep_grant(c, w, row, &a) != 0)
		no = "too much is open on this connection: end something first";
	else if (w->op == MSG_LIVE_END)
		no = do_end(c, w, row);
	else
		no = w->op <= MSG_LIVE_JOIN ? do_view(c, owner, w, row) : do_control(c, owner, w, row);
	if (no != NULL)
		(void)done_send(c, w, row->id, no, -1);
}

/* ---- lists ---- */

/* "ALARM secret, paused, typed by bob" */
static const char *
state_of(const struct live_mark *m, char out[300])
{
	const struct { bool is; const char *word, *name; } parts[] = {
		{ m != NULL && m->alarm[0] != '\0', "ALARM ", m != NULL ? m->alarm : "" }, { m != NULL && m->paused, "paused", "" },
		{ m != NULL && m->locked, "locked", "" }, { m != NULL && m->typist[0] != '\0', "typed by ", m != NULL ? m->typist : "" },
	};
	int n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].is)
			n += snprintf(out + n, 300 - (size_t)n, "%s%s%s", n > 0 ? ", " : "", parts[i].word, parts[i].name);
	return out;
}

/* One that has ended is shown to whom it may be replayed to; its live state is nobody's. */
static bool
may_list(struct client *c, const struct live_wait *w, struct msg_live_row *row, struct rules_answer *a, char state[300])
{
	struct client *owner = row->conn != 0 ? client_front(c->gate, row->conn) : NULL;
	bool runs = owner != NULL && slice_is(row->user, owner->user);

	if (w->past) {
		ask_policy(c, "replay", row, NULL, a);
		return a->permit || slice_is(row->user, c->user);
	}
	if (!runs)
		return false;
	row->viewers = viewers_of(c->gate, row->id);
	row->state = slice_from(state_of(mark_find(owner, row->id), state));
	ask_policy(c, "watch", row, NULL, a);
	return a->permit || strcmp(c->user, owner->user) == 0;
}

/* Of those that they may look at, or that are theirs. */
static void
send_list(struct client *c, const struct live_wait *w, struct slice rows)
{
	struct msg_live_rows m = { .req = w->req };
	struct msg_live_row row;
	struct rules_answer a;
	char state[300];
	struct buf out;

	buf_init(&out, ROWS_MAX);
	while (msg_live_row_take(&rows, &row) == 1)
		if (may_list(c, w, &row, &a, state) && msg_live_row_put(&out, &row) != 0)
			break;
	m.rows = buf_slice(&out);
	(void)chan_send(c->chan, MSG_LIVE_ROWS, &m);
	buf_done(&out);
}

/* ---- the store's answer ---- */

static struct live_wait *
wait_take(struct client *c, uint32_t number)
{
	struct live_wait **at = &c->live_waits, *w;

	while ((w = *at) != NULL && w->number != number)
		at = &w->next;
	if (w == NULL)
		return NULL;
	*at = w->next;
	c->nlive_waits--;
	return w;
}

static void
found(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice rows)
{
	struct live_wait *w = c != NULL ? wait_take(c, number) : NULL;
	struct msg_live_row row, other;
	struct slice left = rows;

	(void)g, (void)ok;
	if (w == NULL)
		return;
	if (w->op == 0)
		send_list(c, w, rows);
	else if (msg_live_row_take(&left, &row) != 1)
		(void)done_send(c, w, slice_from(w->session), "no session of that id is open", -1);
	else if (msg_live_row_take(&left, &other) == 1)
		(void)done_send(c, w, slice_from(w->session), "more than one open session begins with that", -1);
	else
		found_one(c, w, &row);
	free(w);
}

/* NULL: refused, or no memory. */
static struct live_wait *
wait_new(struct client *c, uint32_t req)
{
	struct live_wait *w = c->nlive_waits < WAITS_MAX ? calloc(1, sizeof(*w)) : NULL;

	if (w == NULL)
		return NULL;
	w->number = ++c->gate->asked_last;
	w->req = req;
	w->next = c->live_waits;
	c->live_waits = w;
	c->nlive_waits++;
	return w;
}

static int
ask_store(struct client *c, struct live_wait *w, uint32_t max)
{
	struct msg_live_ask ask = { .session = slice_from(w->session), .max = max, .past = w->past };
	struct rules_who who;

	if (w->past && c->kind == MSG_CLIENT_FRONT) {
		login_who(c, &who);
		if (!rules_may_verb(c->gate->rules, &who, "replay"))
			ask.user = slice_from(c->user);          /* of all the newest none would be theirs but their own */
	}
	if (puts_ask(c->gate, c, MSG_LIVE_ASK, &ask, w->number, found) == 0)
		return 0;
	free(wait_take(c, w->number));
	return -EAGAIN;
}

static const char *
do_fill(struct live_wait *w, const struct msg_live_do *m)
{
	w->op = m->op;
	w->hold = m->hold;
	w->cols = m->cols;
	w->rows = m->rows;
	if (m->session.n == 0 || slice_copy(m->session, w->session, sizeof(w->session)) != 0)
		return "that is not the id of a session";
	if (m->reason.n > REASON_MAX || !text_is_utf8(m->reason))
		return "a reason is at most 200 bytes of text";
	(void)text_escaped(m->reason, w->reason, sizeof(w->reason));
	if (slice_copy(m->to, w->to, sizeof(w->to)) != 0)
		return "that is not a user's name";
	if (slice_copy(m->term, w->term, sizeof(w->term)) != 0 || slice_copy(m->lang, w->lang, sizeof(w->lang)) != 0)
		w->term[0] = w->lang[0] = '\0';
	return NULL;
}

int
live_do(struct client *c, const void *message)
{
	const struct msg_live_do *m = message;
	struct live_wait none = { .req = m->req, .op = MSG_LIVE_WATCH }, *w;
	const char *no;

	if ((c->kind == MSG_CLIENT_FRONT && c->user[0] == '\0') || m->op == 0 || m->op >= MSG_LIVE_OPS)
		return -EPROTO;
	w = wait_new(c, m->req);
	no = w != NULL ? do_fill(w, m) : "too many questions at once: try again";
	if (no == NULL)
		return ask_store(c, w, 2) == 0 ? 0 : done_send(c, &none, m->session, "the store does not answer", -1);
	if (w != NULL)
		free(wait_take(c, w->number));
	return done_send(c, &none, m->session, no, -1);
}

int
live_ask(struct client *c, const void *message)
{
	const struct msg_live_ask *m = message;
	struct msg_live_rows none = { .req = m->req };
	struct live_wait *w;

	if (c->kind == MSG_CLIENT_FRONT && c->user[0] == '\0')
		return -EPROTO;
	w = wait_new(c, m->req);
	if (w != NULL)
		w->past = m->past != 0;
	return w != NULL && ask_store(c, w, LIST_MAX) == 0 ? 0 : chan_send(c->chan, MSG_LIVE_ROWS, &none);
}
