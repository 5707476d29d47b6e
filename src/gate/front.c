/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a front may ask: is this key known, I have authenticated somebody, which hosts, may they,
 * here is a first host key.  Before a login nothing but keys is answered.  Whose front it is
 * the monitor said when it made the socket; a front cannot claim to be another's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "gate/approve.h"
#include "gate/decide.h"
#include "gate/events.h"
#include "gate/grant.h"
#include "gate/lists.h"
#include "gate/live.h"
#include "gate/login.h"
#include "gate/moderate.h"
#include "gate/notify.h"
#include "gate/own.h"
#include "gate/pin.h"
#include "gate/replay.h"
#include "gate/second.h"
#include "gate/sentry.h"
#include "gate/ticket.h"
#include "gate/verdict.h"

/* VERB_MAX: of the words that policy(5) knows.  TO_MAX: a host and a port.  CHANGE_MAX: a ticket, as policy.h bounds it. */
enum { VERB_MAX = 32, TO_MAX = 320, PATH_BYTES = 4096, CHANGE_MAX = 256, WORDS_BYTES = 65536 };

static int
take_hosts_ask(struct client *c, const void *message)
{
	if (c->user[0] == '\0')
		return -EPROTO;
	c->which = ((const struct msg_hosts_ask *)message)->which;
	snprintf(c->asked, sizeof(c->asked), "%s", c->user);
	client_send_list(c, lists_hosts);
	return 0;
}

/* --- decisions --- */

static int
decision_send(struct client *c, struct msg_decision *d, struct verdict *v)
{
	struct msg_dial dial = { .conn = c->conn };
	int r;

	if (v->agent < 0)
		return chan_send(c->chan, MSG_DECISION, d);
	dial.ticket = d->ticket;
	dial.addr = slice_from(v->host->addr);
	dial.port = v->host->port;
	r = chan_send_fds(c->chan, MSG_DECISION, d, &v->agent, 1);
	fd_close(&v->agent);
	return r != 0 ? r : chan_send(c->gate->monitor, MSG_DIAL, &dial);
}

/* Names that nothing can have are not looked up, nor kept: cut is the question without them. */
static bool
decide_fits(const struct msg_decide *m, struct msg_decide *cut)
{
	*cut = *m;
	if (m->host.n <= NAMES_MAX && m->login.n <= NAMES_MAX && m->to.n <= TO_MAX &&
	    m->listen.n <= TO_MAX && m->path.n <= PATH_BYTES && m->change.n <= CHANGE_MAX)
		return true;
	cut->host = cut->login = cut->to = cut->listen = cut->path = cut->change = slice_from("");
	return false;
}

void
verdict_fill(struct msg_decision *d, const struct verdict *v)
{
	const struct rules_answer *a = &v->a;
	const struct dir_host *h = v->host;

	d->permit = a->permit;
	d->by_path = a->by_path;
	d->record = a->record;
	d->lacks = a->lacks;
	d->request = slice_from(a->permit ? "" : a->approval);
	d->rule = slice_from(a->rule);
	d->reason = slice_from(a->text);
	if (h == NULL)
		return;
	d->host = slice_from(h->name);
	d->login = slice_from(v->login);
	d->addr = slice_from(h->addr);
	d->target_kind = h->kind;
	d->trust_first = h->trust_first;
	d->pins = slice_from(h->pins);
}

static void
deny(struct verdict *v, const char *text)
{
	v->a.permit = false;
	snprintf(v->a.text, sizeof(v->a.text), "%s", text);
}

/* A staragent gets a command that the policy permits for its words as those words.  A program that is known by its digest is run in
 * no other way. */
static bool
words_are_there(const struct client *c, const struct msg_decide *m, const struct decide_ask *ask, const struct verdict *v, struct buf *words)
{
	int n;

	if (v->host->kind != MSG_TARGET_AGENT || !slice_is(m->verb, "exec"))
		return true;
	n = decide_words(c->gate, ask, v->host, v->login, words);
	return n > 0 || (n == 0 && v->a.limits.digests_n == 0);
}

/* What a permit of the policy has to rest on besides: it has its words, uses up what is good for once, and has a ticket.  That
 * comes last: a no has no connection with it, nor who signs for one. */
static void
permit_back(struct client *c, const struct msg_decide *m, const struct decide_ask *ask, struct buf *words, struct verdict *v)
{
	struct err e = { 0 };

	if (!words_are_there(c, m, ask, v, words))
		deny(v, "the command cannot be run as it stands: it is too long");
	else if (v->a.single && approve_use(c, v->a.approval, m->hold, &e) != 0)
		deny(v, e.text);
	else if (m->dial != 0 && (v->ticket = ticket_take(c, v->host, v->login, &v->agent, &e)) == NULL)
		deny(v, e.text);
}

