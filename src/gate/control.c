/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What an administrator may ask by the fortress command.  The monitor let only root and the
 * bastion's own account in, and the kernel said who they are: the actor is ours to write,
 * never the client's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "gate/acceptable.h"
#include "gate/again.h"
#include "gate/approve.h"
#include "gate/control.h"
#include "gate/cut.h"
#include "gate/decide.h"
#include "gate/enrol.h"
#include "gate/events.h"
#include "gate/lists.h"
#include "gate/live.h"
#include "gate/needs.h"
#include "gate/puts.h"

static void
row_done(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	(void)g;
	if (c != NULL)
		(void)client_done(c, req, ok, text);
}

static int
row_put(struct client *c, unsigned type, const void *row, uint32_t req, uint32_t op)
{
	struct err e = { 0 };

	if (op == MSG_DIR_CHECK) {
		int r = acceptable_row(c->gate->dir, type, row, &e);

		return client_done(c, req, r == 0, slice_from(e.text));
	}
	if (op != MSG_DIR_PUT && op != MSG_DIR_DELETE)
		return -EPROTO;
	if (puts_row(c->gate, c, type, row, req, row_done, &e) == 0)
		return 0;
	return client_done(c, req, false, slice_from(e.text));
}

/* A row is whole: put as it was made from an older one, it would take back what somebody else did meanwhile - unlock who was locked. */
static bool
is_stale(const struct gate *g, uint64_t state, uint32_t op)
{
	return op == MSG_DIR_PUT && state != 0 && (state != g->state || puts_rows(g->puts) > 0 || g->batch != NULL);
}

static int
take_user(struct client *c, const void *message)
{
	struct msg_dir_user m = *(const struct msg_dir_user *)message;
	const struct dir_user *old = directory_find_user(c->gate->dir, m.name);

	if (is_stale(c->gate, m.state, m.op))
		return client_done(c, m.req, false, slice_from(MSG_STALE));
	m.state = 0;
	m.actor = slice_from(c->actor);
	m.created_us = old != NULL ? old->created_us : (uint64_t)clock_wall().us;
	return row_put(c, MSG_DIR_USER, &m, m.req, m.op);
}

static int
take_group(struct client *c, const void *message)
{
	struct msg_dir_group m = *(const struct msg_dir_group *)message;

	m.actor = slice_from(c->actor);
	return row_put(c, MSG_DIR_GROUP, &m, m.req, m.op);
}

static int
take_key(struct client *c, const void *message)
{
	struct msg_dir_key m = *(const struct msg_dir_key *)message;

	m.actor = slice_from(c->actor);
	m.added_us = (uint64_t)clock_wall().us;
	return row_put(c, MSG_DIR_KEY, &m, m.req, m.op);
}

/* Nobody sets another's second factor; it can only be taken away, to be made anew at the next login. */
static int
take_factor(struct client *c, const void *message)
{
	struct msg_dir_factor m = *(const struct msg_dir_factor *)message;

	if (m.op != MSG_DIR_DELETE)
		return -EPROTO;
	m.actor = slice_from(c->actor);
	return row_put(c, MSG_DIR_FACTOR, &m, m.req, m.op);
}

static int
take_host(struct client *c, const void *message)
{
	struct msg_dir_host m = *(const struct msg_dir_host *)message;

	if (is_stale(c->gate, m.state, m.op))
		return client_done(c, m.req, false, slice_from(MSG_STALE));
	m.state = 0;
	m.actor = slice_from(c->actor);
	return row_put(c, MSG_DIR_HOST, &m, m.req, m.op);
}

static int
take_load(struct client *c, const void *message)
{
	c->req = ((const struct msg_dir_load *)message)->req;
	c->state = c->gate->state;
	client_send_list(c, lists_directory);
	return 0;
}

static int
take_hosts_ask(struct client *c, const void *message)
{
	const struct msg_hosts_ask *m = message;
	struct msg_host_rows none = { .nobody = 1 };

	if (slice_copy(m->user, c->asked, sizeof(c->asked)) != 0 ||
	    (m->user.n > 0 && directory_find_user(c->gate->dir, m->user) == NULL))
		return chan_send(c->chan, MSG_HOST_ROWS, &none);
	c->which = m->which;
	client_send_list(c, lists_hosts);
	return 0;
}

static int
take_enrol(struct client *c, const void *message)
{
	return enrol_new_code(c, message);
}

/* Words as one command line that a shell would read back as the same words. */
static int
command_from(struct slice argv, struct buf *out)
{
	struct slice word;
	int r = 0;

	while (r == 0 && take_part(&argv, '\0', &word)) {
		if (out->len > 0)
			r = buf_text(out, " ");
		if (r == 0)
			r = text_shell(out, word);
	}
	return r;
}

/* As at a door, but for what whoever stands there can still bring. */
static void
explain(const struct gate *g, struct decide_ask *ask, struct rules_answer *a)
{
	char login[LOGIN_SIZE], to[320];
	struct msg_decide what = { .verb = ask->verb };
	struct needs_ask needs = { .g = g, .who = ask->who, .m = &what, .at = ask->at };
	struct dir_host *host;

	if (slice_is(ask->verb, "jump")) {               /* where ssh -J goes: no word here says another place */
		snprintf(to, sizeof(to), "%.*s:22", (int)(ask->host.n < 300 ? ask->host.n : 300), (const char *)ask->host.p);
		ask->to = slice_from(to);
	}
	decide_ask(g, ask, &host, login, a);
	needs_never(&needs, a);
}

