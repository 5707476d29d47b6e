/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who is connected, what each may ask (link.c has said already that it may), and back-pressure. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/store.h"

static bool
on_event(struct client *c, struct chan_in *in)
{
	struct msg_event m = *(const struct msg_event *)in->message;
	struct msg_event_done no = { .req = m.req };

	if (!claims_event(c, &m))
		return false;
	if (ops_are_full(c->store)) {
		c->store->events_lost++;
		return m.req == 0 || c->end == LINK_STORE_OF_MONITOR || chan_send(c->chan, MSG_EVENT_DONE, &no) == 0;
	}
	return op_add(c->store, c, MSG_EVENT, &m) != NULL;
}

static bool
on_open(struct client *c, struct chan_in *in)
{
	struct msg_rec_open m = *(const struct msg_rec_open *)in->message;

	return claims_session(c, &m) && ingest_open(c, &m);
}

static bool
on_data(struct client *c, struct chan_in *in)
{
	return ingest_data(c, in->message);
}

static bool
on_close(struct client *c, struct chan_in *in)
{
	return ingest_close(c, in->message);
}

static bool
on_load(struct client *c, struct chan_in *in)
{
	const struct msg_dir_load *m = in->message;

	directory_load(c, m->req);
	return true;
}

static bool
on_sessions(struct client *c, struct chan_in *in)
{
	return sessions_send(c, in->message) == 0;
}

static bool
on_open_sessions(struct client *c, struct chan_in *in)
{
	return sessions_send_open(c, in->message) == 0;
}

/* A change asked for while the disk fails is refused at once: its asker waits. */
static bool
on_change(struct client *c, struct chan_in *in)
{
	const struct msg_dir_user *m = in->message;       /* all changes begin with req, op */
	struct msg_dir_done no = { .req = m->req, .text = slice_from(c->store->why) };

	if (m->op != MSG_DIR_PUT && m->op != MSG_DIR_DELETE)
		return false;
	if (c->store->failing)
		return chan_send(c->chan, MSG_DIR_DONE, &no) == 0;
	return op_add(c->store, c, in->type, in->message) != NULL;
}

static bool
on_upkeep(struct client *c, struct chan_in *in)
{
	const struct msg_upkeep *m = in->message;
	struct msg_dir_done no = { .req = m->req, .text = slice_from(c->store->why) };

	if (m->op < MSG_UPKEEP_HOLD || m->op > MSG_UPKEEP_CLOCK)
		return false;
	if (c->store->failing)
		return chan_send(c->chan, MSG_DIR_DONE, &no) == 0;
	return op_add(c->store, c, MSG_UPKEEP, m) != NULL;
}

static bool
on_apply(struct client *c, struct chan_in *in)
{
	return bulk_start(c, in->message, &in->fds[0]);
}

static bool
on_policy(struct client *c, struct chan_in *in)
{
	return op_add(c->store, c, MSG_POLICY_SEEN, in->message) != NULL;
}

static void client_end(struct client *c, const char *why);

static bool
on_admitted(struct client *c, struct chan_in *in)
{
	struct client *wrong = claims_admit(c->store, in->message);

	if (wrong == NULL || wrong->chan == NULL)
		return true;
	log_warn("store: connection %llu: its front named another user than the gate: dropped", (unsigned long long)wrong->conn);
	client_end(wrong, "front broke the protocol");
	return true;
}

static bool
on_client_new(struct client *c, struct chan_in *in)
{
	const struct msg_client_new *m = in->message;

	if (client_new(c->store, in->fds[0], LINK_STORE_OF_FRONT, m->conn, m->peer) == NULL) {
		log_error("store: connection %llu: cannot be served", (unsigned long long)m->conn);
		return true;
	}
	in->fds[0] = -1;
	return true;
}

static bool
on_stop(struct client *c, struct chan_in *in)
{
	(void)in;
	loop_stop(c->store->loop, 0);
	return true;
}

