/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Sentences are for people, details for machines; both are made here and nowhere else in the gate. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gate/events.h"
#include "gate/grant.h"
#include "gate/login.h"
#include "msg/ocsf.h"

enum { INFORMATIONAL = 1, LOW, MEDIUM, HIGH };
enum { TEXT_MAX = 60000 };

/* What was put together is sent, if it could be (r), and freed.  detail: NULL: m has it, or there is none. */
static int
event_end(struct gate *g, struct msg_event *m, struct buf *sentence, struct buf *detail, int r)
{
	m->text = buf_slice(sentence);
	if (detail != NULL)
		m->detail = buf_slice(detail);
	if (r == 0)
		r = gate_event(g, m);
	buf_done(sentence);
	if (detail != NULL)
		buf_done(detail);
	return r;
}

int
gate_event(struct gate *g, const struct msg_event *event)
{
	return g->store != NULL ? chan_send(g->store, MSG_EVENT, event) : -EPIPE;
}

/* "key":"value", with a comma before all but the first. */
static int
put_pair(struct buf *b, const char *key, struct slice value)
{
	int r = buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", key);

	return r != 0 ? r : text_json(b, value);
}

int
events_login(struct client *c, const char *user, const char *method, bool ok, const char *text)
{
	struct msg_event m = { .class_uid = OCSF_LOGIN, .activity = 1, .severity = ok ? INFORMATIONAL : LOW,
	    .ok = ok, .actor = slice_from(user), .src = slice_from(c->peer) };
	struct buf sentence, detail;
	int r;

	buf_init(&sentence, TEXT_MAX);
	buf_init(&detail, TEXT_MAX);
	r = buf_printf(&sentence, ok ? "%s logged in by %s%s%s" : "%s was not let in by %s%s%s", user, method,
	    text[0] != '\0' ? ": " : "", text);
	if (r == 0)
		r = buf_text(&detail, "{");
	if (r == 0)
		r = put_pair(&detail, "method", slice_from(method));
	if (r == 0 && ok)
		r = login_detail(c, &detail);
	if (r == 0)
		r = buf_text(&detail, "}");
	return event_end(c->gate, &m, &sentence, &detail, r);
}

int
events_codes_burnt(struct client *c, struct slice user)
{
	struct msg_event m = { .class_uid = OCSF_LOGIN, .activity = 99, .severity = HIGH, .actor = user,
	    .src = slice_from(c->peer) };
	char text[256];

	(void)snprintf(text, sizeof(text), "%d wrong enrolment codes for %.*s: the codes that waited are burnt, make a new one",
	    CODE_MISSES, (int)user.n, (const char *)user.p);
	m.text = slice_from(text);
	return gate_event(c->gate, &m);
}

/* So that the question can be asked again: a certificate says who its holder is, and is gone with the login. */
static int
put_principals(struct buf *b, const struct client *c)
{
	struct rules_who who;
	struct buf list;
	int r = 0;

	login_who(c, &who);
	if (who.principals_n == 0)
		return 0;
	buf_init(&list, 8192);
	for (size_t i = 0; r == 0 && i < who.principals_n; i++) {
		r = i > 0 ? buf_u8(&list, ',') : 0;
		if (r == 0)
			r = buf_slice_append(&list, who.principals[i]);
	}
	if (r == 0)
		r = put_pair(b, "principals", buf_slice(&list));
	buf_done(&list);
	return r;
}

/* "options":"timeout 10s; mem 64M", and the digests of which the program must have one. */
static int
put_limits(struct buf *b, const struct policy_decision *d)
{
	struct buf text;
	int r;

	buf_init(&text, LIMITS_TEXT_MAX);
	r = policy_options_list(&text, d->options);
	if (r == 0 && text.len > 0)
		r = put_pair(b, "options", buf_slice(&text));
	buf_clear(&text);
	for (size_t i = 0; r == 0 && i < d->digests_n; i++)
		r = buf_printf(&text, "%s%s", i > 0 ? "," : "", d->digests[i]);
	if (r == 0 && text.len > 0)
		r = put_pair(b, "sha256", buf_slice(&text));
	buf_done(&text);
	return r;
}

