/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A user's last sessions, for that user; and those that are open, for who looks after them.  Read where they are written: few
 * rows, by an index, between two commits. */
#include <string.h>

#include "store/store.h"

#define MAX         200
#define OPEN_MAX    400
#define COMMAND_MAX 256
#define ROWS_MAX    (MSG_MAX - 1024)

/* A command is cut between characters. */
static struct slice
beginning(const char *text)
{
	size_t n = strnlen(text, COMMAND_MAX + 1);

	if (n <= COMMAND_MAX)
		return slice_of(text, n);
	n = COMMAND_MAX;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return slice_of(text, n);
}

static int
row_put(void *arg, const struct db_session *s)
{
	bool open = strcmp(s->state, "open") == 0;
	struct msg_session_row row = { .id = slice_from(s->id_text), .login = slice_from(s->login), .host = slice_from(s->host),
		.channel = slice_from(s->channel), .state = slice_from(s->state), .exit = slice_from(open ? "" : s->exit),
		.command = beginning(s->command), .src = slice_from(s->src), .reason = beginning(open ? "" : s->reason),
		.start_us = (uint64_t)s->start_us, .end_us = open ? 0 : (uint64_t)s->end_us,
		.bytes = open ? 0 : s->bytes, .conn = s->conn };

	/* What does not fit any more is left out: the newest are there. */
	return msg_session_row_put(arg, &row) == 0 ? 0 : 1;
}

/* The newest first, as both lists are.  past: also those that are not open. */
struct open_list { struct buf *rows; struct rec *at, *all; bool past; };

static struct rec *
rec_of(struct open_list *l, const unsigned char id[ID_BYTES])
{
	struct rec *from = l->at != NULL ? l->at : l->all, *r = from;

	while (r != NULL && memcmp(r->session.id, id, ID_BYTES) != 0)
		r = r->next;
	for (struct rec *before = l->all; r == NULL && before != from; before = before->next)
		if (memcmp(before->session.id, id, ID_BYTES) == 0)
			r = before;
	l->at = r;
	return r;
}

static int
open_put(void *arg, const struct db_session *s)
{
	struct open_list *l = arg;
	const struct rec *r = strcmp(s->state, "open") == 0 ? rec_of(l, s->id) : NULL;
	bool open = r != NULL && !r->closing;
	struct msg_live_row row = { .id = slice_from(s->id_text), .user = slice_from(s->user), .login = slice_from(s->login),
		.host = slice_from(s->host), .channel = slice_from(s->channel), .command = beginning(s->command),
		.src = slice_from(s->src), .start_us = (uint64_t)s->start_us };

	if (!open && !l->past)
		return 0;
	if (open) {
		row.conn = r->client->conn;      /* whose channel it came by, whatever it said */
		row.bytes = r->session.bytes;
		row.idle_ms = (uint64_t)clock_ms_since(r->last_frame);
	} else if (strcmp(s->state, "open") != 0) {
		row.bytes = s->bytes;
		row.idle_ms = s->end_us > s->start_us ? (uint64_t)(s->end_us - s->start_us) / 1000 : 0;
		row.state = slice_from(strcmp(s->state, "closed") == 0 ? "" : s->state);
	}
	return msg_live_row_put(l->rows, &row) == 0 ? 0 : 1;
}

int
sessions_send_open(struct client *c, const struct msg_live_ask *m)
{
	struct db_session_filter filter = { .state = m->past != 0 ? NULL : "open", .max = m->max < OPEN_MAX ? m->max : OPEN_MAX };
	struct open_list l = { .all = c->store->recs, .past = m->past != 0 };
	struct msg_live_rows answer = { .req = m->req };
	char prefix[ID_TEXT] = "", user[256];
	struct err e = { 0 };
	struct buf rows;
	int r;

	if (slice_copy(m->session, prefix, sizeof(prefix)) != 0 || slice_copy(m->user, user, sizeof(user)) != 0)
		return -1;
	filter.id_prefix = prefix[0] != '\0' ? prefix : NULL;
	buf_init(&rows, ROWS_MAX);
	l.rows = &rows;
	if (user[0] != '\0')
		(void)db_session_of_user(c->store->db, user, filter.max, open_put, &l, &e);
	else
		(void)db_session_list(c->store->db, &filter, open_put, &l, &e);
	answer.rows = buf_slice(&rows);
	r = chan_send(c->chan, MSG_LIVE_ROWS, &answer);
	buf_done(&rows);
	return r;
}

int
sessions_send(struct client *c, const struct msg_sessions_ask *m)
{
	struct msg_session_rows answer = { .req = m->req };
	struct err e = { 0 };
	char user[256];
	struct buf rows;
	int r;

	if (slice_copy(m->user, user, sizeof(user)) != 0)
		return -1;
	buf_init(&rows, ROWS_MAX);
	(void)db_session_of_user(c->store->db, user, m->max < MAX ? m->max : MAX, row_put, &rows, &e);
	answer.rows = buf_slice(&rows);
	r = chan_send(c->chan, MSG_SESSION_ROWS, &answer);
	buf_done(&rows);
	return r;
}