static const struct row {
	enum msg_type type;
	bool (*fn)(struct client *c, struct chan_in *in);
} rows[] = {
	{ MSG_REC_DATA, on_data }, { MSG_REC_OPEN, on_open }, { MSG_REC_CLOSE, on_close }, { MSG_EVENT, on_event },
	{ MSG_DIR_LOAD, on_load }, { MSG_DIR_USER, on_change }, { MSG_DIR_GROUP, on_change }, { MSG_DIR_KEY, on_change },
	{ MSG_DIR_HOST, on_change }, { MSG_DIR_CODE, on_change }, { MSG_DIR_FACTOR, on_change }, { MSG_DIR_APPROVAL, on_change },
	{ MSG_POLICY_SEEN, on_policy }, { MSG_DIR_APPLY, on_apply }, { MSG_UPKEEP, on_upkeep }, { MSG_ADMITTED, on_admitted },
	{ MSG_SESSIONS_ASK, on_sessions }, { MSG_LIVE_ASK, on_open_sessions }, { MSG_CLIENT_NEW, on_client_new }, { MSG_STOP, on_stop },
};

static bool
dispatch(struct client *c, struct chan_in *in)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == in->type)
			return rows[i].fn(c, in);
	return false;
}

/* Nothing that it does is recorded any more: the monitor sees to it that its front ends. */
static void
let_go(const struct client *c)
{
	const struct client *monitor = c->store->monitor;
	struct msg_let_go m = { .conn = c->conn };

	if (monitor->chan != NULL && chan_send(monitor->chan, MSG_LET_GO, &m) != 0)
		log_warn("store: the monitor does not hear that connection %llu has to end", (unsigned long long)c->conn);
}

static void
client_end(struct client *c, const char *why)
{
	chan_free(c->chan);
	c->chan = NULL;
	c->store->sweep = true;
	if (c->end == LINK_STORE_OF_FRONT)
		let_go(c);
	if (c->end == LINK_STORE_OF_MONITOR) {
		log_info("store: the monitor is gone: stopping");
		loop_stop(c->store->loop, 0);
	}
	ingest_lost(c, why);
}

static void
client_in(void *arg, struct chan *chan, struct chan_in *in)
{
	struct client *c = arg;

	(void)chan;
	if (in->type == 0) {
		if (c->recs > 0)
			log_info("store: connection %llu: front ended with %u recordings open: %s",
			    (unsigned long long)c->conn, c->recs, in->why);
		client_end(c, "front ended");
		return;
	}
	if (!dispatch(c, in)) {
		log_warn("store: connection %llu: %s out of order or malformed: dropped",
		    (unsigned long long)c->conn, msg_name(in->type));
		client_end(c, "front broke the protocol");
		return;
	}
	client_balance(c);
}

void
client_balance(struct client *c)
{
	bool full = c->ops >= CLIENT_OPS_MAX || c->bytes >= CLIENT_BYTES_MAX ||
	    (c->bytes > 0 && c->store->bytes >= STORE_BYTES_MAX);

	if (c->chan == NULL || full == c->paused || c->end == LINK_STORE_OF_MONITOR)
		return;
	c->paused = full;
	chan_pause(c->chan, full);
}

struct client *
client_new(struct store *st, int fd, enum link_end end, uint64_t conn, struct slice peer)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct client){ .store = st, .end = end, .conn = conn };
	(void)slice_copy(peer, c->peer, sizeof(c->peer));
	claims_meet(c);
	c->chan = chan_new(st->loop, fd, end, client_in, c);
	if (c->chan == NULL) {
		free(c);
		return NULL;
	}
	c->next = st->clients;
	st->clients = c;
	return c;
}

void
clients_sweep(struct store *st)
{
	struct client **at = &st->clients, *c;

	if (!st->sweep)
		return;
	st->sweep = false;
	while ((c = *at) != NULL) {
		if (c->chan != NULL || c->recs > 0 || c->ops > 0) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free(c);
	}
}
