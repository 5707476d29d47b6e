/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One or two recordings, in steps, of which each waits for the store: find each and decide on it, put each on the record, and
 * only then start the reader.
 *
 * Whom the policy does not permit a recording hears the same as who names one that is not there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "gate/events.h"
#include "gate/puts.h"
#include "gate/replay.h"
#include "gate/verdict.h"

enum { TAPES_MAX = 2, OPTIONS_MAX = 256, REPLAYS_MAX = 64, USER_MAX = 10 };     /* at once: of all, of one user */

static const char none[] = "there is no recording of that id, or none that you may replay (the verb replay of the policy): ssh USER@bastion sessions lists your sessions";

struct tape {
	char asked[ID_TEXT];               /* its id, or the beginning of it */
	struct events_reading row;
	char id[ID_TEXT], user[256], host[65], login[256], rule[128];
	bool told;                         /* that it is read is on the record */
};

struct replay {
	struct replay *next;
	struct client *client;
	uint32_t number;                   /* of what the store is asked */
	uint32_t req, op, hold, cols, rows;
	char options[OPTIONS_MAX], change[257], term[80], lang[48];
	struct tape tapes[TAPES_MAX];
	unsigned n, at;                    /* how many, and the one that it is about */
	struct chan *reader;               /* NULL: it does not run */
};

/* ---- their ends ---- */

static void
replay_free(struct replay *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->tapes[i].told)
			(void)events_read(r->client, &r->tapes[i].row);
	chan_free(r->reader);
	free(r);
}

static void
replay_drop(struct replay *r)
{
	struct replay **at = &r->client->gate->replays;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	replay_free(r);
}

void
replay_forget(struct client *c, uint32_t hold)
{
	struct replay **at = &c->gate->replays, *r;

	while ((r = *at) != NULL)
		if (r->client == c && (hold == 0 || r->hold == hold)) {
			*at = r->next;
			replay_free(r);
		} else {
			at = &r->next;
		}
}

/* ---- answers ---- */

/* v NULL: no, for this reason.  What the policy does not permit is not told from what is not there. */
static void
answer(struct replay *r, const struct verdict *v, const char *reason)
{
	struct msg_decision d = { .req = r->req, .reason = slice_from(reason) };

	if (v != NULL) {
		verdict_fill(&d, v);
		d.pins = d.addr = slice_from("");
		d.words = slice_from(r->tapes[r->at].id);
	}
	(void)chan_send(r->client->chan, MSG_DECISION, &d);
}

static void
refuse(struct replay *r, const struct verdict *v, const char *reason)
{
	answer(r, v, reason);
	replay_drop(r);
}

/* ---- the reader ---- */

/* How far is the most that it has handed out; it need not have been looked at. */
static void
on_reader(void *arg, struct chan *chan, struct chan_in *in)
{
	const struct msg_replay_read *m = in->message;
	struct replay *r = arg;

	(void)chan;
	if (in->type != MSG_REPLAY_READ || m->which >= r->n)
		replay_drop(r);
	else if (m->t_ms > r->tapes[m->which].row.read_ms)
		r->tapes[m->which].row.read_ms = m->t_ms;
}

static int
reader_start(struct replay *r)
{
	struct client *c = r->client;
	struct msg_screen_start m = { .conn = c->conn, .req = r->req, .op = r->op, .session = slice_from(r->tapes[0].id),
	    .other = slice_from(r->tapes[1].id), .options = slice_from(r->options), .term = slice_from(r->term), .lang = slice_from(r->lang),
	    .cols = r->cols, .rows = r->rows };
	int pair[2], e = fd_pair(pair);

	if (e != 0)
		return e;
	r->reader = chan_new(c->gate->loop, pair[0], LINK_GATE_OF_READER, on_reader, r);
	if (r->reader == NULL)
		fd_close(&pair[0]);
	e = r->reader != NULL ? chan_send_fds(c->gate->monitor, MSG_SCREEN_START, &m, &pair[1], 1) : -ENOMEM;
	fd_close(&pair[1]);
	return e;
}

/* ---- on the record ---- */

static void record(struct replay *r);

/* NULL: it was taken back meanwhile. */
static struct replay *
find(const struct gate *g, uint32_t number)
{
	struct replay *r = g->replays;

	while (r != NULL && r->number != number)
		r = r->next;
	return r;
}

static void
recorded(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice text)
{
	struct replay *r = find(g, number);
	const struct verdict yes = { .a = { .permit = true } };

	(void)c, (void)text;
	if (r == NULL)
		return;
	r->tapes[r->at].told = ok;
	if (!ok) {
		refuse(r, NULL, "that cannot be recorded now, so it is not shown");
	} else if (++r->at < r->n) {
		record(r);
	} else if (reader_start(r) != 0) {
		refuse(r, NULL, "the monitor does not take it");
	} else {
		r->at = 0;
		answer(r, &yes, "");
	}
}

static void
record(struct replay *r)
{
	uint32_t number;

	if (puts_wait(r->client->gate, r->client, r->number, recorded, &number) == 0) {
		if (events_reads(r->client, number, &r->tapes[r->at].row) == 0)
			return;
		puts_forget(r->client->gate, number);
	}
	refuse(r, NULL, "that cannot be recorded now, so it is not shown");
}

/* ---- the question ---- */

static void look_up(struct replay *r);

