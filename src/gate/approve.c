/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Who may say yes: whom the policy's `from` names, for what is asked, as it is asked, today; unless a deny of the verb approve
 * keeps them from it, and with what the policy requires for that verb.  By the bastion's own command its user is a person
 * like others, and the policy has to name that one; to say no is always that user's right.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gate/again.h"
#include "gate/approve.h"
#include "gate/decide.h"
#include "gate/login.h"
#include "gate/matter.h"
#include "gate/needs.h"
#include "gate/puts.h"

enum { OPEN_S = 3600, REASON_MAX = 256, RECENT_MAX = 32 };
#define DAY_US 86400000000u

/* ---- answers ---- */

static int
done_send(struct client *c, uint32_t req, const char *refusal)
{
	return client_done(c, req, refusal == NULL, slice_from(refusal));
}

static int
asked_send(struct client *c, uint32_t req, const char *id, const char *refusal)
{
	struct msg_approval_asked m = { .req = req, .ok = id != NULL, .id = slice_from(id), .text = slice_from(refusal) };

	return chan_send(c->chan, MSG_APPROVAL_ASKED, &m);
}

/* ---- who may say something ---- */

static void
speaker(const struct client *c, struct rules_who *ret)
{
	if (c->kind == MSG_CLIENT_FRONT)
		login_who(c, ret);
	else
		*ret = (struct rules_who){ .name = c->actor, .groups = "", .attrs = "" };
}

static bool
has_said(const struct client *c, const struct approval *x)
{
	const char *name = c->kind != MSG_CLIENT_FRONT ? c->actor : c->user;

	for (unsigned i = 0; i < x->votes_n; i++)
		if (directory_is_same_person(c->gate->dir, slice_from(x->votes[i].name + (x->votes[i].name[0] == APPROVAL_BASTION)), slice_from(name)))
			return true;
	return false;
}

/* What the policy says about the verb approve: NULL, or why not. */
static const char *
verb_refusal(const struct client *c, const struct matter *t, const struct rules_who *who, struct rules_answer *a)
{
	struct rules_question q = { .who = who, .host = t->host, .verb = slice_from("approve"), .src = slice_from(c->peer), .at = clock_wall(),
	    .given = true };
	struct msg_decide m = { .verb = q.verb, .host = slice_from(t->host->name) };
	struct needs_ask needs = { .g = c->gate, .who = who, .m = &m, .at = q.at, .mfa = c->mfa };

	rules_ask(c->gate->rules, &q, a);
	needs_check(&needs, a);
	return a->permit ? NULL : a->text;
}

/* NULL, or why c may not say yes (or no) to x. */
static const char *
refusal(const struct client *c, const struct approval *x, bool yes, const struct matter *t, struct rules_answer *scratch)
{
	struct rules_who who;

	speaker(c, &who);
	if (c->kind != MSG_CLIENT_FRONT && !yes)
		return NULL;
	if (directory_is_same_person(c->gate->dir, x->row.user, slice_from(who.name)))
		return slice_is(x->row.user, who.name) ? "nobody approves what they asked for themselves" :
		    "nobody approves what they asked for themselves, and you share a key with who asked";
	if (!t->a.permit)
		return t->a.text;
	if (!matter_takes(c->gate, t, &who))
		return c->kind == MSG_CLIENT_FRONT ? "the policy does not name you for that" :
		    "the policy's `from` does not name you: log in as somebody whom it names";
	return verb_refusal(c, t, &who, scratch);
}

/* ---- a request ---- */

static const char *
words_refusal(const struct msg_approval_ask *m)
{
	if (m->reason.n > REASON_MAX || !text_is_utf8(m->reason))
		return "a reason is at most 256 bytes of text";
	return m->ticket.n > 256 || !text_is_utf8(m->ticket) ? "a ticket is at most 256 bytes of text" : NULL;
}

/* Whatever became of them: nobody fills the list for all. */
static unsigned
recent_of(const struct gate *g, const char *user, wall_t now)
{
	uint64_t since = (uint64_t)now.us - OPEN_S * 1000000ull;
	unsigned n = 0;

	for (const struct approval *x = g->approvals.first; x != NULL; x = x->next)
		n += slice_is(x->row.user, user) && x->row.asked_us > since;
	return n;
}