static int
take_explain(struct client *c, const void *message)
{
	const struct msg_explain *m = message;
	struct msg_explained answer = { .req = m->req };
	struct rules_answer a = { 0 };
	struct buf command;
	const struct dir_user *user = directory_find_user(c->gate->dir, m->user);
	struct rules_who who = { .name = user != NULL ? user->name : "", .groups = user != NULL ? user->groups : "",
	    .attrs = user != NULL ? user->attrs : "" };
	struct decide_ask ask = { .who = &who, .verb = m->verb, .host = m->host,
	    .login = m->login, .src = m->src, .at = m->at_us != 0 ? (wall_t){ (int64_t)m->at_us } : clock_wall() };
	int r;

	buf_init(&command, 65536);
	r = command_from(m->argv, &command);
	ask.command = buf_slice(&command);
	if (r != 0)
		snprintf(a.text, sizeof(a.text), "the command is too long");
	else if (user == NULL)
		snprintf(a.text, sizeof(a.text), "DENY: there is no user of this name");
	else if (directory_refuses(user, ask.at) != NULL)
		snprintf(a.text, sizeof(a.text), "DENY: %s", directory_refuses(user, ask.at));
	else
		explain(c->gate, &ask, &a);
	answer.permit = a.permit;
	answer.text = slice_from(a.text);
	buf_done(&command);
	return chan_send(c->chan, MSG_EXPLAINED, &answer);
}

static void
view_done(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	struct msg_event_done m = { .req = req, .ok = ok };

	(void)g;
	(void)text;
	if (c != NULL)
		(void)chan_send(c->chan, MSG_EVENT_DONE, &m);
}

static int
take_view(struct client *c, const void *message)
{
	const struct msg_view *m = message;
	struct msg_event_done no = { .req = m->req };
	uint32_t number;

	if (puts_wait(c->gate, c, m->req, view_done, &number) == 0) {
		if (events_view(c->gate, number, c->actor, m->session, m->how) == 0)
			return 0;
		puts_forget(c->gate, number);
	}
	return chan_send(c->chan, MSG_EVENT_DONE, &no);
}

/* The store does it, and writes down who wanted it. */
static int
take_upkeep(struct client *c, const void *message)
{
	struct msg_upkeep m = *(const struct msg_upkeep *)message;

	m.actor = slice_from(c->actor);
	if (puts_ask(c->gate, c, MSG_UPKEEP, &m, m.req, row_done) != 0)
		return client_done(c, m.req, false, slice_from("the store does not take it: try again"));
	return 0;
}

static int
take_status(struct client *c, const void *message)
{
	const struct gate *g = c->gate;
	struct msg_status_is m = { .req = ((const struct msg_status *)message)->req, .users = (uint32_t)directory_users(g->dir),
	    .hosts = (uint32_t)directory_hosts(g->dir), .rules = rules_count(g->rules),
	    .policy_hash = slice_from(rules_hash(g->rules)), .policy_error = slice_from(rules_error(g->rules)) };

	return chan_send(c->chan, MSG_STATUS_IS, &m);
}

static int
take_reload(struct client *c, const void *message)
{
	struct msg_reloaded m = { .req = ((const struct msg_reload *)message)->req };
	struct err e = { 0 };

	m.ok = control_load_policy(c->gate, c->actor, &e) == 0;
	m.text = slice_from(e.text);
	return chan_send(c->chan, MSG_RELOADED, &m);
}

int
control_load_policy(struct gate *g, const char *actor, struct err *e)
{
	int r = rules_load(g->rules, e);
	struct msg_policy_seen seen = { .hash = slice_from(rules_hash(g->rules)), .body = rules_body(g->rules),
	    .actor = slice_from(actor) };

	if (r == 0) {
		(void)err_set(e, 0, "%u rule%s, hash %.12s", rules_count(g->rules), rules_count(g->rules) == 1 ? "" : "s", rules_hash(g->rules));
		log_info("policy loaded: %s", e->text);
		if (chan_send(g->store, MSG_POLICY_SEEN, &seen) != 0)
			log_error("policy: the store does not take its text");
		again_all(g, "the policy was changed");
	} else {
		log_error("policy not loaded: %s: %s", rules_hash(g->rules)[0] != '\0' ? "the old one stays in force" :
		    "EVERYTHING IS DENIED until it is mended and reloaded", e->text);
	}
	(void)events_policy(g, r == 0, actor, e->text);
	return r;
}

int
control_take(struct client *c, unsigned type, const void *message)
{
	static const struct { unsigned type; int (*fn)(struct client *, const void *); } table[] = {
		{ MSG_HOSTS_ASK, take_hosts_ask }, { MSG_DIR_LOAD, take_load }, { MSG_DIR_USER, take_user },
		{ MSG_DIR_GROUP, take_group }, { MSG_DIR_KEY, take_key }, { MSG_DIR_HOST, take_host }, { MSG_ENROL, take_enrol },
		{ MSG_DIR_FACTOR, take_factor },
		{ MSG_EXPLAIN, take_explain }, { MSG_VIEW, take_view }, { MSG_STATUS, take_status },
		{ MSG_RELOAD, take_reload }, { MSG_SESSION_END, cut_session }, { MSG_UPKEEP, take_upkeep },
		{ MSG_LIVE_DO, live_do }, { MSG_LIVE_ASK, live_ask },
		{ MSG_APPROVAL_LIST, approve_list }, { MSG_APPROVAL_SAY, approve_say },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return table[i].fn(c, message);
	return -EPROTO;
}
