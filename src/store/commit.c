/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * When to commit, what goes into it, and who is answered afterwards.
 *
 * A lone session gets its acknowledgement in a few milliseconds: if the last commit is
 * QUIET_MS ago, the next one runs at the end of the loop's turn.  When many write, they are
 * grouped for up to GROUP_MS.  A commit that fails changes nothing: it is tried again, and
 * meanwhile no new recording is let in.  While rows come in bulk each commit takes a step of
 * them along (bulk.c), and the next one comes at once.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/journal.h"
#include "db/tree.h"
#include "msg/ocsf.h"
#include "store/store.h"

#define QUIET_MS    10
#define GROUP_MS    40
#define FEW         16                    /* so few recordings wait: do not group */
#define RETRY_MS    500
#define TICK_MS     250
#define SEALS_MAX   80                    /* a tick: all at once would stall everybody */
#define TRIM_TICKS  8

bool
ops_are_full(const struct store *st)
{
	return st->failing && (st->ops_n >= STORE_EVENTS_MAX || st->ops_bytes >= STORE_OPS_MAX);
}

/* The monitor hears of it early: who is not let in makes no events. */
static void
full_tell(struct store *st)
{
	bool full = st->failing && (st->ops_n >= STORE_EVENTS_MAX / 2 || st->ops_bytes >= STORE_OPS_MAX / 2);
	struct msg_store_full m = { .full = full };

	if (full == st->full || st->monitor == NULL || st->monitor->chan == NULL)
		return;
	st->full = full;
	log_warn(full ? "store: little room is left for what happens until it can write: nobody is let in" :
	    "store: there is room again");
	(void)chan_send(st->monitor->chan, MSG_STORE_FULL, &m);
}

struct op *
op_add(struct store *st, struct client *c, enum msg_type type, const void *message)
{
	struct op *op = calloc(1, sizeof(*op));

	if (op == NULL)
		return NULL;
	buf_init(&op->bytes, MSG_MAX + 16);
	if (msg_pack(&op->bytes, type, message) != 0) {
		buf_done(&op->bytes);
		free(op);
		return NULL;
	}
	op->client = c;
	op->type = type;
	if (type != MSG_POLICY_SEEN)              /* all others begin with it */
		memcpy(&op->req, message, sizeof(op->req));
	op->at = clock_wall();
	op->at_mono = clock_mono();
	*st->ops_last = op;
	st->ops_last = &op->next;
	st->ops_n++;
	st->ops_bytes += op->bytes.len;
	if (c != NULL)
		c->ops++;
	full_tell(st);
	return op;
}

void
store_event(struct store *st, uint32_t activity, bool ok, const char *session, const char *fmt, ...)
{
	struct msg_event m = { .class_uid = OCSF_SERVICE, .activity = activity, .severity = ok ? 1 : 4, .ok = ok,
		.actor = slice_from("store"), .session = slice_from(session) };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	m.text = slice_from(text);
	(void)op_add(st, NULL, MSG_EVENT, &m);
}

static void
op_free(struct store *st, struct op *op)
{
	st->ops_n--;
	st->ops_bytes -= op->bytes.len;
	st->sweep = true;
	if (op->client != NULL)
		op->client->ops--;
	buf_done(&op->bytes);
	free(op);
}

static void
op_answer(struct store *st, const struct op *op, bool ok, const char *text)
{
	const struct client *client = op->client;
	struct chan *c = client != NULL ? client->chan : NULL;
	struct msg_event_done done = { .req = op->req, .ok = ok };
	struct msg_dir_done dir = { .req = op->req, .ok = ok, .text = slice_from(text) };
	struct msg_rec_opened opened = { .rec = op->req, .ok = ok, .text = slice_from(text) };

	if (client == NULL && op->type == MSG_UPKEEP)
		retain_answer(st, ok, text);
	if (c == NULL || (op->req == 0 && op->type == MSG_EVENT))
		return;
	if (op->type == MSG_EVENT && client->end != LINK_STORE_OF_MONITOR)
		(void)chan_send(c, MSG_EVENT_DONE, &done);
	else if (op->type == MSG_REC_OPEN)
		(void)chan_send(c, MSG_REC_OPENED, &opened);
	else if ((op->type >= MSG_DIR_USER && op->type <= MSG_DIR_CODE) || op->type == MSG_DIR_FACTOR || op->type == MSG_DIR_GROUP ||
	    op->type == MSG_DIR_APPROVAL || op->type == MSG_UPKEEP)
		(void)chan_send(c, MSG_DIR_DONE, &dir);
}

/* --- The transaction --- */