/* What is asked for, in a sentence: "shell on web1 as root", "exec on web1 as root: uptime". */
static int
put_matter(struct buf *b, const struct msg_dir_approval *row)
{
	char what[600];
	int r = buf_printf(b, "%.*s on %.*s as %.*s", (int)row->verb.n, (const char *)row->verb.p, (int)row->host.n, (const char *)row->host.p,
	    (int)row->login.n, (const char *)row->login.p);

	return r != 0 || row->what.n == 0 ? r : buf_printf(b, " (%s)", text_escaped(row->what, what, sizeof(what)));
}

static int
say_asked(struct buf *b, const struct msg_dir_approval *row)
{
	char reason[600], ticket[600];
	int r = buf_printf(b, "asks for approval %.*s: ", (int)row->id.n, (const char *)row->id.p);

	if (r == 0)
		r = put_matter(b, row);
	if (r == 0 && row->reason.n > 0)
		r = buf_printf(b, ": %s", text_escaped(row->reason, reason, sizeof(reason)));
	return r == 0 && row->ticket.n > 0 ? buf_printf(b, ", ticket %s", text_escaped(row->ticket, ticket, sizeof(ticket))) : r;
}

static void
ask_kept(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	char why[300];

	(void)g;
	if (c == NULL)
		return;
	c->requesting = false;
	(void)asked_send(c, req, ok ? c->requested : NULL, text_cleaned(text, why, sizeof(why)));
}

static int
ask_put(struct client *c, const struct msg_approval_ask *m, const struct dir_host *h, const char *login, struct slice what)
{
	uint64_t now = (uint64_t)clock_wall().us;
	char id[APPROVAL_ID];
	struct msg_dir_approval row = { .op = MSG_DIR_PUT, .actor = slice_from(c->user), .user = slice_from(c->user), .verb = m->verb,
	    .host = slice_from(h->name), .login = slice_from(login), .what = what, .reason = m->reason, .ticket = m->ticket,
	    .policy = slice_from(rules_hash(c->gate->rules)), .src = slice_from(c->peer), .state = slice_from("open"), .asked_us = now,
	    .expires_us = now + OPEN_S * 1000000ull };
	struct err e = { 0 };
	struct buf said;
	int r = approvals_new_id(&c->gate->approvals, id);

	buf_init(&said, 8192);
	row.id = slice_from(id);
	if (r == 0)
		r = say_asked(&said, &row);
	row.said = buf_slice(&said);
	snprintf(c->requested, sizeof(c->requested), "%s", id);
	if (r == 0)
		r = puts_row(c->gate, c, MSG_DIR_APPROVAL, &row, m->req, ask_kept, &e);
	buf_done(&said);
	if (r != 0)
		return asked_send(c, m->req, NULL, e.text[0] != '\0' ? e.text : "the request cannot be kept");
	c->requesting = true;
	return 0;
}

int
approve_ask(struct client *c, const void *message)
{
	const struct msg_approval_ask *m = message;
	struct msg_decide d = { .verb = m->verb, .host = m->host, .login = m->login, .command = m->command, .to = m->to, .listen = m->listen };
	struct rules_who who;
	struct decide_ask ask = { .who = &who, .verb = m->verb, .host = m->host, .login = m->login, .command = m->command, .to = m->to,
	    .listen = m->listen, .src = slice_from(c->peer), .at = clock_wall(), .needs = true, .mfa = true, .change = m->ticket,
	    .conn = c->conn };
	struct rules_answer a = { 0 };
	const char *no = words_refusal(m);
	struct dir_host *h = NULL;
	char login[LOGIN_SIZE] = "";
	struct err e = { 0 };
	struct buf what;
	int r;

	if (c->user[0] == '\0')
		return -EPROTO;
	login_who(c, &who);
	if (no == NULL && who.guest)
		no = "only users of the directory ask for approval";
	if (no == NULL && login_check(c, &d, &e) != 0)
		no = e.text;
	if (no == NULL && c->requesting)
		no = "another request of this connection is on its way";
	if (no == NULL && (recent_of(c->gate, c->user, ask.at) >= RECENT_MAX || c->gate->approvals.n >= APPROVALS_MAX))
		no = "too many requests in an hour: wait with the next one";
	if (no != NULL)
		return asked_send(c, m->req, NULL, no);
	decide_ask(c->gate, &ask, &h, login, &a);
	if (a.lacks == MSG_LACK_APPROVAL && a.approval[0] != '\0')
		return asked_send(c, m->req, a.approval, a.text);
	if (a.lacks != MSG_LACK_APPROVAL)
		return asked_send(c, m->req, NULL, a.permit ? "that is permitted as it is: no approval is needed" : a.text);
	buf_init(&what, APPROVAL_WHAT + 1024);
	r = approval_what(&d, &what) == 0 ? ask_put(c, m, h, login, buf_slice(&what)) : asked_send(c, m->req, NULL, "that is too long");
	buf_done(&what);
	return r;
}

