/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The directory: gate's requests become a change and, in the same transaction, an event
 * with the actor and the row before and after.  Of many rows that come together bulk.c
 * hands over some for each transaction.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "db/approval.h"
#include "db/directory.h"
#include "db/tree.h"
#include "msg/ocsf.h"
#include "store/store.h"

#define JSON_MAX          200000
#define QUEUE_ENOUGH      (1u << 20)      /* bytes of rows on their way to the gate */
#define LOAD_TIMEOUT_MS   10000

/* One request on its way. */
struct change {
	struct store *st;
	enum msg_type type;
	wall_t at;
	mono_t at_mono;
	struct buf pool, before, after;
	bool good;                        /* all texts fit into the pool */
	bool delete;
	struct slice actor;
	char what[160];
	const struct msg_dir_approval *approval;
	struct err *e;
};

/* A NUL-terminated copy; the pool has its full size from the start and does not move. */
static const char *
text(struct change *c, struct slice s)
{
	size_t at = c->pool.len;

	c->good = c->good && db_text(&c->pool, s) == 0 && buf_u8(&c->pool, 0) == 0;
	return c->good ? (const char *)c->pool.p + at : "";
}

static void
name(struct change *c, const char *kind, struct slice s)
{
	char shown[100];

	snprintf(c->what, sizeof(c->what), "%s %s", kind, text_cleaned(s, shown, sizeof(shown)));
}

static int
change_user(struct change *c, const void *message)
{
	const struct msg_dir_user *m = message;
	struct db_user u = { .name = text(c, m->name), .display = text(c, m->display), .groups = text(c, m->groups),
		.attrs = text(c, m->attrs), .disabled = m->disabled != 0, .created_us = (int64_t)m->created_us, .expires_us = (int64_t)m->expires_us };

	name(c, "user", m->name);
	return !c->good ? -EMSGSIZE : c->delete ? db_user_delete(c->st->db, &u, &c->before, c->e) :
	    db_user_put(c->st->db, &u, &c->before, &c->after, c->e);
}

static int
change_group(struct change *c, const void *message)
{
	const struct msg_dir_group *m = message;
	struct db_group g = { .name = text(c, m->name), .description = text(c, m->description) };

	name(c, "group", m->name);
	return !c->good ? -EMSGSIZE : c->delete ? db_group_delete(c->st->db, &g, &c->before, c->e) :
	    db_group_put(c->st->db, &g, &c->before, &c->after, c->e);
}

static int
change_key(struct change *c, const void *message)
{
	const struct msg_dir_key *m = message;
	struct db_key k = { .user = text(c, m->user), .alg = text(c, m->alg), .blob = m->blob,
		.comment = text(c, m->comment), .added_us = (int64_t)m->added_us, .expires_us = (int64_t)m->expires_us };

	name(c, "a key of user", m->user);
	return !c->good ? -EMSGSIZE : c->delete ? db_key_delete(c->st->db, &k, &c->before, c->e) :
	    db_key_put(c->st->db, &k, &c->before, &c->after, c->e);
}

static int
change_host(struct change *c, const void *message)
{
	const struct msg_dir_host *m = message;
	struct db_host h = { .name = text(c, m->name), .addr = text(c, m->addr), .port = m->port,
		.target_kind = m->target_kind, .trust_first = m->trust_first, .labels = text(c, m->labels),
		.logins = text(c, m->logins), .pins = text(c, m->pins), .aliases = text(c, m->aliases) };

	name(c, "host", m->name);
	return !c->good ? -EMSGSIZE : c->delete ? db_host_delete(c->st->db, &h, &c->before, c->e) :
	    db_host_put(c->st->db, &h, &c->before, &c->after, c->e);
}

static int
change_code(struct change *c, const void *message)
{
	const struct msg_dir_code *m = message;
	struct db_code k = { .user = text(c, m->user), .hash = m->hash, .expires_us = (int64_t)m->expires_us };

	name(c, "an enrolment code of user", m->user);
	if (m->hash.n != HASH_BYTES)
		return err_set(c->e, -EEXIST, "a code's hash has 32 bytes");
	return !c->good ? -EMSGSIZE : c->delete ? db_code_delete(c->st->db, &k, &c->before, c->e) :
	    db_code_put(c->st->db, &k, &c->before, &c->after, c->e);
}

