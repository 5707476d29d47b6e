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

#include <openssl/sha.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "gate/decide.h"
#include "gate/enrol.h"
#include "gate/events.h"
#include "gate/front.h"
#include "gate/lists.h"
#include "gate/own.h"
#include "gate/pin.h"
#include "gate/second.h"
#include "gate/vouch.h"

/* VERB_MAX: of the words that policy(5) knows.  TO_MAX: a host and a port. */
enum { TICKETS_MAX = 512, VERB_MAX = 32, TO_MAX = 320 };

static bool
is_user(void *arg, struct slice name)
{
	struct gate *g = arg;

	return directory_find_user(g->dir, name) != NULL;
}

int
front_split(struct gate *g, struct slice raw, struct names *ret)
{
	return names_split(raw, g->name_formats, is_user, g, ret);
}

static bool
code_is_good(struct gate *g, const struct names *n)
{
	unsigned char hash[CODE_HASH];

	if (n->code.n == 0)
		return false;
	SHA256(n->code.p, n->code.n, hash);
	return directory_has_code(g->dir, n->user, hash, clock_wall());
}

static int
take_name_ask(struct client *c, const void *message)
{
	const struct msg_name_ask *m = message;
	struct msg_name_answer answer = { 0 };
	char shown[4 * NAMES_MAX + 8];
	struct names n = { 0 };

	if (front_split(c->gate, m->raw, &n) == 0)
		answer.user = n.user;
	answer.shown = slice_from(names_shown(n.user.n > 0 ? n.user : m->raw, shown, sizeof(shown)));
	return chan_send(c->chan, MSG_NAME_ANSWER, &answer);
}

/* The same steps for users who exist and who do not: the answer alone differs. */
static int
take_key_ask(struct client *c, const void *message)
{
	const struct msg_key_ask *m = message;
	struct msg_key_answer answer = { 0 };
	struct names n = { 0 };
	const struct dir_user *u;

	if (front_split(c->gate, m->raw, &n) == 0) {
		u = directory_find_user(c->gate->dir, n.user);
		answer.enrolling = code_is_good(c->gate, &n) && (u == NULL || !u->disabled);
		answer.known = answer.enrolling || (u != NULL && !u->disabled && directory_user_has_key(u, m->blob));
		if (n.code.n > 0 && !answer.known)
			enrol_missed(c, &n);
	}
	return chan_send(c->chan, MSG_KEY_ANSWER, &answer);
}

int
front_login_answer(struct client *c, struct slice raw, struct slice method, bool enrolled, const char *reason)
{
	struct msg_login_answer answer = { .ok = reason == NULL, .enrolled = enrolled,
	    .reason = slice_from(reason != NULL ? reason : "") };
	char user[65] = "", how[32], shown[128];
	struct names n = { 0 };
	int r;

	(void)text_escaped(method, how, sizeof(how));
	if (front_split(c->gate, raw, &n) == 0 && slice_copy(n.user, user, sizeof(user)) == 0)
		snprintf(shown, sizeof(shown), "%s", user);
	else
		(void)names_shown(raw, shown, sizeof(shown));
	if (reason == NULL && user[0] == '\0')
		reason = "that is not a user name";
	if (reason == NULL && second_is_wanted(c, user))
		return second_ask(c, raw, method, user);
	if (reason == NULL) {
		snprintf(c->user, sizeof(c->user), "%s", user);
		answer.user = slice_from(c->user);
		answer.login = n.login;
		answer.host = n.host;
	}
	r = events_login(c, shown, how, reason == NULL, reason != NULL ? reason : enrolled ? "a new key was bound" : "");
	return r != 0 ? r : chan_send(c->chan, MSG_LOGIN_ANSWER, &answer);
}

static const char *
login_refusal(const struct client *c, const struct msg_login *m, const struct names *n)
{
	const struct dir_user *u = directory_find_user(c->gate->dir, n->user);

	if (u == NULL)
		return "not a user of this bastion";
	if (u->disabled)
		return "this user is disabled";
	if (slice_is(m->method, "publickey") && !directory_user_has_key(u, m->blob))
		return "this key is not bound to this user";
	return NULL;
}

static int
take_login(struct client *c, const void *message)
{
	const struct msg_login *m = message;
	struct names n = { 0 };

	if (c->user[0] != '\0' || c->busy || c->second != NULL)
		return -EPROTO;
	if (front_split(c->gate, m->raw, &n) != 0)
		return front_login_answer(c, m->raw, m->method, false, "that is not a user name");
	if (!vouch_holds(c, m->method, n.user)) {
		log_error("a front claims a login that nobody vouches for: conn %llu from %s", (unsigned long long)c->conn, c->peer);
		return front_login_answer(c, m->raw, m->method, false, "the monitor does not say that PAM let this user in");
	}
	if (slice_is(m->method, "publickey") && code_is_good(c->gate, &n))
		return enrol_start(c, m, &n);
	return front_login_answer(c, m->raw, m->method, false, login_refusal(c, m, &n));
}

static int
take_hosts_ask(struct client *c, const void *message)
{
	(void)message;
	if (c->user[0] == '\0')
		return -EPROTO;
	snprintf(c->asked, sizeof(c->asked), "%s", c->user);
	client_send_list(c, lists_hosts);
	return 0;
}

/* --- decisions --- */

static void
signature_refused(void *arg, const char *why)
{
	struct ticket *t = arg;

	log_warn("signature refused: %s: %s", t->client->user, why);
	(void)events_refused_signature(t->client, t, why);
}

