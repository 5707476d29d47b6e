/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Many rows of the directory as one change, without holding anybody up: each commit takes one step, a chunk of at most
 * CHUNK_ROWS rows, along with what everybody else has brought.
 *
 *     in     the rows go from the gate's file into the database as they are (db/bulk.h), each looked at.  With the last
 *            chunk the change is decided, and a start after a crash goes on with it
 *     out    chunk after chunk becomes rows of the directory, each with its event
 *     drop   what was refused, or not decided before a crash, goes again
 *
 * The gate is told after the last step: it decides by its own memory, which changes then and at once.  Commands that read
 * the database are refused while it holds a part; single rows that somebody changes meanwhile come after all of these.
 *
 * The gate has tried every row on a copy before it sent them, so after the decision none is refused.  If one is, the two
 * do not hold the same directory: it is left out, on the record, and when the rest is done the store ends, so that all
 * begin anew with what stands here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "db/bulk.h"
#include "store/store.h"

#define CHUNK_ROWS  1000                  /* some 10 ms, their events among it */
#define CHUNK_BYTES (2u * MSG_MAX)        /* any row fits */

struct bulk {
	enum { BULK_IN, BULK_OUT, BULK_DROP } phase;
	struct client *client;            /* waits for the answer; NULL: nobody does */
	uint32_t req, seen;               /* rows that were looked at; if it is refused, up to the bad one */
	int fd;                           /* the rows; -1: all of them are in */
	off_t at;                         /* read so far */
	struct buf in;                    /* read, and not in yet */
	size_t chunk;                     /* of that: goes in with the transaction that runs */
	int64_t n;                        /* chunks that are in */
	bool last;                        /* this transaction is the last one of its phase */
	bool whole;                       /* no row was left out */
	char actor[300], why[400];
};

static struct bulk *
bulk_new(void)
{
	struct bulk *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->fd = -1;
	b->whole = true;
	buf_init(&b->in, CHUNK_BYTES);
	return b;
}

void
bulk_free(struct bulk *b)
{
	if (b == NULL)
		return;
	if (b->client != NULL)
		b->client->ops--;
	fd_close(&b->fd);
	buf_done(&b->in);
	free(b);
}