static int
change_factor(struct change *c, const void *message)
{
	const struct msg_dir_factor *m = message;
	struct db_factor f = { .user = text(c, m->user), .sealed = m->sealed, .step = (int64_t)m->step,
		.added_us = (int64_t)m->added_us };

	name(c, "the second factor of user", m->user);
	return !c->good ? -EMSGSIZE : c->delete ? db_factor_delete(c->st->db, &f, &c->before, c->e) :
	    db_factor_put(c->st->db, &f, &c->before, &c->after, c->e);
}

static int
change_approval(struct change *c, const void *message)
{
	const struct msg_dir_approval *m = message;
	struct db_approval a = { .id = text(c, m->id), .user = text(c, m->user), .verb = text(c, m->verb), .host = text(c, m->host),
		.login = text(c, m->login), .what = text(c, m->what), .reason = text(c, m->reason), .ticket = text(c, m->ticket),
		.policy = text(c, m->policy), .src = text(c, m->src), .votes = text(c, m->votes), .state = text(c, m->state),
		.said = text(c, m->said), .asked_us = (int64_t)m->asked_us, .expires_us = (int64_t)m->expires_us };

	name(c, "request for approval", m->id);
	c->approval = m;
	return !c->good ? -EMSGSIZE : c->delete ? db_approval_delete(c->st->db, &a, &c->before, c->e) :
	    db_approval_put(c->st->db, &a, &c->before, &c->after, c->e);
}

/* A factor that was there and is there again has been proved: that alone is what changed. */
static const char *
change_word(const struct change *c)
{
	if (c->delete)
		return "removed";
	return c->before.len == 0 ? "added" : c->type == MSG_DIR_FACTOR ? "proved" : "changed";
}

static int
change_event(struct change *c)
{
	struct msg_event m = { .class_uid = OCSF_ADMIN, .severity = 1, .ok = 1, .actor = c->actor };
	char sentence[1600], shown[100], said[1400];
	struct buf detail;
	int r;

	m.activity = c->delete ? 4 : c->before.len > 0 ? 3 : 1;
	snprintf(sentence, sizeof(sentence), "%s %s %s", text_cleaned(c->actor, shown, sizeof(shown)),
	    change_word(c), c->what);
	if (c->approval != NULL) {               /* a decision, in the words of whoever took it */
		m.class_uid = OCSF_DECISION;
		m.host = c->approval->host;
		m.src = c->delete ? slice_from("") : c->approval->src;
		if (!c->delete)
			snprintf(sentence, sizeof(sentence), "%s %s", shown, text_cleaned(c->approval->said, said, sizeof(said)));
	}
	buf_init(&detail, 2 * JSON_MAX);
	r = buf_printf(&detail, "{\"before\":%s,\"after\":", c->before.len > 0 ? buf_cstr(&c->before) : "null");
	if (r == 0)
		r = buf_printf(&detail, "%s}", c->after.len > 0 ? buf_cstr(&c->after) : "null");
	m.text = slice_from(sentence);
	m.detail = buf_slice(&detail);
	if (r == 0)
		r = event_add(c->st, c->at, c->at_mono, &m, c->e);
	buf_done(&detail);
	return r;
}

static const struct kind {
	enum msg_type type;
	bool bulk;                        /* may come with many others */
	int (*change)(struct change *c, const void *message);
} kinds[] = {
	{ MSG_DIR_USER, true, change_user }, { MSG_DIR_GROUP, true, change_group }, { MSG_DIR_KEY, true, change_key },
	{ MSG_DIR_HOST, true, change_host }, { MSG_DIR_CODE, false, change_code }, { MSG_DIR_FACTOR, false, change_factor },
	{ MSG_DIR_APPROVAL, false, change_approval },
};