/* NULL, or why there is nothing to be decided on. */
static const char *
tape_fill(struct replay *r, struct slice rows)
{
	struct tape *t = &r->tapes[r->at];
	struct msg_live_row row, other;

	if (msg_live_row_take(&rows, &row) != 1)
		return "there is no such recording";
	if (msg_live_row_take(&rows, &other) == 1)
		return "more than one begins with that";
	if (slice_copy(row.id, t->id, sizeof(t->id)) != 0 || slice_copy(row.user, t->user, sizeof(t->user)) != 0 ||
	    slice_copy(row.host, t->host, sizeof(t->host)) != 0 || slice_copy(row.login, t->login, sizeof(t->login)) != 0)
		return "its names are too long";
	return directory_host_named(r->client->gate->dir, row.host) == NULL ? "its host is not in the directory any more" : NULL;
}

/* Is it permitted?  If not, it has been told, and r is gone. */
static bool
decide(struct replay *r)
{
	struct tape *t = &r->tapes[r->at];
	struct msg_decide m = { .req = r->req, .verb = slice_from("replay"), .host = slice_from(t->host), .login = slice_from(t->login),
	    .command = slice_from(t->id), .change = slice_from(r->change), .hold = r->hold };
	struct verdict v;
	struct buf words;
	int e;

	buf_init(&words, 1);
	e = verdict_make(r->client, &m, &words, &v);
	buf_done(&words);
	snprintf(t->rule, sizeof(t->rule), "%s", v.a.rule);
	if (e == 0 && v.a.permit)
		return true;
	if (e == 0 && v.a.d.permit)
		refuse(r, v.a.lacks != 0 ? &v : NULL, v.a.text);
	else
		refuse(r, NULL, e != 0 ? "that cannot be recorded now, so it is not shown" : none);
	return false;
}

static void
found(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice rows)
{
	struct replay *r = find(g, number);
	struct tape *t;
	const char *no;

	(void)c, (void)ok;
	if (r == NULL)
		return;
	t = &r->tapes[r->at];
	no = tape_fill(r, rows);
	t->row = (struct events_reading){ .id = t->id[0] != '\0' ? t->id : t->asked, .user = t->user, .host = t->host, .login = t->login,
	    .rule = t->rule, .how = r->options[0] != '\0' ? r->options : "replay" };
	if (no != NULL) {
		(void)events_not_read(r->client, &t->row, no);
		refuse(r, NULL, none);
	} else if (decide(r)) {
		if (++r->at < r->n) {
			look_up(r);
			return;
		}
		r->at = 0;
		record(r);
	}
}

static void
look_up(struct replay *r)
{
	struct client *c = r->client;
	struct msg_live_ask ask = { .session = slice_from(r->tapes[r->at].asked), .max = 2, .past = 1 };

	if (puts_ask(c->gate, c, MSG_LIVE_ASK, &ask, r->number, found) != 0)
		refuse(r, NULL, "the store does not answer");
}

/* NULL, or why not. */
static const char *
too_many(const struct client *c, uint32_t req)
{
	unsigned all = 0, own = 0;

	for (const struct replay *r = c->gate->replays; r != NULL; r = r->next) {
		all++;
		own += strcmp(r->client->user, c->user) == 0;
		if (r->client == c && r->req == req)
			return "one question at a time";
	}
	if (own >= USER_MAX)
		return "you look at as many recordings as one may at once: leave one first";
	return all >= REPLAYS_MAX ? "too many recordings are looked at here at once: try again later" : NULL;
}

static const char *
fill(struct replay *r, const struct msg_replay_ask *m)
{
	const struct slice ids[TAPES_MAX] = { m->session, m->other };

	r->n = m->other.n > 0 ? 2 : 1;
	for (unsigned i = 0; i < r->n; i++)
		if (ids[i].n == 0 || slice_copy(ids[i], r->tapes[i].asked, sizeof(r->tapes[i].asked)) != 0)
			return none;
	if (slice_copy(m->options, r->options, sizeof(r->options)) != 0 || slice_copy(m->change, r->change, sizeof(r->change)) != 0)
		return "too many options, or a ticket that is too long for one";
	if (slice_copy(m->term, r->term, sizeof(r->term)) != 0 || slice_copy(m->lang, r->lang, sizeof(r->lang)) != 0)
		r->term[0] = r->lang[0] = '\0';
	return NULL;
}

int
replay_ask(struct client *c, const void *message)
{
	const struct msg_replay_ask *m = message;
	struct msg_decision d = { .req = m->req };
	struct replay *r;
	const char *no;

	if (c->user[0] == '\0' || m->hold == 0 || (m->op != MSG_LIVE_REPLAY && m->op != MSG_LIVE_EXPORT))
		return -EPROTO;
	no = too_many(c, m->req);
	r = no == NULL ? calloc(1, sizeof(*r)) : NULL;
	if (r != NULL) {
		*r = (struct replay){ .next = c->gate->replays, .client = c, .number = ++c->gate->asked_last, .req = m->req, .op = m->op,
			.hold = m->hold, .cols = m->cols, .rows = m->rows };
		c->gate->replays = r;
		no = fill(r, m);
		if (no == NULL)
			look_up(r);
		else
			refuse(r, NULL, no);
		return 0;
	}
	d.reason = slice_from(no != NULL ? no : "the gate is out of memory");
	return chan_send(c->chan, MSG_DECISION, &d);
}