static int
op_apply(struct store *st, struct op *op, struct err *e)
{
	int r;

	op->refused = false;
	switch (op->type) {
	case MSG_EVENT:
		r = apply_event(st, op, e);
		break;
	case MSG_REC_OPEN:
		r = record_open(st, op->rec, e);
		break;
	case MSG_POLICY_SEEN:
		r = apply_policy(st, op, e);
		break;
	case MSG_UPKEEP:
		r = apply_upkeep(st, op, e);
		break;
	default:
		r = apply_directory(st, op, e);
	}
	/* What can never succeed must not hold up everybody else. */
	if (r == -EEXIST || r == -EINVAL || r == -EMSGSIZE || r == -ENOBUFS) {
		snprintf(op->text, sizeof(op->text), "%s", e->text);
		r = 1;
	}
	op->refused = r == 1;
	return r < 0 ? r : 0;
}

static bool
rec_is_refused(const struct rec *r)
{
	return r->opening != NULL && r->opening->refused;
}

static int
recs_write(struct store *st, struct err *e)
{
	int n = 0;

	for (struct rec *r = st->recs; r != NULL && n == 0; r = r->next)
		if (r->dirty && (r->opened || !rec_is_refused(r)))
			n = record_write(st, r, e);
	for (struct rec *r = st->recs; r != NULL && n == 0; r = r->next)
		if (r->closing && (r->opened || !rec_is_refused(r)))
			n = record_close(st, r, e);
	return n;
}

/* Everything below the oldest row that some recording still needs goes. */
static int
journal_trim(struct store *st, int64_t newest, struct err *e)
{
	int64_t below = newest > 0 ? newest : INT64_MAX;

	if (!st->trim)
		return 0;
	for (struct rec *r = st->recs; r != NULL; r = r->next)
		if (r->journal_first != 0 && r->journal_first < below)
			below = r->journal_first;
	return db_journal_trim(st->db, below, e);
}

static int
commit_write(struct store *st, int64_t *journal_row, struct err *e)
{
	int r = db_begin(st->db, e);

	buf_clear(&st->journal);
	buf_clear(&st->note);
	st->erased[0] = '\0';
	st->retain.believed = false;
	for (struct op *op = st->ops; op != NULL && r == 0; op = op->next)
		r = bulk_holds(st, op) ? 0 : op_apply(st, op, e);
	if (r == 0)
		r = bulk_step(st, e);
	if (r == 0)
		r = recs_write(st, e);
	if (r == 0 && st->journal.len > 0)
		r = db_journal_add(st->db, buf_slice(&st->journal), journal_row, e);
	if (r == 0)
		r = journal_trim(st, *journal_row, e);
	if (r == 0)
		r = retain_write(st, e);
	if (r == 0)
		r = checkpoint_write(st, e);
	if (r == 0)
		r = db_tree_flush(st->db, e);
	if (r == 0)
		return db_commit(st->db, e);
	db_rollback(st->db);
	return r;
}

/* --- After it --- */

static void
rec_opened(struct op *op)
{
	op->rec->opening = NULL;
	op->rec->opened = !op->refused;
	if (op->refused) {
		op->rec->closing = true;
		rec_mark(op->rec);
	}
}

static void
ops_done(struct store *st)
{
	struct op **at = &st->ops, *op;

	while ((op = *at) != NULL) {
		if (bulk_holds(st, op)) {
			at = &op->next;
			continue;
		}
		*at = op->next;
		if (op->rec != NULL)
			rec_opened(op);
		op_answer(st, op, !op->refused, op->text);
		op_free(st, op);
	}
	st->ops_last = at;
}

static void
rec_disown(struct store *st, struct rec *r)
{
	struct client *c = r->client;
	struct rec **at = &c->own;

	while (*at != r)
		at = &(*at)->next_own;
	*at = r->next_own;
	c->recs--;
	if (c->latest == r)
		c->latest = NULL;
	st->sweep = true;
}

/* Takes the recording out of the lists; its client hears that it is closed. */
static void
rec_finish(struct store *st, struct rec **at)
{
	struct rec *r = *at;
	struct msg_rec_closed m = { .rec = r->number, .ok = 1 };

	*at = r->next;
	if (r->dirty)
		st->dirty--;
	rec_disown(st, r);
	if (r->told && r->opened && r->client->chan != NULL)
		(void)chan_send(r->client->chan, MSG_REC_CLOSED, &m);
	rec_free(r);
}

static void
recs_done(struct store *st, int64_t journal_row)
{
	struct rec **at = &st->recs, *r;

	while ((r = *at) != NULL) {
		if (r->dirty && r->opened)
			record_done(st, r, journal_row);
		if (r->closing) {
			st->sign_soon = true;
			rec_finish(st, at);
		} else {
			at = &r->next;
		}
	}
}

static void
clients_done(struct store *st)
{
	st->bytes = 0;
	for (struct client *c = st->clients; c != NULL; c = c->next) {
		c->bytes = 0;
		client_balance(c);
	}
}

/* --- Failure --- */

static void retry(void *store);

/* What was said to have happened stays queued, but its client waits for nothing and is read on. */
static void
op_keep(struct op *op)
{
	op->req = 0;
	if (op->client != NULL) {
		op->client->ops--;
		op->client->store->sweep = true;
		client_balance(op->client);
	}
	op->client = NULL;
}