static const struct kind *
kind_of(unsigned type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static void
change_init(struct change *c, struct store *st, struct err *e)
{
	*c = (struct change){ .st = st, .e = e };
	buf_init(&c->pool, MSG_MAX);
	buf_init(&c->before, JSON_MAX);
	buf_init(&c->after, JSON_MAX);
}

static void
change_done(struct change *c)
{
	buf_done(&c->pool);
	buf_done(&c->before);
	buf_done(&c->after);
}

/* One row, and its event.  0 or negative: its own fault if change_is_refusal says so. */
static int
change_run(struct change *c, enum msg_type type, const void *message)
{
	const struct msg_dir_user *head = message;       /* all begin with req, op, actor */
	const struct kind *k = kind_of(type);
	int r;

	buf_clear(&c->pool);
	buf_clear(&c->before);
	buf_clear(&c->after);
	c->good = buf_reserve(&c->pool, MSG_MAX) != NULL;
	c->type = type;
	c->delete = head->op == MSG_DIR_DELETE;
	r = k != NULL ? k->change(c, message) : -EINVAL;
	return r != 0 ? r : change_event(c);
}

/* A request that cannot be is refused alone; the others of this transaction go on. */
static bool
change_is_refusal(int r)
{
	return r == -EEXIST || r == -ENOENT || r == -EMSGSIZE || r == -ENOBUFS;
}

static const char *
change_refusal(const struct change *c, int r)
{
	return r == -EMSGSIZE || r == -ENOBUFS ? "the row is too large" : c->e->text;
}

int
apply_directory(struct store *st, struct op *op, struct err *e)
{
	union directory_row m;
	struct change c;
	int r;

	if (msg_unpack(op->type, slice_of(op->bytes.p + 2, op->bytes.len - 2), &m) != 0)
		return -EINVAL;
	change_init(&c, st, e);
	c.at = op->at;
	c.at_mono = op->at_mono;
	c.actor = m.head.actor;
	r = change_run(&c, op->type, &m);
	if (change_is_refusal(r)) {
		op->refused = true;
		snprintf(op->text, sizeof(op->text), "%s", change_refusal(&c, r));
		r = 1;
	}
	change_done(&c);
	return r;
}

/* --- Some of many rows --- */

bool
directory_comes_in_bulk(unsigned type)
{
	const struct kind *k = kind_of(type);

	return k != NULL && k->bulk;
}

int
directory_row_next(struct slice *rows, union directory_row *row, enum msg_type *type)
{
	struct slice one;
	uint16_t t;

	if (rows->n == 0)
		return 0;
	if (!msg_row_take(rows, &one) || !take_u16(&one, &t) || !directory_comes_in_bulk(t) || msg_unpack(t, one, row) != 0 ||
	    (row->head.op != MSG_DIR_PUT && row->head.op != MSG_DIR_DELETE))
		return -EBADMSG;
	*type = t;
	return 1;
}

static int
left_out(struct change *c, int why)
{
	struct msg_event m = { .class_uid = OCSF_ADMIN, .activity = 99, .severity = 5, .ok = 0, .actor = c->actor };
	char text[512];

	snprintf(text, sizeof(text), "of a change in bulk one row was left out, %s: %.200s", c->what, change_refusal(c, why));
	m.text = slice_from(text);
	return event_add(c->st, c->at, c->at_mono, &m, c->e);
}

int
directory_take(struct store *st, struct slice actor, struct slice rows, bool *whole, struct err *e)
{
	union directory_row row;
	enum msg_type type;
	struct change c;
	int r;

	change_init(&c, st, e);
	c.at = clock_wall();
	c.at_mono = clock_mono();
	c.actor = actor;
	while ((r = directory_row_next(&rows, &row, &type)) == 1) {
		r = change_run(&c, type, &row);
		if (change_is_refusal(r)) {
			*whole = false;
			r = left_out(&c, r);
		}
		if (r != 0)
			break;
	}
	change_done(&c);
	return r;
}

/* That it is in force the gate says, by an event. */
int
apply_policy(struct store *st, struct op *op, struct err *e)
{
	struct db_policy p = { .seen_us = op->at.us };
	struct buf hash, actor;
	struct msg_policy_seen m;
	int r;

	if (msg_unpack(MSG_POLICY_SEEN, slice_of(op->bytes.p + 2, op->bytes.len - 2), &m) != 0)
		return -EINVAL;
	buf_init(&hash, 4096);
	buf_init(&actor, 4096);
	r = m.hash.n == HASH_BYTES ? text_hex(&hash, m.hash) : db_text(&hash, m.hash);
	if (r == 0)
		r = db_text(&actor, m.actor);
	p.hash = buf_cstr(&hash);
	p.body = m.body;
	p.actor = buf_cstr(&actor);
	if (r == 0)
		r = db_policy_seen(st->db, &p, e);
	buf_done(&hash);
	buf_done(&actor);
	return r < 0 ? r : 0;
}

/* --- Loading: rows as messages --- */

/* The gate loads before it serves, and nothing else is served before the gate: so a full queue is waited for. */
static int
row_send(struct chan *chan, enum msg_type type, const void *row)
{
	int r = chan_queued(chan) < QUEUE_ENOUGH ? 0 : chan_flush(chan, LOAD_TIMEOUT_MS);

	return r == 0 ? chan_send(chan, type, row) : r;
}

static int
send_user(void *arg, const struct db_user *u)
{
	struct msg_dir_user m = { .name = slice_from(u->name), .display = slice_from(u->display),
		.groups = slice_from(u->groups), .attrs = slice_from(u->attrs), .disabled = u->disabled, .created_us = (uint64_t)u->created_us,
		.expires_us = (uint64_t)u->expires_us };

	return row_send(arg, MSG_DIR_USER, &m);
}

static int
send_group(void *arg, const struct db_group *g)
{
	struct msg_dir_group m = { .name = slice_from(g->name), .description = slice_from(g->description) };

	return row_send(arg, MSG_DIR_GROUP, &m);
}

static int
send_key(void *arg, const struct db_key *k)
{
	struct msg_dir_key m = { .user = slice_from(k->user), .alg = slice_from(k->alg), .blob = k->blob,
		.comment = slice_from(k->comment), .added_us = (uint64_t)k->added_us, .expires_us = (uint64_t)k->expires_us };

	return row_send(arg, MSG_DIR_KEY, &m);
}

static int
send_host(void *arg, const struct db_host *h)
{
	struct msg_dir_host m = { .name = slice_from(h->name), .addr = slice_from(h->addr), .port = h->port,
		.target_kind = h->target_kind, .trust_first = h->trust_first, .labels = slice_from(h->labels),
		.logins = slice_from(h->logins), .pins = slice_from(h->pins), .aliases = slice_from(h->aliases) };

	return row_send(arg, MSG_DIR_HOST, &m);
}

static int
send_code(void *arg, const struct db_code *k)
{
	struct msg_dir_code m = { .user = slice_from(k->user), .hash = k->hash, .expires_us = (uint64_t)k->expires_us };

	return row_send(arg, MSG_DIR_CODE, &m);
}

static int
send_factor(void *arg, const struct db_factor *f)
{
	struct msg_dir_factor m = { .user = slice_from(f->user), .sealed = f->sealed, .step = (uint64_t)f->step,
		.added_us = (uint64_t)f->added_us };

	return row_send(arg, MSG_DIR_FACTOR, &m);
}

static int
send_approval(void *arg, const struct db_approval *a)
{
	struct msg_dir_approval m = { .id = slice_from(a->id), .user = slice_from(a->user), .verb = slice_from(a->verb),
		.host = slice_from(a->host), .login = slice_from(a->login), .what = slice_from(a->what), .reason = slice_from(a->reason),
		.ticket = slice_from(a->ticket), .policy = slice_from(a->policy), .src = slice_from(a->src), .votes = slice_from(a->votes),
		.state = slice_from(a->state), .said = slice_from(a->said), .asked_us = (uint64_t)a->asked_us,
		.expires_us = (uint64_t)a->expires_us };

	return row_send(arg, MSG_DIR_APPROVAL, &m);
}

void
directory_load(struct client *c, uint32_t req)
{
	struct msg_dir_done failed = { .req = req, .ok = 0 };
	struct msg_dir_end end = { .req = req };
	struct db *db = c->store->db;
	struct err e = { 0 };
	int r;

	r = db_user_list(db, send_user, c->chan, &e);
	if (r == 0)
		r = db_group_list(db, send_group, c->chan, &e);
	if (r == 0)
		r = db_key_list(db, send_key, c->chan, &e);
	if (r == 0)
		r = db_host_list(db, send_host, c->chan, &e);
	if (r == 0)
		r = db_code_list(db, send_code, c->chan, &e);
	if (r == 0)
		r = db_factor_list(db, send_factor, c->chan, &e);
	if (r == 0)
		r = db_approval_list(db, send_approval, c->chan, &e);
	failed.text = slice_from(e.text[0] != '\0' ? e.text : "the directory cannot be sent");
	(void)(r == 0 ? chan_send(c->chan, MSG_DIR_END, &end) : chan_send(c->chan, MSG_DIR_DONE, &failed));
}
