/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * ssh joins the words of a command with blanks and forgets the quotes, so the text of an option goes on until the next one.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "front/approve.h"
#include "front/steps.h"
#include "msg/ocsf.h"

#define USAGE "request [LOGIN@]HOST [--reason TEXT] [--ticket ID] [--verb VERB] [--to HOST:PORT] " \
    "[--listen ADDRESS:PORT] [-- COMMAND]"
#define TEXT_MAX 600

static bool
is_json(const struct channel *c)
{
	return strstr(c->command, "--json") != NULL;
}

static uint32_t
new_req(struct channel *c)
{
	return c->listing->req = ++c->front->last_req;
}

static void
gate_send(struct channel *c, unsigned type, const void *message)
{
	if (chan_send(c->front->gate, type, message) != 0)
		verb_refuse(c, "no-gate", "the gate does not answer");
}

/* ---- options ---- */

struct option { const char *name; char *to; };       /* to: TEXT_MAX bytes */

/* One pair of quotes around all of it is the client's shell's.  False: what is longer than any may be. */
static bool
text_take(const char *p, size_t n, char *to)
{
	while (n > 0 && p[n - 1] == ' ')
		n--;
	if (n >= 2 && (p[0] == '"' || p[0] == '\'') && p[n - 1] == p[0]) {
		p++;
		n -= 2;
	}
	return slice_copy(slice_of(p, n), to, TEXT_MAX) == 0;
}

static const char *
next_option(const char *p)
{
	const char *at = strncmp(p, "--", 2) == 0 ? p : strstr(p, " --");

	return at == NULL ? p + strlen(p) : at + (at != p || *at == ' ');
}

/* args: words, then options, then perhaps "-- COMMAND".  False: there is an option that is none, or too long. */
static bool
args_split(const char *args, const struct option *options, char *words, const char **command)
{
	const char *end = next_option(args), *p = end, *value;
	const struct option *o;
	size_t n;

	*command = "";
	if (!text_take(args, (size_t)(end - args), words))
		return false;
	while (*p != '\0') {
		if (strncmp(p, "-- ", 3) == 0) {
			*command = p + 3;
			return true;
		}
		n = strcspn(p, " ");
		for (o = options; o->name != NULL && (strlen(o->name) != n || strncmp(p, o->name, n) != 0); o++)
			continue;
		if (o->name == NULL)
			return false;
		value = p + n + strspn(p + n, " ");
		p = next_option(value);
		if (!text_take(value, (size_t)(p - value), o->to))
			return false;
	}
	return true;
}

/* ---- request ---- */

struct asked { char words[TEXT_MAX], reason[TEXT_MAX], ticket[TEXT_MAX], verb[TEXT_MAX], to[TEXT_MAX], listen[TEXT_MAX]; };

/* The verb that goes without saying. */
static const char *
verb_of(const struct asked *w, const char *command)
{
	if (w->verb[0] != '\0')
		return w->verb;
	if (command[0] != '\0')
		return "exec";
	return w->to[0] != '\0' || w->listen[0] != '\0' ? "forward" : "shell";
}

void
approve_request(struct channel *c, const char *args)
{
	struct asked w = { .words = "" };
	const struct option options[] = { { "--reason", w.reason }, { "--ticket", w.ticket }, { "--verb", w.verb }, { "--to", w.to },
		{ "--listen", w.listen }, { NULL, NULL } };
	struct msg_approval_ask m = { 0 };
	const char *command, *at;

	if (!args_split(args, options, w.words, &command) || w.words[0] == '\0' || strchr(w.words, ' ') != NULL) {
		verb_refuse(c, "usage", USAGE);
		return;
	}
	at = strrchr(w.words, '@');
	m.host = slice_from(at != NULL ? at + 1 : w.words);
	m.login = slice_of(w.words, at != NULL ? (size_t)(at - w.words) : 0);
	m.verb = slice_from(verb_of(&w, command));
	m.command = slice_from(command);
	m.to = slice_from(w.to);
	m.listen = slice_from(w.listen);
	m.reason = slice_from(w.reason);
	m.ticket = slice_from(w.ticket[0] != '\0' ? w.ticket : c->front->change);
	m.req = new_req(c);
	gate_send(c, MSG_APPROVAL_ASK, &m);
}