int
bulk_resume(struct store *st, struct err *e)
{
	struct db_bulk newest;
	int r = db_bulk_newest(st->db, &newest, e);

	if (r != 0)
		return r == -ENOENT ? 0 : r;
	st->bulk = bulk_new();
	if (st->bulk == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	st->bulk->phase = newest.last ? BULK_OUT : BULK_DROP;
	log_warn("store: a change of the directory in bulk that a former life left is %s", newest.last ? "finished" : "dropped");
	return 0;
}

static bool
answer(struct client *c, uint32_t req, uint32_t at, const char *refusal)
{
	struct msg_dir_done m = { .req = req, .ok = refusal == NULL, .at = at, .text = slice_from(refusal != NULL ? refusal : "") };

	return c->chan == NULL || chan_send(c->chan, MSG_DIR_DONE, &m) == 0;
}

bool
bulk_start(struct client *c, const struct msg_dir_apply *m, int *fd)
{
	struct store *st = c->store;
	struct bulk *b = st->failing || st->bulk != NULL ? NULL : bulk_new();

	if (b == NULL || !fd_is_sealed(*fd)) {
		bulk_free(b);
		return answer(c, m->req, 0, st->failing ? st->why : st->bulk != NULL ? "another change in bulk is on its way" : "the rows cannot be read");
	}
	b->fd = *fd;
	*fd = -1;
	b->req = m->req;
	b->client = c;
	c->ops++;
	snprintf(b->actor, sizeof(b->actor), "%.*s", (int)(m->actor.n < 256 ? m->actor.n : 256), (const char *)m->actor.p);
	st->bulk = b;
	return true;
}

bool
bulk_holds(const struct store *st, const struct op *op)
{
	return st->bulk != NULL && directory_comes_in_bulk(op->type);
}

/* --- In --- */

/* Until the buffer is full, or there is no more. */
static int
chunk_read(struct bulk *b)
{
	ssize_t n = 1;

	while (b->in.len < CHUNK_BYTES && n != 0) {
		size_t room = CHUNK_BYTES - b->in.len;
		unsigned char *p = buf_reserve(&b->in, room);

		n = p != NULL ? pread(b->fd, p, room, b->at) : -1;
		if (n < 0 && errno != EINTR)
			return -EBADMSG;
		buf_added(&b->in, n > 0 ? (size_t)n : 0);
		b->at += n > 0 ? n : 0;
	}
	b->last = b->in.len < CHUNK_BYTES;
	return 0;
}

/* How much of it is whole rows, CHUNK_ROWS at most. */
static int
chunk_cut(struct bulk *b)
{
	struct slice rest = buf_slice(&b->in), next = rest;
	union directory_row row;
	enum msg_type type;
	int r = 1;

	for (unsigned n = 0; n < CHUNK_ROWS && (r = directory_row_next(&next, &row, &type)) == 1; n++) {
		b->seen++;
		rest = next;
	}
	b->chunk = b->in.len - rest.n;
	b->last = b->last && rest.n == 0;
	/* The buffer's end may come in the middle of a row, but not of its first one. */
	return r < 0 && (b->chunk == 0 || b->in.len < CHUNK_BYTES) ? -EBADMSG : 0;
}

static int
step_in(struct store *st, struct bulk *b, struct err *e)
{
	int r = chunk_read(b);

	if (r == 0)
		r = chunk_cut(b);
	if (r == 0)
		return db_bulk_add(st->db, &(struct db_bulk){ b->n + 1, b->last, b->actor, slice_of(b->in.p, b->chunk) }, e);
	snprintf(b->why, sizeof(b->why), "that is no list of rows");
	b->seen++;
	b->last = false;
	b->phase = BULK_DROP;
	return 0;
}

/* --- Out --- */

struct taking {
	struct store *st;
	struct err *e;
};

static int
chunk_take(void *arg, const struct db_bulk *chunk)
{
	struct taking *t = arg;

	return directory_take(t->st, slice_from(chunk->actor), chunk->rows, &t->st->bulk->whole, t->e);
}

static int
step_out(struct store *st, struct bulk *b, struct err *e)
{
	return db_bulk_take(st->db, chunk_take, &(struct taking){ st, e }, &b->last, e);
}

static int
step_drop(struct store *st, struct bulk *b, struct err *e)
{
	struct db_bulk newest;
	int r = db_bulk_newest(st->db, &newest, e);

	b->last = r == -ENOENT;
	return b->last ? 0 : r == 0 ? db_bulk_drop(st->db, e) : r;
}

int
bulk_step(struct store *st, struct err *e)
{
	static int (*const steps[])(struct store *st, struct bulk *b, struct err *e) = {
		[BULK_IN] = step_in, [BULK_OUT] = step_out, [BULK_DROP] = step_drop };

	return st->bulk == NULL ? 0 : steps[st->bulk->phase](st, st->bulk, e);
}

/* --- After the commit --- */

static void
chunk_is_in(struct bulk *b)
{
	buf_consume(&b->in, b->chunk);
	b->chunk = 0;
	b->n++;
	if (!b->last)
		return;
	fd_close(&b->fd);
	b->phase = BULK_OUT;
}

static void
bulk_end(struct store *st, bool ok)
{
	struct bulk *b = st->bulk;

	if (b->client != NULL)
		(void)answer(b->client, b->req, ok ? 0 : b->seen, ok ? NULL : b->why);
	if (!b->whole) {
		log_error("store: of a change in bulk not every row could be taken, though the gate had tried them: the bastion begins anew");
		loop_stop(st->loop, 1);
	}
	bulk_free(b);
	st->bulk = NULL;
	st->sweep = true;
}

void
bulk_done(struct store *st)
{
	struct bulk *b = st->bulk;

	if (b == NULL)
		return;
	if (b->phase == BULK_IN)
		chunk_is_in(b);
	else if (b->last)
		bulk_end(st, b->phase == BULK_OUT);
}

void
bulk_refuse(struct store *st)
{
	struct bulk *b = st->bulk;

	if (b == NULL || b->phase == BULK_OUT || b->client == NULL)
		return;
	(void)answer(b->client, b->req, 0, st->why);
	b->client->ops--;
	b->client = NULL;
	b->phase = BULK_DROP;
	st->sweep = true;
}