/* And it is kept, if something lasts: before anything is used up, but not when that fails. */
static void
permit_keep(struct client *c, const struct msg_decide *m, const struct decide_ask *ask, struct buf *words, struct verdict *v)
{
	struct grant *g = m->hold != 0 ? grant_keep(c, m, v->host->name, v->login, &v->a) : NULL;

	if (m->hold != 0 && g == NULL)
		deny(v, "too much is open on this connection: end something first");
	else
		permit_back(c, m, ask, words, v);
	if (g != NULL && v->a.permit)
		grant_settle(g);
	else if (g != NULL)
		grant_take_back(g);
}

/* A file that may go by becomes a row of its own. */
static int
put_down(struct client *c, const struct msg_decide *m, const struct verdict *v)
{
	char shown[128];
	int r;

	if (v->a.permit && m->path.n > 0)
		return 0;
	r = events_decision(c, m, &v->a, v->host != NULL ? v->host->name : text_escaped(m->host, shown, sizeof(shown)), v->login,
	    v->ticket != NULL ? v->ticket->number : 0);
	if (r == 0 && v->a.permit)
		notify_decision(c, m, &v->a, v->host->name, v->login);
	return r;
}

int
verdict_make(struct client *c, const struct msg_decide *asked, struct buf *words, struct verdict *v)
{
	struct msg_decide fitting, *m = &fitting;
	bool fits = decide_fits(asked, m);
	struct rules_who who;
	struct decide_ask ask = { .who = &who, .verb = m->verb, .host = m->host, .login = m->login, .command = m->command,
	    .to = m->to, .listen = m->listen, .path = m->path, .src = slice_from(c->peer), .at = clock_wall(), .needs = true, .mfa = c->mfa,
	    .change = m->change, .conn = c->conn, .hold = m->hold, .under = m->under };
	struct err e = { 0 };

	*v = (struct verdict){ .agent = -1 };
	login_who(c, &who);
	if (!fits) {
		deny(v, "a host, login, address or ticket that is too long for one");
	} else if (login_check(c, m, &e) != 0) {
		deny(v, e.text);
	} else {
		decide_ask(c->gate, &ask, &v->host, v->login, &v->a);
		v->missing = v->host == NULL;
	}
	if (v->a.permit)
		permit_keep(c, m, &ask, words, v);
	return put_down(c, m, v);
}

static int
take_decide(struct client *c, const void *message)
{
	const struct msg_decide *m = message;
	struct msg_decision d = { .req = m->req, .policy_hash = slice_from(rules_hash(c->gate->rules)) };
	struct verdict v;
	struct buf words, limits;
	int r;

	if (c->user[0] == '\0' || m->verb.n > VERB_MAX)
		return -EPROTO;
	buf_init(&words, WORDS_BYTES);
	buf_init(&limits, LIMITS_TEXT_MAX);
	r = verdict_make(c, m, &words, &v);
	if (r == 0 && v.a.permit)
		r = limits_print(&limits, &v.a.limits);
	if (v.a.lacks == MSG_LACK_MODERATOR && moderate_wait(c, m, v.host->name, v.login) != 0)
		v.a.lacks = 0;
	d.missing = v.missing;
	d.ticket = v.ticket != NULL ? v.ticket->number : 0;
	d.words = buf_slice(&words);
	d.limits = buf_slice(&limits);
	verdict_fill(&d, &v);
	if (r == 0)
		r = decision_send(c, &d, &v);
	buf_done(&words);
	buf_done(&limits);
	fd_close(&v.agent);
	return r;
}

int
front_take(struct client *c, unsigned type, const void *message)
{
	static const struct { unsigned type; int (*fn)(struct client *, const void *); } table[] = {
		{ MSG_NAME_ASK, login_name_ask }, { MSG_KEY_ASK, login_key_ask }, { MSG_LOGIN, login_take },
		{ MSG_SESSIONS_ASK, own_sessions }, { MSG_DIR_LOAD, own_load }, { MSG_DIR_KEY, own_key },
		{ MSG_HOSTS_ASK, take_hosts_ask }, { MSG_DECIDE, take_decide }, { MSG_PIN, pin_take }, { MSG_TICKET_END, ticket_end }, { MSG_RELEASE, grant_release }, { MSG_FACTOR, second_take }, { MSG_STEP_UP, second_step_up },
		{ MSG_LIVE_DO, live_do }, { MSG_LIVE_ASK, live_ask }, { MSG_LIVE_LEFT, live_left },
		{ MSG_REPLAY_ASK, replay_ask },
		{ MSG_APPROVAL_ASK, approve_ask }, { MSG_APPROVAL_LIST, approve_list }, { MSG_APPROVAL_SAY, approve_say },
		{ MSG_LIVE_BEGUN, sentry_begin },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return table[i].fn(c, message);
	return -EPROTO;
}