/* Whoever asked for something that was not begun hears no. */
static void
ops_refuse(struct store *st)
{
	struct op **at = &st->ops, *op;

	while ((op = *at) != NULL) {
		op_answer(st, op, false, st->why);
		if (op->type == MSG_EVENT || op->type == MSG_POLICY_SEEN) {
			op_keep(op);
			at = &op->next;
			continue;
		}
		*at = op->next;
		if (op->rec != NULL) {
			op->rec->opening = NULL;
			op->rec->closing = true;
			op->rec->told = false;
		}
		op_free(st, op);
	}
	st->ops_last = at;
	for (struct rec **r = &st->recs; *r != NULL;)
		if ((*r)->closing && !(*r)->opened)
			rec_finish(st, r);
		else
			r = &(*r)->next;
}

/* Users read it too, and where the database lies is not for them. */
static const char *
without_path(const char *text)
{
	const char *at = text[0] == '/' ? strstr(text, ": ") : NULL;

	return at != NULL ? at + 2 : text;
}

static void
fail(struct store *st, const struct err *e)
{
	if (!st->failing) {
		st->failing = true;
		st->failing_since = clock_mono();
		snprintf(st->why, sizeof(st->why), "the bastion cannot record: %.300s", without_path(e->text));
		log_error("store: cannot write: %s: no session starts until it can", e->text);
		store_event(st, 99, false, "", "the store could not write: %.300s", e->text);
	}
	ops_refuse(st);
	bulk_refuse(st);
	loop_timer_start(st->loop, &st->commit_timer, RETRY_MS, retry, st);
}

static void
recovered(struct store *st)
{
	int64_t ms = clock_ms_since(st->failing_since);

	st->failing = false;
	full_tell(st);
	log_warn("store: writes again after %lld ms", (long long)ms);
	store_event(st, 99, true, "", "the store writes again after %lld ms", (long long)ms);
	if (st->events_lost > 0)
		store_event(st, 99, false, "", "%llu events were lost while the store could not write",
		    (unsigned long long)st->events_lost);
	st->events_lost = 0;
}

/* What could not be written goes with the process; nobody is left to hear of it. */
void
commit_drop(struct store *st)
{
	struct op *op;

	while ((op = st->ops) != NULL) {
		st->ops = op->next;
		op_free(st, op);
	}
	st->ops_last = &st->ops;
	while (st->recs != NULL)
		rec_finish(st, &st->recs);
}

/* --- When --- */

int
commit_now(struct store *st)
{
	struct err e = { 0 };
	int64_t journal_row = 0;
	int r;

	loop_timer_stop(&st->commit_timer);
	r = commit_write(st, &journal_row, &e);
	if (r != 0) {
		fail(st, &e);
		return r;
	}
	st->trim = st->force = false;
	st->last_commit = clock_mono();
	ops_done(st);
	recs_done(st, journal_row);
	clients_done(st);
	bulk_done(st);
	retain_done(st);
	upkeep_done(st);
	checkpoint_publish(st);
	if (st->failing)
		recovered(st);
	return 0;
}

static void
retry(void *arg)
{
	(void)commit_now(arg);
}

static bool
is_idle(const struct store *st)
{
	return st->failing || (st->ops == NULL && st->dirty == 0 && !st->force && st->bulk == NULL);
}

/* How long what waits may wait yet. */
static int64_t
wait_ms(const struct store *st)
{
	int64_t wait = st->dirty > FEW ? GROUP_MS : st->bulk != NULL ? 0 : QUIET_MS;

	return st->bytes >= COMMIT_BYTES ? 0 : wait - clock_ms_since(st->last_commit);
}

void
commit_turn(void *arg)
{
	struct store *st = arg;

	clients_sweep(st);
	if (!is_idle(st) && wait_ms(st) <= 0)
		(void)commit_now(st);
	if (!is_idle(st) && !loop_timer_is_running(&st->commit_timer))
		loop_timer_start(st->loop, &st->commit_timer, wait_ms(st), retry, st);
}

/* Old open segments are sealed a few at a time; the journal is trimmed behind; a checkpoint a minute. */
void
commit_tick(void *arg)
{
	struct store *st = arg;
	unsigned seals = 0;

	for (struct rec *r = st->recs; r != NULL && seals < SEALS_MAX; r = r->next) {
		if (!r->opened || r->raw.len == 0 || r->seal || clock_ms_since(r->since) < r->seal_after_ms)
			continue;
		r->seal = true;
		rec_mark(r);
		seals++;
	}
	outside_look(st->outside);
	upkeep_tick(st);
	retain_tick(st);
	if (++st->ticks % TRIM_TICKS == 0)
		st->trim = true;
	if (st->sign_soon || st->ticks % (1000 / TICK_MS * 60) == 0)
		st->force = true;
	loop_timer_start(st->loop, &st->tick_timer, TICK_MS, commit_tick, st);
}
