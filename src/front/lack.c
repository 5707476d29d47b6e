/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * CH_FORM asks, CH_WAIT waits; from both the way leads back to CH_DECIDE, and the gate alone says whether that is enough.
 * News of a request are only a reason to ask it again, so that none can come too early or get lost.
 *
 * What is said once holds for the whole connection: while one channel asks its user, those that have no terminal of their own
 * wait for the same answer, and of several requests for approval each waits for the one before, since the gate takes one at
 * a time of a connection.
 *
 * A transfer of files has two verbs, and nobody knows beforehand which it will use: it begins with what is permitted, unless
 * there is a request for the other; if it has to make requests, it makes both and begins when both are answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/form.h"
#include "front/jump.h"
#include "front/lack.h"
#include "front/steps.h"
#include "front/tty.h"

enum { TRIES = 3, FORWARD_WAIT_MS = 120000 };

struct lack {
	/* by verb, since they were asked last: what waits, and the gate's words; bits of those that lack an approval that nobody was
	 * asked for */
	struct { char id[16], words[900]; } found[CHANNEL_VERBS];
	unsigned bare;
	char waited[CHANNEL_VERBS][16];          /* what was waited for last: ids, or "" */
	mono_t since;                    /* when that began */
	char news[600];                  /* what was said to it last */
	bool stale;                      /* there was news while the gate was asked */
	unsigned lacks, tries;
	uint32_t req;                    /* of what the gate is asked now, or was last */
	bool asked;                      /* requests were made */
	bool pending;                    /* the gate has not answered req yet */
	bool queued, due;                /* another channel asks first; then its own request is made, or all is asked anew */
	bool mfa;                        /* the form is for a code */
	struct form form;
};

static struct lack *
lack_of(struct channel *c)
{
	if (c->lack == NULL)
		c->lack = calloc(1, sizeof(*c->lack));
	return c->lack;
}

void
lack_free(struct channel *c)
{
	if (c->lack != NULL)
		form_done(&c->lack->form);
	free(c->lack);
	c->lack = NULL;
}

bool
lack_env(struct front *f, const char *name, const char *value)
{
	const char *word = strncmp(name, "LC_", 3) == 0 ? name + 3 : name;
	bool ticket = strcmp(word, "FORTRESS_TICKET") == 0;

	if (!ticket && strcmp(word, "FORTRESS_REASON") != 0)
		return false;
	if (text_is_utf8(slice_from(value)))
		(void)snprintf(ticket ? f->change : f->reason, sizeof(f->change), "%s", value);
	return true;
}

/* Does somebody read and type there?  What speaks sftp does not, terminal or not. */
static bool
is_terminal(const struct channel *c)
{
	return c->pty && strcmp(c->kind, "sftp") != 0;
}

/* For a person at a terminal, and elsewhere on stderr, which a program leaves alone. */
static void
say(struct channel *c, const char *text)
{
	char line[1000];
	int n = snprintf(line, sizeof(line), "fortress: %s%s\n", text, is_terminal(c) ? "\r" : "");

	n = n < (int)sizeof(line) ? n : (int)sizeof(line) - 1;
	if (!c->session)
		channel_tell(c->door, line);
	else if (ssh_channel_is_open(c->ssh) && is_terminal(c))
		(void)ssh_channel_write(c->ssh, line, (uint32_t)n);
	else if (ssh_channel_is_open(c->ssh))
		(void)ssh_channel_write_stderr(c->ssh, line, (uint32_t)n);
}

/* All is asked anew, with what there is now. */
static void
again(struct channel *c)
{
	struct lack *l = c->lack;

	memset(l->found, 0, sizeof(l->found));
	l->bare = 0;
	l->stale = false;
	channel_decide(c);
}

/* ---- one after the other ---- */

