/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* From a wish to a permit: the gate decides, once for each verb that the kind needs, and the store is told to open the recording. */
#include <stdio.h>
#include <string.h>

#include "base/be.h"
#include "base/text.h"
#include "front/jump.h"
#include "front/lack.h"
#include "front/live.h"
#include "front/replay.h"
#include "front/steps.h"
#include "front/transfer.h"
#include "front/tty.h"

/* What is asked for before a channel of this kind reaches a target: all of it, or any, and then no more than what was
 * permitted goes through. */
static const struct need {
	const char *kind, *verbs[CHANNEL_VERBS + 1];
	bool any;
} needs[] = {
	{ "shell", { "shell", NULL }, false },
	{ "exec", { "exec", NULL }, false },
	{ "sftp", { "get", "put", NULL }, true },
	{ "forward", { "forward", NULL }, false },
	{ "agent", { "agent-forward", NULL }, false },
	{ "x11", { "x11", NULL }, false },
	{ "replay", { "replay", NULL }, false },
};

static const struct need *
need_of(const struct channel *c)
{
	for (size_t k = 0; k < sizeof(needs) / sizeof(needs[0]); k++)
		if (strcmp(needs[k].kind, c->kind) == 0)
			return &needs[k];
	return NULL;
}

static const char *
verb_of(const struct channel *c, unsigned i)
{
	const struct need *n = need_of(c);

	return n != NULL ? n->verbs[i] : NULL;
}

static bool
has_bit(const struct channel *c, unsigned bits, const char *verb)
{
	const struct need *n = need_of(c);

	for (unsigned i = 0; n != NULL && n->verbs[i] != NULL; i++)
		if (strcmp(n->verbs[i], verb) == 0)
			return (bits >> i & 1) != 0;
	return false;
}

bool
channel_may(const struct channel *c, const char *verb)
{
	return has_bit(c, c->permitted, verb);
}

bool
channel_is_by_path(const struct channel *c, const char *verb)
{
	return has_bit(c, c->by_path, verb);
}

bool
channel_goes_on_without(struct channel *c, const char *verb)
{
	const struct need *n = need_of(c);
	unsigned i = 0;

	while (n != NULL && n->verbs[i] != NULL && strcmp(n->verbs[i], verb) != 0)
		i++;
	if (n == NULL || n->verbs[i] == NULL)
		return true;                     /* one that this kind has not: nothing rests on it */
	c->permitted &= ~(1u << i);
	if (!n->any || c->permitted == 0 || c->state != CH_RELAY)
		return false;
	transfer_permit(c);
	return true;
}

/* ---- decision and connection ---- */

static void
open_recording(struct channel *c, const struct msg_decision *d)
{
	struct front *f = c->front;
	struct msg_rec_open msg = { .conn = f->conn, .user = slice_from(f->user), .login = d->login, .host = d->host,
		.addr = d->addr, .src = slice_from(f->peer), .method = slice_from(f->method),
		.channel = slice_from(c->kind), .command = slice_from(c->command),
		.term = slice_from(c->pty ? c->term : ""), .cols = c->pty ? c->cols : 0, .rows = c->pty ? c->rows : 0,
		.rule = d->rule, .policy_hash = d->policy_hash };
	int r = record_open(&c->record, f->store, ++f->last_rec, f->o->window, f->o->strict, &msg);

	c->recording = true;
	if (r != 0)
		c->record.refused = true;
}

/* All that is permitted goes over one connection: what is asked next is asked for the host and login of the first. */
static void
stay_with(struct channel *c, const struct msg_decision *d)
{
	(void)slice_copy(d->host, c->asked_host, sizeof(c->asked_host));
	(void)slice_copy(d->login, c->asked_login, sizeof(c->asked_login));
}

/* As staragent(8)'s subsystem wants them: one SSH string of strings. */
static int
keep_words(struct channel *c, struct slice words)
{
	buf_done(&c->words);
	buf_init(&c->words, words.n + sizeof(uint32_t));
	return be_put_string(&c->words, words);
}

/* Of several verbs the one that asks for most. */
static void
note_how_much(struct channel *c, uint32_t record)
{
	enum msg_record how = record == MSG_RECORD_META || record == MSG_RECORD_FULL ? (enum msg_record)record : MSG_RECORD_IO;

	if (how > c->how_much)
		c->how_much = how;
}

/* 0 or -EINVAL. */
static int
keep_limits(struct channel *c, const struct msg_decision *d)
{
	struct limits more, before = c->limits;
	int r = limits_parse(d->limits, &more);

	if (r != 0)
		return r;
	(void)text_escaped(d->rule, c->rules[c->verb], sizeof(c->rules[0]));
	limits_join(&c->limits, &more);
	for (size_t i = 0; i < LIMITS; i++)
		if (c->limits.value[i] != before.value[i])
			c->limit_verb[i] = c->verb;
	return 0;
}

const char *
channel_limit_rule(const struct channel *c, enum limit limit)
{
	return c->rules[c->limit_verb[limit]];
}

static void
decided(struct channel *c, const struct msg_decision *d, int *agent)
{
	if (c->last_ask && !c->back) {
		c->leg = leg_take(c->front, d, agent);
		if (c->leg == NULL && !c->asked_again) {
			c->asked_again = true;           /* it has just ended: the gate gives another */
			return;
		}
	}
	if (d->by_path == 1)
		c->by_path |= 1u << c->verb;
	if (d->words.n > 0 && keep_words(c, d->words) != 0) {
		channel_refuse(c, "denied", "out of memory");
		return;
	}
	if (keep_limits(c, d) != 0) {
		channel_refuse(c, "denied", "the gate names limits that are not known here");
		return;
	}
	note_how_much(c, d->record);
	c->permitted |= 1u << c->verb++;
	stay_with(c, d);
	if (!c->last_ask) {
		if (verb_of(c, c->verb) == NULL)
			(void)lack_wait(c);      /* for which alone the last verb was not the last to be asked */
		return;
	}
	if (c->leg == NULL) {
		channel_refuse(c, "target-gone", "the connection to the host has just ended: try again");
		return;
	}
	if (!c->recording)
		open_recording(c, d);
	c->state = CH_CONNECT;
}

