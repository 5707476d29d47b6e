/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * CH_FORM asks, CH_WAIT waits; from both the way leads back to CH_DECIDE, and the gate alone says whether that is enough.
 * News of a request are only a reason to ask it again, so that none can come too early or get lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/form.h"
#include "front/lack.h"
#include "front/steps.h"
#include "front/tty.h"

enum { TRIES = 3 };

struct lack {
	char request[16];                /* what is waited for, or "" */
	char news[600];                  /* what was said to it last */
	unsigned lacks, tries;
	uint32_t req;                    /* of the request that is being made; 0: none */
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
	bool ticket = strcmp(name, "LC_FORTRESS_TICKET") == 0;

	if (!ticket && strcmp(name, "LC_FORTRESS_REASON") != 0)
		return false;
	if (text_is_utf8(slice_from(value)))
		(void)snprintf(ticket ? f->change : f->reason, sizeof(f->change), "%s", value);
	return true;
}

/* For a person at a terminal, and elsewhere on stderr, which a program leaves alone. */
static void
say(struct channel *c, const char *text)
{
	char line[1000];
	int n = snprintf(line, sizeof(line), "fortress: %s%s\n", text, c->pty ? "\r" : "");

	if (n <= 0 || !ssh_channel_is_open(c->ssh))
		return;
	n = n < (int)sizeof(line) ? n : (int)sizeof(line) - 1;
	if (c->pty)
		(void)ssh_channel_write(c->ssh, line, (uint32_t)n);
	else
		(void)ssh_channel_write_stderr(c->ssh, line, (uint32_t)n);
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
	l->mfa = false;
	form_start(&l->form, c->ssh, fields, n);
	c->state = CH_FORM;
}

static void
request(struct channel *c)
{
	struct front *f = c->front;
	struct msg_approval_ask m = { .verb = slice_from(c->kind), .host = slice_from(c->asked_host), .login = slice_from(c->asked_login),
		.command = slice_from(c->command), .reason = slice_from(f->reason), .ticket = slice_from(f->change) };

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
	c->lack->mfa = true;
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
		c->state = CH_DECIDE;
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
	(void)c;
	return false;
}

static void
wait_for(struct channel *c, const struct msg_decision *d, const char *reason)
{
	struct lack *l = c->lack;
	char line[1000];

	tty_wait_end(c, NULL);
	if (l->request[0] == '\0' || l->news[0] != '\0') {
		(void)snprintf(line, sizeof(line), "%s%s", reason, c->pty ? "; Ctrl-C gives up" : "");
		say(c, line);
	}
	(void)slice_copy(d->request, l->request, sizeof(l->request));
	l->news[0] = '\0';
	if (c->pty)
		tty_wait_for(c);
	c->state = CH_WAIT;
}

bool
lack_take(struct channel *c, const struct msg_decision *d)
{
	bool alone = strcmp(c->kind, "shell") == 0 || strcmp(c->kind, "exec") == 0 || strcmp(c->kind, "replay") == 0;
	struct lack *l = c->session && alone && ((d->lacks & MSG_LACK_MFA) == 0 || c->pty) ? lack_of(c) : NULL;
	char reason[900];

	if (l == NULL)
		return false;
	(void)text_cleaned(d->reason, reason, sizeof(reason));
	if (l->request[0] != '\0' && !slice_is(d->request, l->request)) {
		channel_refuse(c, "denied", l->news[0] != '\0' ? l->news : reason);      /* what was waited for has been refused */
		return true;
	}
	if ((d->lacks & MSG_LACK_MFA) != 0) {
		tty_wait_end(c, NULL);
		say(c, "a second factor is required here, and this login had none");
		step_up(c, "");
		return true;
	}
	l->lacks = d->lacks;
	(void)slice_copy(d->host, c->asked_host, sizeof(c->asked_host));
	(void)slice_copy(d->login, c->asked_login, sizeof(c->asked_login));
	if (d->lacks == MSG_LACK_APPROVAL && d->request.n > 0 && (c->pty || l->req != 0 || c->front->reason[0] != '\0')) {
		wait_for(c, d, reason);
		return true;
	}
	if (c->pty && l->tries++ < TRIES) {
		ask(c, reason);
		return true;
	}
	if (d->lacks != MSG_LACK_APPROVAL || c->front->reason[0] == '\0' || l->req != 0)
		return false;
	request(c);
	return true;
}

/* ---- the gate's answers ---- */

void
lack_asked(struct front *f, const struct msg_approval_asked *m)
{
	struct channel *c = f->channels;
	char why[600];

	while (c != NULL && (c->lack == NULL || c->state != CH_WAIT || c->lack->req != m->req))
		c = c->next;
	if (c == NULL)
		return;
	if (m->ok == 1) {
		c->state = CH_DECIDE;
		return;
	}
	channel_refuse(c, "denied", text_cleaned(m->text, why, sizeof(why)));
}

/* Lines of UTF-8, and a code that is drawn. */
static void
show(struct channel *c, struct slice text)
{
	while (text.n > 0 && ssh_channel_is_open(c->ssh)) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		size_t n = end != NULL ? (size_t)(end - text.p) : text.n;

		(void)ssh_channel_write(c->ssh, text.p, (uint32_t)n);
		(void)ssh_channel_write(c->ssh, "\r\n", 2);
		text = end != NULL ? slice_of(end + 1, text.n - n - 1) : slice_of(text.p, 0);
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
	struct channel *c = f->channels;
	char why[400];

	while (c != NULL && (c->lack == NULL || c->state != CH_WAIT || c->lack->req != m->req))
		c = c->next;
	if (c == NULL)
		return;
	if (m->ok == 2) {
		show(c, m->text);
		ask_code(c);
		return;
	}
	c->lack->mfa = m->ok != 1;
	if (m->ok == 1) {
		c->lack->req = 0;
		c->state = CH_DECIDE;
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

void
lack_news(struct front *f, const struct msg_approval_news *m)
{
	for (struct channel *c = f->channels; c != NULL; c = c->next) {
		struct lack *l = c->lack;

		if (l == NULL || c->state != CH_WAIT || !slice_is(m->id, l->request))
			continue;
		(void)text_cleaned(m->text, l->news, sizeof(l->news));
		if (l->news[0] != '\0') {
			tty_wait_end(c, NULL);
			say(c, l->news);
		}
		c->state = CH_DECIDE;
	}
}