static int
decision_detail(struct buf *b, const struct client *c, const struct msg_decide *m, const struct rules_answer *a, const char *login,
    uint64_t ticket, const char *hash)
{
	int r = buf_text(b, "{");

	if (r != 0 || (r = put_pair(b, "verb", m->verb)) != 0 || (r = put_pair(b, "login", slice_from(login))) != 0 ||
	    (r = put_pair(b, "rule", slice_from(a->rule))) != 0 || (r = put_pair(b, "policy", slice_from(hash))) != 0)
		return r;
	if (m->command.n > 0 && (r = put_pair(b, "command", slice_of(m->command.p, m->command.n < 8192 ? m->command.n : 8192))) != 0)
		return r;
	if (m->path.n > 0 && (r = put_pair(b, "path", m->path)) != 0)
		return r;
	if (m->to.n > 0 && (r = put_pair(b, "to", m->to)) != 0)
		return r;
	if (m->listen.n > 0 && (r = put_pair(b, "listen", m->listen)) != 0)
		return r;
	if (a->permit && a->record != POLICY_RECORD_NONE && (r = put_pair(b, "record", slice_from(policy_decision_need(&a->d, POLICY_RECORD)->words + 7))) != 0)
		return r;
	if (a->permit && (r = put_limits(b, &a->d)) != 0)
		return r;
	if (a->permit && a->approval[0] != '\0' && (r = put_pair(b, "approval", slice_from(a->approval))) != 0)
		return r;
	if (a->change[0] != '\0' && (r = put_pair(b, "change", slice_from(a->change))) != 0)
		return r;
	if ((r = put_principals(b, c)) != 0)
		return r;
	if (ticket != 0 && (r = buf_printf(b, ",\"ticket\":\"%016llx\"", (unsigned long long)ticket)) != 0)
		return r;
	return buf_text(b, "}");
}

int
events_decision(struct client *c, const struct msg_decide *m, const struct rules_answer *a, const char *host,
    const char *login, uint64_t ticket)
{
	struct msg_event event = { .class_uid = OCSF_DECISION, .activity = 1, .severity = !a->permit ? MEDIUM : (a->d.obligations & POLICY_NOTIFY) != 0 ? HIGH : INFORMATIONAL,
	    .ok = a->permit, .actor = slice_from(c->user), .host = slice_from(host), .src = slice_from(c->peer) };
	struct buf sentence, detail;
	int r;

	buf_init(&sentence, TEXT_MAX);
	buf_init(&detail, TEXT_MAX);
	r = buf_printf(&sentence, "%s %s %.*s on %s%s%s: %s", c->user, a->permit ? "may" : "may not", (int)m->verb.n,
	    (const char *)m->verb.p, host, login[0] != '\0' ? " as " : "", login, a->text);
	if (r == 0)
		r = decision_detail(&detail, c, m, a, login, ticket, rules_hash(c->gate->rules));
	return event_end(c->gate, &event, &sentence, &detail, r);
}

int
events_refused_signature(struct client *c, const struct ticket *t, const char *why)
{
	struct msg_event m = { .class_uid = OCSF_DECISION, .activity = 99, .severity = HIGH, .actor = slice_from(c->user),
	    .host = slice_from(t->host), .src = slice_from(c->peer) };
	struct buf sentence;
	int r;

	buf_init(&sentence, 2048);
	r = buf_printf(&sentence, "a front of %s asked to sign something that its ticket does not cover: %s", c->user, why);
	return event_end(c->gate, &m, &sentence, NULL, r);
}