/* One verb of several is denied: another may do, now or when somebody has said yes.  The last answer must be a permit, since it
 * opens the way. */
static bool
denied_in_part(struct channel *c)
{
	const struct need *n = need_of(c);

	if (n == NULL || !n->any)
		return false;
	if (verb_of(c, c->verb + 1) != NULL && !c->last_ask) {
		c->verb++;
		return true;
	}
	if (lack_wait(c))
		return true;
	if (c->permitted == 0 || (c->permitted >> c->verb & 1) != 0)
		return false;
	c->verb = 0;
	while ((c->permitted >> c->verb & 1) == 0)
		c->verb++;
	c->last_ask = true;
	return true;
}

static void
refused(struct channel *c, const struct msg_decision *d)
{
	char reason[900];

	(void)text_cleaned(d->reason, reason, sizeof(reason));
	if (d->missing != 1 || !channel_pick_again(c, reason))
		channel_refuse(c, d->missing == 1 ? "no-host" : "denied", reason);
}

/* What d would permit takes a second person who watches: c waits for one, its recording open, since that is what can be watched. */
static void
moderator_wait(struct channel *c, const struct msg_decision *d)
{
	char reason[600];

	stay_with(c, d);
	if (!c->recording) {
		open_recording(c, d);
		tty_wait_end(c, NULL);
		tty_notice(c, text_cleaned(d->reason, reason, sizeof(reason)));
	}
	if (c->pty)
		tty_wait_for(c);
	c->state = CH_MODERATOR;
}

static void
on_decision(void *arg, const struct msg_decision *d, int *agent)
{
	struct channel *c = arg;

	if (c->state != CH_DECIDE)
		return;                                  /* cut meanwhile */
	if (d->permit == 1) {
		decided(c, d, agent);
		return;
	}
	lack_note(c, c->verb, d);
	if (d->lacks == MSG_LACK_MODERATOR)
		moderator_wait(c, d);
	else if (!denied_in_part(c) && !(d->lacks != 0 && lack_take(c, d)))
		refused(c, d);
}

/* The jump that it comes through was let in before it was permitted, since here it can be told what is lacking. */
static void
on_jump_decision(void *arg, const struct msg_decision *d, int *agent)
{
	struct channel *c = arg;

	(void)agent;
	if (c->state != CH_DECIDE)
		return;
	if (d->permit == 1) {
		jump_permit(c->door);
		for (struct channel *x = c->front->channels; x != NULL; x = x->next)
			if (x->door == c->door && (x == c || x->state == CH_WAIT)) {
				lack_free(x);
				channel_decide(x);
			}
		return;
	}
	lack_note(c, 0, d);
	if (d->lacks == 0 || !lack_take(c, d))
		refused(c, d);
}

void
moderator_begun(struct channel *c)
{
	char id[ID_TEXT], line[120];

	live_begun(c);
	(void)snprintf(line, sizeof(line), "they watch it with ssh -t USER@bastion watch %s, or Ctrl-T in the picker", id_print(c->record.id, id));
	tty_notice(c, line);
}

bool
step_moderator(struct channel *c)
{
	(void)record_flush(&c->record);
	if (c->record.refused || (!c->record.opened && record_waiting_ms(&c->record) > (int64_t)c->front->o->ack_timeout_s * 1000)) {
		c->state = CH_CONNECT;           /* which says so */
		return true;
	}
	return c->viewers != NULL && live_look(c);
}

void
channel_question(const struct channel *c, unsigned verb, struct msg_decide *ret)
{
	if (jump_question(c->door, ret))
		return;
	*ret = (struct msg_decide){ .verb = slice_from(verb_of(c, verb)), .host = slice_from(c->asked_host),
		.login = slice_from(c->asked_login), .hold = c->hold, .under = c->under };
	if (c->session)
		ret->command = slice_from(c->command);
	else if (c->listen[0] != '\0')
		ret->listen = slice_from(c->listen);
	else if (!c->back)
		ret->to = slice_from(c->command);
}

void
channel_decide(struct channel *c)
{
	c->verb = c->permitted = c->by_path = 0;
	c->limits = (struct limits){ 0 };
	c->last_ask = false;
	c->state = CH_DECIDE;
}

bool
step_decide(struct channel *c)
{
	struct msg_decide msg;
	bool jump = jump_question(c->door, &msg);

	if (c->ask.req != 0)
		return false;
	if (c->wanted != NULL) {
		replay_decide(c);
		return true;
	}
	if (c->asked_host[0] == '\0' || verb_of(c, c->verb) == NULL) {
		channel_refuse(c, "no-host", "name a host: ssh USER+HOST@bastion, or connect with a terminal for the picker");
		return true;
	}
	channel_question(c, c->verb, &msg);
	if (!jump) {
		c->last_ask = c->last_ask || (verb_of(c, c->verb + 1) == NULL && !lack_waits(c));
		msg.dial = c->last_ask && !c->back;
	}
	if (ask_gate(c->front, &c->ask, &msg, jump ? on_jump_decision : on_decision, c) != 0)
		channel_refuse(c, "denied", "the gate does not answer");
	return true;
}