/* ---- yes and no ---- */

static const char *
verb_of(const struct approval *x, uint32_t say)
{
	return say == MSG_SAY_YES ? "approves" : say == MSG_SAY_WITHDRAW ? "withdraws" : x->votes_n > 0 ? "takes back" : "rejects";
}

static int
say_said(struct buf *b, const struct client *c, const struct approval *x, const struct msg_approval_say *m)
{
	char reason[600];
	int r = buf_printf(b, "%s request %.*s of %.*s%s: ", verb_of(x, m->say), (int)x->row.id.n, (const char *)x->row.id.p, (int)x->row.user.n,
	    (const char *)x->row.user.p, c->kind == MSG_CLIENT_FRONT ? "" : " on the bastion");

	if (r == 0)
		r = put_matter(b, &x->row);
	return r == 0 && m->reason.n > 0 ? buf_printf(b, ": %s", text_escaped(m->reason, reason, sizeof(reason))) : r;
}

/* It is on the record and in memory: those who wait, and those who rest on it, hear of it. */
static void
said(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text)
{
	char why[300], news[1400];

	for (struct approval *x = g->approvals.first; x != NULL; x = x->next) {
		if (!x->busy)
			continue;
		x->busy = false;
		if (!ok)
			continue;
		snprintf(news, sizeof(news), "%.*s %.*s", (int)x->row.actor.n, (const char *)x->row.actor.p, (int)x->row.said.n,
		    (const char *)x->row.said.p);
		matter_news(g, x, news);
		if (!approval_is(x, "open"))
			again_user(g, x->row.user, "an approval was taken back");
	}
	if (c != NULL)
		(void)done_send(c, req, ok ? NULL : text_cleaned(text, why, sizeof(why)));
}

static bool
one_is_busy(const struct gate *g)
{
	const struct approval *x = g->approvals.first;

	while (x != NULL && !x->busy)
		x = x->next;
	return x != NULL;
}

static int
say_put(struct client *c, struct approval *x, const struct msg_approval_say *m)
{
	const char *name = c->kind == MSG_CLIENT_FRONT ? c->user : c->actor;
	struct msg_dir_approval row = x->row;
	char voter[70];
	struct err e = { 0 };
	struct buf votes, words;
	int r = 0;

	snprintf(voter, sizeof(voter), "%s%s", c->kind == MSG_CLIENT_FRONT ? "" : "!", name);
	buf_init(&votes, 1024);
	buf_init(&words, 8192);
	if (m->say == MSG_SAY_YES) {
		r = approval_vote_add(x, voter, clock_wall(), &votes);
		row.votes = buf_slice(&votes);
	} else {
		row.state = slice_from(m->say == MSG_SAY_NO ? "rejected" : "withdrawn");
	}
	if (r == 0)
		r = say_said(&words, c, x, m);
	row.op = MSG_DIR_PUT;
	row.actor = slice_from(name);
	row.said = buf_slice(&words);
	if (r == 0)
		r = puts_row(c->gate, c, MSG_DIR_APPROVAL, &row, m->req, said, &e);
	buf_done(&votes);
	buf_done(&words);
	if (r != 0)
		return done_send(c, m->req, e.text[0] != '\0' ? e.text : "that cannot be kept");
	x->busy = true;
	return 0;
}

static const char *
state_refusal(const struct client *c, const struct approval *x, const struct msg_approval_say *m)
{
	if (x == NULL)
		return "there is no such request: approvals lists them";
	if (m->reason.n > REASON_MAX || !text_is_utf8(m->reason))
		return "a reason is at most 256 bytes of text";
	if (one_is_busy(c->gate))
		return "something else is being decided this moment: try again";
	if (m->say == MSG_SAY_WITHDRAW && !slice_is(x->row.user, c->user))
		return "that is not your request";
	if (approval_is(x, "rejected") || approval_is(x, "withdrawn"))
		return "that request is closed already";
	if (m->say == MSG_SAY_YES && (approval_is_over(x, clock_wall()) || approval_is(x, "used")))
		return "that request is over: it has to be asked again";
	if (m->say == MSG_SAY_YES && has_said(c, x))
		return "you have said yes to it already, or somebody with a key of yours has";
	return m->say == MSG_SAY_YES && x->votes_n == APPROVAL_VOTES ? "enough people have said yes" : NULL;
}