/* Does another channel of this connection wait for the gate's answer, or (forms) ask the user for what this one may need, too? */
static bool
another_asks(const struct channel *c, bool forms)
{
	for (const struct channel *x = c->front->channels; x != NULL; x = x->next)
		if (x != c && x->lack != NULL && ((x->state == CH_WAIT && x->lack->pending) || (forms && x->state == CH_FORM)))
			return true;
	return false;
}

static void
queue(struct channel *c, bool due)
{
	struct lack *l = c->lack;

	if (l->since.us == 0)
		l->since = clock_mono();
	l->queued = true;
	l->due = due;
	c->state = CH_WAIT;
}

/* Whoever has a terminal asks there. */
static bool
waits_for_another(struct channel *c)
{
	if (is_terminal(c) || !another_asks(c, true))
		return false;
	queue(c, false);
	return true;
}

/* ---- the form ---- */

static void
ask(struct channel *c, const char *reason)
{
	struct lack *l = c->lack;
	struct form_field fields[FORM_FIELDS];
	unsigned n = 0;

	if ((l->lacks & MSG_LACK_APPROVAL) != 0)
		fields[n++] = (struct form_field){ "Reason: ", false };
	if ((l->lacks & MSG_LACK_TICKET) != 0)
		fields[n++] = (struct form_field){ "Ticket: ", false };
	else if (c->front->change[0] == '\0')
		fields[n++] = (struct form_field){ "Ticket, or Enter for none: ", false };
	tty_wait_end(c, NULL);
	say(c, reason);
	if ((l->lacks & MSG_LACK_APPROVAL) != 0)         /* that was a command to copy, for whoever would rather not wait */
		say(c, "or ask here, by a reason, and wait; Ctrl-C gives up");
	l->mfa = false;
	form_start(&l->form, c->ssh, fields, n);
	c->state = CH_FORM;
}

static void
request(struct channel *c)
{
	struct front *f = c->front;
	struct msg_approval_ask m = { .reason = slice_from(f->reason), .ticket = slice_from(f->change) };
	struct msg_decide q;
	unsigned verb = 0;

	if (another_asks(c, false)) {
		queue(c, true);
		return;
	}
	while (verb + 1 < CHANNEL_VERBS && (c->lack->bare >> verb & 1) == 0)
		verb++;
	channel_question(c, verb, &q);
	m.verb = q.verb;
	m.host = q.host;
	m.login = q.login;
	m.command = q.command;
	m.to = q.to;
	m.listen = q.listen;
	c->lack->bare &= ~(1u << verb);
	c->lack->asked = c->lack->pending = true;
	m.req = c->lack->req = ++f->last_req;
	c->state = CH_WAIT;
	if (chan_send(f->gate, MSG_APPROVAL_ASK, &m) != 0)
		channel_refuse(c, "denied", "the gate does not answer");
}

/* code empty: what is to be shown before it is asked for? */
static void
step_up(struct channel *c, const char *code)
{
	struct msg_step_up m = { .code = slice_from(code) };

	m.req = c->lack->req = ++c->front->last_req;
	c->lack->mfa = c->lack->pending = true;
	c->state = CH_WAIT;
	if (chan_send(c->front->gate, MSG_STEP_UP, &m) != 0)
		channel_refuse(c, "denied", "the gate does not answer");
}

static void
answered(struct channel *c)
{
	struct front *f = c->front;
	struct lack *l = c->lack;
	unsigned at = 0;

	tty_wait_for(c);
	form_rest(&l->form, &c->typed);
	if (l->mfa) {
		step_up(c, l->form.text[0]);
		form_done(&l->form);
		return;
	}
	if ((l->lacks & MSG_LACK_APPROVAL) != 0)
		(void)snprintf(f->reason, sizeof(f->reason), "%s", l->form.text[at++]);
	if (at < l->form.n)
		(void)snprintf(f->change, sizeof(f->change), "%s", l->form.text[at]);
	form_done(&l->form);
	if ((l->lacks & MSG_LACK_APPROVAL) != 0)
		request(c);
	else
		again(c);
}