bool
approve_asked(struct front *f, const struct msg_approval_asked *m)
{
	struct channel *c = listing_find(f, m->req);
	char shown[64];

	if (c == NULL)
		return false;
	if (m->ok == 1) {
		(void)buf_printf(&c->listing->out, "%s\n", text_escaped(m->id, shown, sizeof(shown)));
		c->listing->over = true;
		return true;
	}
	(void)text_cleaned(m->text, c->why, sizeof(c->why));
	verb_refuse(c, "denied", c->why);
	return true;
}

/* ---- approvals ---- */

static void
row_print(struct buf *b, const struct msg_approval_row *r)
{
	const struct slice texts[] = { r->id, r->user, r->verb, r->host, r->login, r->what, r->reason, r->ticket, r->state };
	char at[32];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)text_escape(b, texts[i]);
		(void)buf_text(b, "\t");
	}
	(void)buf_printf(b, "%.16sZ\n", clock_print((wall_t){ (int64_t)r->asked_us }, at, sizeof(at)));
}

static void
row_json(struct buf *b, const struct msg_approval_row *r)
{
	const struct { const char *key; struct slice value; } pairs[] = {
		{ "id", r->id }, { "user", r->user }, { "verb", r->verb }, { "host", r->host }, { "login", r->login }, { "what", r->what },
		{ "reason", r->reason }, { "ticket", r->ticket }, { "source", r->src }, { "state", r->state },
	};
	char at[32], end[32];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		(void)buf_printf(b, "%s\"%s\":", i == 0 ? "{" : ",", pairs[i].key);
		(void)text_json(b, pairs[i].value);
	}
	(void)buf_printf(b, ",\"asked\":\"%s\",\"expires\":\"%s\",\"may\":%s}\n", clock_print((wall_t){ (int64_t)r->asked_us }, at, sizeof(at)),
	    clock_print((wall_t){ (int64_t)r->expires_us }, end, sizeof(end)), r->may ? "true" : "false");
}

static void
list_answer(struct channel *c, const struct chan_in *in)
{
	if (in->type == MSG_DIR_END)
		c->listing->over = true;
	else if (in->type == MSG_APPROVAL_ROW)
		(is_json(c) ? row_json : row_print)(&c->listing->out, in->message);
}

void
approve_list(struct channel *c, const char *args)
{
	struct msg_approval_list m = { .req = new_req(c) };

	(void)args;
	c->listing->answer = list_answer;
	gate_send(c, MSG_APPROVAL_LIST, &m);
}

/* ---- yes and no ---- */

static void
say_answer(struct channel *c, const struct chan_in *in)
{
	const struct msg_dir_done *m = in->message;

	if (in->type != MSG_DIR_DONE)
		return;
	if (m->ok == 1) {
		c->listing->over = true;
		return;
	}
	(void)text_cleaned(m->text, c->why, sizeof(c->why));
	verb_refuse(c, "denied", c->why);
}

static void
say(struct channel *c, const char *args, enum msg_say what)
{
	char id[TEXT_MAX] = "", reason[TEXT_MAX] = "";
	const struct option options[] = { { "--reason", reason }, { NULL, NULL } };
	struct msg_approval_say m = { .say = what };
	const char *command;

	if (!args_split(args, options, id, &command) || command[0] != '\0' || id[0] == '\0') {
		verb_refuse(c, "usage", "approve ID or reject ID, each with --reason TEXT if you like: approvals lists them");
		return;
	}
	m.id = slice_from(id);
	m.reason = slice_from(reason);
	m.req = new_req(c);
	c->listing->answer = say_answer;
	gate_send(c, MSG_APPROVAL_SAY, &m);
}

void
approve_yes(struct channel *c, const char *args)
{
	say(c, args, MSG_SAY_YES);
}

void
approve_no(struct channel *c, const char *args)
{
	say(c, args, MSG_SAY_NO);
}

void
approve_withdraw(struct channel *c, const char *args)
{
	say(c, args, MSG_SAY_WITHDRAW);
}