int
approve_say(struct client *c, const void *message)
{
	const struct msg_approval_say *m = message;
	struct approval *x = approvals_find(&c->gate->approvals, m->id);
	const char *no = state_refusal(c, x, m);
	struct rules_answer scratch;
	struct matter t;
	struct err e = { 0 };

	if ((c->kind == MSG_CLIENT_FRONT && c->user[0] == '\0') || m->say > MSG_SAY_WITHDRAW)
		return -EPROTO;
	if (no == NULL && c->kind == MSG_CLIENT_FRONT && login_check(c, NULL, &e) != 0)
		no = e.text;
	if (no == NULL && m->say != MSG_SAY_WITHDRAW) {
		matter_of(c->gate, x, &t);
		no = refusal(c, x, m->say == MSG_SAY_YES, &t, &scratch);
	}
	return no != NULL ? done_send(c, m->req, no) : say_put(c, x, m);
}

/* ---- the list ---- */

static int
put_state(struct buf *b, const struct gate *g, const struct approval *x, const struct matter *t)
{
	uint64_t until;
	unsigned n = 0;
	const struct policy_need *need = matter_open_need(g, x, t, &n, &until);
	char at[32];

	if (!approval_is(x, "open"))
		return buf_slice_append(b, x->row.state);
	if (!t->a.permit)
		return buf_text(b, "not permitted any more");
	if (need != NULL && x->votes_n > 0 && approval_is_over(x, clock_wall()))
		return buf_text(b, "over");
	if (need != NULL)
		return approval_is_over(x, clock_wall()) ? buf_text(b, "expired") :
		    buf_printf(b, "waits: %u of %u, %s", n, need->count, need->words);
	return until == 0 ? buf_text(b, "approved") : buf_printf(b, "approved until %.16sZ", clock_print((wall_t){ (int64_t)until }, at, sizeof(at)));
}

static int
row_send(struct client *c, const struct approval *x, uint32_t req)
{
	struct msg_approval_row m = { .req = req, .id = x->row.id, .user = x->row.user, .verb = x->row.verb, .host = x->row.host,
	    .login = x->row.login, .what = x->row.what, .reason = x->row.reason, .ticket = x->row.ticket, .src = x->row.src,
	    .asked_us = x->row.asked_us, .expires_us = x->row.expires_us };
	struct rules_who who;
	struct matter t;
	struct buf state;
	bool takes;
	int r;

	speaker(c, &who);
	matter_of(c->gate, x, &t);
	takes = matter_takes(c->gate, &t, &who);
	if (c->kind == MSG_CLIENT_FRONT && !slice_is(x->row.user, c->user) && !takes)
		return 0;
	m.may = approval_is(x, "open") && takes && !has_said(c, x) && !approval_is_over(x, clock_wall()) &&
	    !directory_is_same_person(c->gate->dir, x->row.user, slice_from(who.name));
	buf_init(&state, 4096);
	r = put_state(&state, c->gate, x, &t);
	m.state = buf_slice(&state);
	if (r == 0)
		r = chan_send(c->chan, MSG_APPROVAL_ROW, &m);
	buf_done(&state);
	return r;
}

/* One at least, since time may be over before it begins.  The next one, or NULL: there is none, or it could not be sent. */
static const struct approval *
rows_send(struct client *c, const struct approval *x, mono_t until)
{
	uint64_t since = (uint64_t)clock_wall().us - DAY_US;
	int r = 0;

	do {
		if (x->row.asked_us >= since || x->until_us > since)
			r = row_send(c, x, c->req);
		x = r == 0 ? x->next : NULL;
		c->cursor++;
	} while (x != NULL && clock_mono().us < until.us && chan_queued(c->chan) == 0);
	return x;
}

static bool
list_step(struct client *c, mono_t until)
{
	struct msg_dir_end end = { .req = c->req };
	const struct approval *x = c->gate->approvals.first;
	struct err e = { 0 };

	for (size_t i = 0; i < c->cursor && x != NULL; i++)
		x = x->next;
	if (x != NULL && (c->kind != MSG_CLIENT_FRONT || login_check(c, NULL, &e) == 0) && rows_send(c, x, until) != NULL)
		return false;
	(void)chan_send(c->chan, MSG_DIR_END, &end);
	return true;
}

/* As lists.c has it: a request that is made meanwhile may push another one into the list twice. */
int
approve_list(struct client *c, const void *message)
{
	if (c->kind == MSG_CLIENT_FRONT && c->user[0] == '\0')
		return -EPROTO;
	c->req = ((const struct msg_approval_list *)message)->req;
	client_send_list(c, list_step);
	return 0;
}