bool
step_form(struct channel *c)
{
	bool moved;

	switch (form_step(&c->lack->form, c->ssh, &moved)) {
	case FORM_DONE:
		answered(c);
		return true;
	case FORM_GIVEN_UP:
		form_done(&c->lack->form);
		channel_refuse(c, "cancelled", "cancelled");
		return true;
	default:
		return moved;
	}
}

/* ---- the wait ---- */

bool
step_wait(struct channel *c)
{
	struct lack *l = c->lack;

	if (l->queued && !another_asks(c, !l->due)) {
		l->queued = false;
		if (l->due)
			request(c);
		else
			again(c);
		return true;
	}
	if (c->session || l->since.us == 0 || clock_ms_since(l->since) < FORWARD_WAIT_MS)
		return false;
	channel_refuse(c, "denied", l->queued ? "what this connection is asked for has not been said yet: try again when it has" :
	    "nobody has answered the request yet: try again when they have");
	return true;
}

void
lack_note(struct channel *c, unsigned verb, const struct msg_decision *d)
{
	struct lack *l = !c->back && (d->lacks & MSG_LACK_APPROVAL) != 0 && verb < CHANNEL_VERBS ? lack_of(c) : NULL;

	if (l == NULL)
		return;
	l->found[verb].id[0] = '\0';
	(void)text_cleaned(d->reason, l->found[verb].words, sizeof(l->found[verb].words));
	if (d->lacks == MSG_LACK_APPROVAL && d->request.n > 0)
		(void)slice_copy(d->request, l->found[verb].id, sizeof(l->found[verb].id));
	else
		l->bare |= 1u << verb;
}

bool
lack_waits(const struct channel *c)
{
	for (unsigned i = 0; c->lack != NULL && i < CHANNEL_VERBS; i++)
		if (c->lack->found[i].id[0] != '\0')
			return true;
	return false;
}

static bool
has_waited(const struct lack *l)
{
	return l->waited[0][0] != '\0' || l->waited[1][0] != '\0';
}

bool
lack_wait(struct channel *c)
{
	struct lack *l = c->lack;
	char line[1000];

	if (!lack_waits(c))
		return false;
	tty_wait_end(c, NULL);
	if (!has_waited(l))
		l->since = clock_mono();
	for (unsigned i = 0; i < CHANNEL_VERBS; i++) {
		if (l->found[i].id[0] != '\0' && (strcmp(l->found[i].id, l->waited[i]) != 0 || l->news[0] != '\0')) {
			(void)snprintf(line, sizeof(line), "%s%s", l->found[i].words, is_terminal(c) ? "; Ctrl-C gives up" : "");
			say(c, line);
		}
		(void)snprintf(l->waited[i], sizeof(l->waited[i]), "%s", l->found[i].id);
	}
	l->news[0] = '\0';
	if (is_terminal(c))
		tty_wait_for(c);
	c->state = CH_WAIT;
	if (l->stale)
		again(c);
	return true;
}

/* Where the host is that was meant, and as whom: what is asked for is asked for there. */
static void
stay(struct channel *c, const struct msg_decision *d)
{
	struct msg_decide jump;

	if (jump_question(c->door, &jump))
		return;
	(void)slice_copy(d->host, c->asked_host, sizeof(c->asked_host));
	(void)slice_copy(d->login, c->asked_login, sizeof(c->asked_login));
}

static bool
can_ask(const struct channel *c, const struct lack *l, unsigned lacks)
{
	return lacks == MSG_LACK_APPROVAL && l->bare != 0 && !l->asked && c->front->reason[0] != '\0';
}