int
events_policy(struct gate *g, bool ok, const char *actor, const char *text)
{
	struct msg_event m = { .class_uid = OCSF_ADMIN, .activity = 3, .severity = ok ? INFORMATIONAL : HIGH, .ok = ok,
	    .actor = slice_from(actor) };
	struct buf sentence;
	char detail[128];
	int r;

	buf_init(&sentence, 2048);
	r = buf_printf(&sentence, ok ? "the policy was loaded: %s" : "the policy was not loaded: %s", text);
	(void)snprintf(detail, sizeof(detail), "{\"policy\":\"%s\"}", rules_hash(g->rules));
	if (ok)
		m.detail = slice_from(detail);       /* which of the texts that the store keeps */
	return event_end(g, &m, &sentence, NULL, r);
}

int
events_trust(struct gate *g, bool ok, const char *what, const char *text)
{
	struct msg_event m = { .class_uid = OCSF_ADMIN, .activity = 3, .severity = ok ? INFORMATIONAL : HIGH, .ok = ok,
	    .actor = slice_from("fortress") };
	struct buf sentence;
	int r;

	buf_init(&sentence, 2048);
	r = buf_printf(&sentence, ok ? "%s was loaded: %s" : "%s was not loaded: %s", what, text);
	return event_end(g, &m, &sentence, NULL, r);
}

int
events_session_end(struct gate *g, const char *actor, const struct client *front, struct slice session, const char *reason)
{
	struct msg_event m = { .class_uid = OCSF_SSH, .activity = 99, .severity = MEDIUM, .ok = 1, .actor = slice_from(actor),
	    .session = session, .src = slice_from(front->peer) };
	struct buf sentence;
	int r;

	buf_init(&sentence, 2048);
	r = buf_printf(&sentence, "%s ends a session of %s%s%s", actor, front->user, reason[0] != '\0' ? ": " : "", reason);
	return event_end(g, &m, &sentence, NULL, r);
}