static void
ticket_drop_oldest(struct client *c)
{
	struct ticket **at = &c->tickets, *t;

	while ((*at)->next != NULL)
		at = &(*at)->next;
	t = *at;
	*at = NULL;
	c->ntickets--;
	signer_free(t->signer);
	free(t);
}

static struct ticket *
ticket_new(struct client *c, const char *host, const char *login, int *agent, struct err *e)
{
	struct ticket *t = calloc(1, sizeof(*t));
	char id[256];

	if (t == NULL || secret_random(&t->number, sizeof(t->number)) != 0) {
		free(t);
		(void)err_set(e, -ENOMEM, "the gate is out of memory");
		return NULL;
	}
	if (c->ntickets == TICKETS_MAX)
		ticket_drop_oldest(c);
	t->client = c;
	snprintf(t->host, sizeof(t->host), "%s", host);
	snprintf(t->login, sizeof(t->login), "%s", login);
	snprintf(id, sizeof(id), "fortress user=%s ticket=%016llx", c->user, (unsigned long long)t->number);
	t->signer = signer_new(c->gate->loop, c->gate->keys, login, id, t->number, signature_refused, t, agent, e);
	if (t->signer == NULL) {
		free(t);
		return NULL;
	}
	t->next = c->tickets;
	c->tickets = t;
	c->ntickets++;
	return t;
}

static int
decision_send(struct client *c, struct msg_decision *d, const struct dir_host *h, const struct ticket *t, int *agent)
{
	struct msg_dial dial = { .conn = c->conn };
	int r;

	if (t == NULL)
		return chan_send(c->chan, MSG_DECISION, d);
	d->ticket = dial.ticket = t->number;
	dial.addr = slice_from(h->addr);
	dial.port = h->port;
	r = chan_send_fds(c->chan, MSG_DECISION, d, agent, 1);
	fd_close(agent);
	return r != 0 ? r : chan_send(c->gate->monitor, MSG_DIAL, &dial);
}

/* Names that nothing can have are not looked up, nor kept: cut is the question without them. */
static bool
decide_fits(const struct msg_decide *m, struct msg_decide *cut)
{
	*cut = *m;
	if (m->host.n <= NAMES_MAX && m->login.n <= NAMES_MAX && m->to.n <= TO_MAX &&
	    m->listen.n <= TO_MAX)
		return true;
	cut->host = cut->login = cut->to = cut->listen = slice_from("");
	return false;
}

static int
take_decide(struct client *c, const void *message)
{
	const struct msg_decide *asked = message;
	struct msg_decide fitting, *m = &fitting;
	bool fits = decide_fits(asked, m);
	struct decide_ask ask = { .user = directory_find_user(c->gate->dir, slice_from(c->user)), .verb = m->verb,
	    .host = m->host, .login = m->login, .command = m->command, .to = m->to, .listen = m->listen,
	    .src = slice_from(c->peer),
	    .at = clock_wall(), .mfa = c->mfa };
	struct msg_decision d = { .req = m->req, .policy_hash = slice_from(rules_hash(c->gate->rules)) };
	struct rules_answer a = { 0 };
	struct ticket *t = NULL;
	struct dir_host *h = NULL;
	struct err e = { 0 };
	char login[LOGIN_SIZE] = "", shown[128];
	int agent = -1, r;

	if (c->user[0] == '\0' || m->verb.n > VERB_MAX)
		return -EPROTO;
	if (!fits) {
		snprintf(a.text, sizeof(a.text), "a host, login or address that is too long for one");
	} else if (ask.user == NULL || ask.user->disabled) {
		snprintf(a.text, sizeof(a.text), "this user is disabled");
	} else {
		decide_ask(c->gate, &ask, &h, login, &a);
		d.missing = h == NULL;
	}
	if (a.permit && m->dial != 0 && (t = ticket_new(c, h->name, login, &agent, &e)) == NULL) {
		a.permit = false;
		snprintf(a.text, sizeof(a.text), "%s", e.text);
	}
	d.permit = a.permit;
	d.rule = slice_from(a.rule);
	d.reason = slice_from(a.text);
	if (h != NULL) {
		d.host = slice_from(h->name);
		d.login = slice_from(login);
		d.addr = slice_from(h->addr);
		d.target_kind = h->kind;
		d.trust_first = h->trust_first;
		d.pins = slice_from(h->pins);
	}
	r = events_decision(c, m, &a, h != NULL ? h->name : text_escaped(m->host, shown, sizeof(shown)), login,
	    t != NULL ? t->number : 0);
	if (r == 0)
		r = decision_send(c, &d, h, t, &agent);
	fd_close(&agent);
	return r;
}

int
front_take(struct client *c, unsigned type, const void *message)
{
	static const struct { unsigned type; int (*fn)(struct client *, const void *); } table[] = {
		{ MSG_NAME_ASK, take_name_ask }, { MSG_KEY_ASK, take_key_ask }, { MSG_LOGIN, take_login }, { MSG_HOSTS_ASK, take_hosts_ask },
		{ MSG_SESSIONS_ASK, own_sessions }, { MSG_DIR_LOAD, own_load }, { MSG_DIR_KEY, own_key },
		{ MSG_DECIDE, take_decide }, { MSG_PIN, pin_take }, { MSG_FACTOR, second_take },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return table[i].fn(c, message);
	return -EPROTO;
}