bool
lack_take(struct channel *c, const struct msg_decision *d)
{
	struct lack *l = c->back ? NULL : lack_of(c);
	char reason[900];

	if (l == NULL)
		return false;
	if ((d->lacks & MSG_LACK_MFA) != 0 && !is_terminal(c))
		return waits_for_another(c);
	if (lack_wait(c))
		return true;
	(void)text_cleaned(d->reason, reason, sizeof(reason));
	if (has_waited(l)) {
		channel_refuse(c, "denied", l->news[0] != '\0' ? l->news : reason);      /* what was waited for has been refused */
		return true;
	}
	if (waits_for_another(c))
		return true;
	if ((d->lacks & MSG_LACK_MFA) != 0) {
		tty_wait_end(c, NULL);
		say(c, "a second factor is required here, and this login had none");
		step_up(c, "");
		return true;
	}
	l->lacks = d->lacks;
	stay(c, d);
	if (is_terminal(c) && l->tries++ < TRIES) {
		ask(c, reason);
		return true;
	}
	if (can_ask(c, l, d->lacks)) {
		request(c);
		return true;
	}
	if ((l->bare & (l->bare - 1)) != 0)
		say(c, l->found[0].words);       /* the refusal says the same for the other */
	return false;
}

/* ---- the gate's answers ---- */

/* Who waits for the answer of this number, or NULL. */
static struct channel *
waiter_find(struct front *f, uint32_t req)
{
	struct channel *c = f->channels;

	while (c != NULL && (c->lack == NULL || c->state != CH_WAIT || c->lack->req != req))
		c = c->next;
	return c;
}

void
lack_asked(struct front *f, const struct msg_approval_asked *m)
{
	struct channel *c = waiter_find(f, m->req);
	char why[600];

	if (c == NULL)
		return;
	c->lack->pending = false;
	if (m->ok != 1)
		channel_refuse(c, "denied", text_cleaned(m->text, why, sizeof(why)));
	else if (c->lack->bare != 0)
		request(c);
	else
		again(c);
}

/* Lines of UTF-8, and a code that is drawn. */
static void
show(struct channel *c, struct slice text)
{
	struct slice line;

	while (ssh_channel_is_open(c->ssh) && take_part(&text, '\n', &line)) {
		(void)ssh_channel_write(c->ssh, line.p, (uint32_t)line.n);
		(void)ssh_channel_write(c->ssh, "\r\n", 2);
	}
}

static void
ask_code(struct channel *c)
{
	static const struct form_field code = { "One-time code: ", true };

	form_start(&c->lack->form, c->ssh, &code, 1);
	c->state = CH_FORM;
}

void
lack_stepped_up(struct front *f, const struct msg_stepped_up *m)
{
	struct channel *c = waiter_find(f, m->req);
	char why[400];

	if (c == NULL)
		return;
	c->lack->pending = false;
	if (m->ok == 2) {
		show(c, m->text);
		ask_code(c);
		return;
	}
	c->lack->mfa = m->ok != 1;
	if (m->ok == 1) {
		again(c);
		return;
	}
	tty_wait_end(c, NULL);
	(void)text_cleaned(m->text, why, sizeof(why));
	if (++c->lack->tries >= TRIES) {
		channel_refuse(c, "denied", why);
		return;
	}
	say(c, why);
	ask_code(c);
}

static bool
is_about(const struct lack *l, struct slice id)
{
	for (unsigned i = 0; i < CHANNEL_VERBS; i++)
		if (slice_is(id, l->waited[i]) || slice_is(id, l->found[i].id))
			return true;
	return false;
}

void
lack_news(struct front *f, const struct msg_approval_news *m)
{
	for (struct channel *c = f->channels; c != NULL; c = c->next) {
		struct lack *l = c->lack;

		if (l == NULL || (c->state != CH_WAIT && c->state != CH_DECIDE) || m->id.n == 0 || !is_about(l, m->id))
			continue;
		if (c->state == CH_DECIDE) {
			l->stale = true;
			continue;
		}
		(void)text_cleaned(m->text, l->news, sizeof(l->news));
		if (l->news[0] != '\0') {
			tty_wait_end(c, NULL);
			say(c, l->news);
		}
		again(c);
	}
}