static int
live_detail(struct buf *b, const struct client *c, const struct events_live *l)
{
	const struct { const char *key; struct slice value; } pairs[] = {
		{ "verb", slice_from(l->verb) }, { "user", l->row->user }, { "login", l->row->login },
		{ "rule", slice_from(l->answer->rule) }, { "policy", slice_from(rules_hash(c->gate->rules)) },
		{ "reason", slice_from(l->reason) },
	};
	int r = buf_text(b, "{");

	for (size_t i = 0; r == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		r = put_pair(b, pairs[i].key, pairs[i].value);
	return r == 0 ? buf_text(b, "}") : r;
}

int
events_live(struct client *c, const struct events_live *l)
{
	bool ok = l->answer->permit;
	struct msg_event m = { .class_uid = OCSF_READING, .activity = 99, .severity = ok ? LOW : MEDIUM, .ok = ok,
	    .actor = slice_from(c->kind == MSG_CLIENT_FRONT ? c->user : c->actor), .session = l->row->id, .host = l->row->host,
	    .src = slice_from(c->kind == MSG_CLIENT_FRONT ? c->peer : "") };
	struct buf sentence, detail;
	int r;

	buf_init(&sentence, TEXT_MAX);
	buf_init(&detail, TEXT_MAX);
	r = buf_printf(&sentence, ok ? "%.*s %s the session of " : "%.*s may not %s the session of ", (int)m.actor.n,
	    (const char *)m.actor.p, ok ? l->does : l->verb);
	if (r == 0)
		r = text_escape(&sentence, l->row->user);
	if (r == 0)
		r = buf_text(&sentence, " on ");
	if (r == 0)
		r = text_escape(&sentence, l->row->host);
	if (r == 0)
		r = buf_printf(&sentence, "%s%s", ok && l->reason[0] == '\0' ? "" : ": ", ok ? l->reason : l->answer->text);
	if (r == 0)
		r = live_detail(&detail, c, l);
	return event_end(c->gate, &m, &sentence, &detail, r);
}

int
events_alarm(struct gate *g, const struct events_alarm *a)
{
	struct msg_event m = { .class_uid = OCSF_SSH, .activity = 99, .severity = HIGH, .ok = 0, .actor = slice_from(a->user),
	    .session = a->session, .host = a->host, .src = slice_from(a->peer) };
	struct slice line = slice_of(a->line.p, a->line.n < 1024 ? a->line.n : 1024);
	struct buf sentence, detail;
	int r;

	buf_init(&sentence, TEXT_MAX);
	buf_init(&detail, TEXT_MAX);
	r = buf_printf(&sentence, "ALARM: %s in a session of %s on %.*s: %s", a->watch, a->user, (int)a->host.n,
	    (const char *)a->host.p, a->does);
	if (r == 0 && line.n > 0)
		r = buf_text(&sentence, ": ");
	if (r == 0)
		r = text_escape(&sentence, line);
	if (r == 0)
		r = buf_text(&detail, "{");
	if (r == 0)
		r = put_pair(&detail, "watch", slice_from(a->watch));
	if (r == 0)
		r = put_pair(&detail, "match", slice_from(a->ere));
	if (r == 0)
		r = put_pair(&detail, "line", line);
	if (r == 0)
		r = buf_text(&detail, ",\"advisory\":true}");
	return event_end(g, &m, &sentence, &detail, r);
}

static int
revoked_detail(struct buf *b, const struct client *c, const struct grant *t, const struct rules_answer *a)
{
	const struct { const char *key; struct slice value; } pairs[] = {
		{ "verb", t->verb }, { "login", t->login }, { "rule", slice_from(a->rule) }, { "permitted_by", t->rule },
		{ "policy", slice_from(rules_hash(c->gate->rules)) }, { "cause", slice_from(c->cause) },
		{ "command", slice_of(t->command.p, t->command.n < 8192 ? t->command.n : 8192) }, { "to", t->to }, { "listen", t->listen },
	};
	int r = buf_text(b, "{");

	for (size_t i = 0; r == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (i < 6 || pairs[i].value.n > 0)
			r = put_pair(b, pairs[i].key, pairs[i].value);
	return r == 0 ? buf_text(b, "}") : r;
}

int
events_revoked(struct client *c, const struct grant *t, const struct rules_answer *a)
{
	struct msg_event m = { .class_uid = OCSF_DECISION, .activity = 99, .severity = MEDIUM, .ok = 0, .actor = slice_from(c->user),
	    .host = t->host, .src = slice_from(c->peer) };
	struct buf sentence, detail;
	int r;

	buf_init(&sentence, TEXT_MAX);
	buf_init(&detail, TEXT_MAX);
	r = buf_printf(&sentence, "%s may no longer %.*s on %.*s as %.*s, by %.*s before: %s: %s", c->user, (int)t->verb.n,
	    (const char *)t->verb.p, (int)t->host.n, (const char *)t->host.p, (int)t->login.n, (const char *)t->login.p, (int)t->rule.n,
	    (const char *)t->rule.p, c->cause, a->text);
	if (r == 0)
		r = revoked_detail(&detail, c, t, a);
	return event_end(c->gate, &m, &sentence, &detail, r);
}

int
events_cut(struct client *c, const char *why)
{
	struct msg_event m = { .class_uid = OCSF_LOGIN, .activity = 2, .severity = MEDIUM, .ok = 0, .actor = slice_from(c->user),
	    .src = slice_from(c->peer) };
	struct buf sentence, detail;
	int r;

	buf_init(&sentence, 2048);
	buf_init(&detail, 2048);
	r = buf_printf(&sentence, "the connection of %s ends: %s", c->user, why);
	if (r == 0)
		r = buf_text(&detail, "{");
	if (r == 0)
		r = put_pair(&detail, "cause", slice_from(c->cause));
	if (r == 0)
		r = buf_text(&detail, "}");
	return event_end(c->gate, &m, &sentence, &detail, r);
}

int
events_view(struct gate *g, uint32_t req, const char *actor, struct slice session, struct slice how)
{
	struct msg_event m = { .req = req, .class_uid = OCSF_READING, .activity = 99, .severity = INFORMATIONAL, .ok = 1,
	    .sign = 1, .actor = slice_from(actor), .session = session };
	struct buf sentence;
	int r;

	buf_init(&sentence, 2048);
	r = buf_printf(&sentence, session.n > 0 ? "%s reads the recording " : "%s reads recordings", actor);
	if (r == 0)
		r = text_escape(&sentence, session);
	if (r == 0)
		r = buf_text(&sentence, ": ");
	if (r == 0)
		r = text_escape(&sentence, how);
	return event_end(g, &m, &sentence, NULL, r);
}

static int
reading_detail(struct buf *b, const struct client *c, const struct events_reading *r)
{
	const struct { const char *key, *value; } pairs[] = {
		{ "verb", "replay" }, { "user", r->user }, { "login", r->login }, { "how", r->how }, { "rule", r->rule },
		{ "policy", rules_hash(c->gate->rules) },
	};
	int e = buf_text(b, "{");

	for (size_t i = 0; e == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		e = put_pair(b, pairs[i].key, slice_from(pairs[i].value));
	return e;
}

/* "alice reads the recording ID of bob on web1 by ssh: replay" */
static int
reading_sentence(struct buf *b, const struct client *c, const char *does, const struct events_reading *r)
{
	int e = buf_printf(b, "%s %s the recording %s of ", c->user, does, r->id);

	if (e == 0)
		e = text_escape(b, slice_from(r->user));
	if (e == 0)
		e = buf_text(b, " on ");
	if (e == 0)
		e = text_escape(b, slice_from(r->host));
	if (e == 0)
		e = buf_text(b, " by ssh: ");
	return e;
}

static struct msg_event
reading_event(const struct client *c, const struct events_reading *r)
{
	return (struct msg_event){ .class_uid = OCSF_READING, .activity = 99, .severity = LOW, .ok = 1, .actor = slice_from(c->user),
	    .session = slice_from(r->id), .host = slice_from(r->host), .src = slice_from(c->peer) };
}

int
events_reads(struct client *c, uint32_t req, const struct events_reading *r)
{
	struct msg_event m = reading_event(c, r);
	struct buf sentence, detail;
	int e;

	m.req = req;
	m.sign = 1;
	buf_init(&sentence, TEXT_MAX);
	buf_init(&detail, TEXT_MAX);
	e = reading_sentence(&sentence, c, "reads", r);
	if (e == 0)
		e = text_escape(&sentence, slice_from(r->how));
	if (e == 0)
		e = reading_detail(&detail, c, r);
	if (e == 0)
		e = buf_text(&detail, "}");
	return event_end(c->gate, &m, &sentence, &detail, e);
}

int
events_read(struct client *c, const struct events_reading *r)
{
	struct msg_event m = reading_event(c, r);
	unsigned s = (unsigned)(r->read_ms / 1000);
	struct buf sentence, detail;
	int e;

	buf_init(&sentence, TEXT_MAX);
	buf_init(&detail, TEXT_MAX);
	e = reading_sentence(&sentence, c, "has left", r);
	if (e == 0)
		e = buf_printf(&sentence, "%u:%02u:%02u of it were handed out", s / 3600, s / 60 % 60, s % 60);
	if (e == 0)
		e = reading_detail(&detail, c, r);
	if (e == 0)
		e = buf_printf(&detail, ",\"read_ms\":%llu}", (unsigned long long)r->read_ms);
	return event_end(c->gate, &m, &sentence, &detail, e);
}

int
events_not_read(struct client *c, const struct events_reading *r, const char *why)
{
	struct msg_event m = { .class_uid = OCSF_READING, .activity = 99, .severity = MEDIUM, .ok = 0, .actor = slice_from(c->user),
	    .src = slice_from(c->peer) };
	struct buf sentence;
	int e;

	buf_init(&sentence, TEXT_MAX);
	e = buf_printf(&sentence, "%s may not replay \"", c->user);
	if (e == 0)
		e = text_escape(&sentence, slice_from(r->id));
	if (e == 0)
		e = buf_printf(&sentence, "\": %s", why);
	return event_end(c->gate, &m, &sentence, NULL, e);
}
