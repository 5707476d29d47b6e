/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A list of what waits, oldest first (the store answers in order), each with its row as it was packed. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/acceptable.h"
#include "gate/again.h"
#include "gate/puts.h"

enum { WAITING_MAX = 8192, ROW_MAX = 65536 };

struct put {
	struct put *next;
	uint32_t number, req;
	uint64_t client;               /* 0: the gate itself */
	unsigned type;                 /* 0: an event */
	struct buf row;
	puts_fn *fn;
};

struct puts { struct put *first, **last; unsigned n, rows; uint32_t number; };

static bool
is_state(unsigned type)
{
	return type == MSG_DIR_USER || type == MSG_DIR_GROUP || type == MSG_DIR_KEY || type == MSG_DIR_HOST;
}

struct puts *
puts_new(void)
{
	struct puts *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->last = &p->first;
	return p;
}

static void
put_free(struct put *p)
{
	buf_done(&p->row);
	free(p);
}

void
puts_free(struct puts *p)
{
	struct put *put;

	if (p == NULL)
		return;
	while ((put = p->first) != NULL) {
		p->first = put->next;
		put_free(put);
	}
	free(p);
}

static struct put *
put_new(struct gate *g, struct client *c, uint32_t req, puts_fn *fn)
{
	struct puts *p = g->puts;
	struct put *put = p->n < WAITING_MAX ? calloc(1, sizeof(*put)) : NULL;

	if (put == NULL)
		return NULL;
	if (++p->number == 0)
		p->number = 1;
	*put = (struct put){ .number = p->number, .req = req, .client = c != NULL ? c->id : 0, .fn = fn };
	buf_init(&put->row, ROW_MAX);
	return put;
}

static void
put_append(struct puts *p, struct put *put)
{
	*p->last = put;
	p->last = &put->next;
	p->n++;
	p->rows += is_state(put->type);
}

/* What begins with its req, as it goes to the store; the caller's stays as it was. */
union numbered { uint64_t align; unsigned char bytes[512]; uint32_t req; };

static void
put_number(union numbered *ret, const struct put *put, unsigned type, const void *message)
{
	size_t n = msg_struct_size(type);

	assert(n >= sizeof(ret->req) && n <= sizeof(*ret));
	memcpy(ret->bytes, message, n);
	ret->req = put->number;
}

static int
row_send(struct gate *g, struct put *put, unsigned type, const void *row)
{
	union numbered copy;
	int r;

	put_number(&copy, put, type, row);
	r = msg_pack(&put->row, type, copy.bytes);
	return r != 0 ? r : chan_send(g->store, type, copy.bytes);
}

int
puts_row(struct gate *g, struct client *c, unsigned type, const void *row, uint32_t req, puts_fn *fn, struct err *e)
{
	struct put *put;
	int r = acceptable_row(g->dir, type, row, e);

	if (r != 0)
		return r;
	put = put_new(g, c, req, fn);
	if (put == NULL)
		return err_set(e, -EAGAIN, "too many changes wait for the store: try again");
	put->type = type;
	r = row_send(g, put, type, row);
	if (r != 0) {
		put_free(put);
		return r == -EMSGSIZE ? err_set(e, r, "this row is too large with all its lists: shorten them") :
		    err_set(e, r, "the store does not take it: %s", strerror(-r));
	}
	put_append(g->puts, put);
	return 0;
}

unsigned
puts_rows(const struct puts *p)
{
	return p->rows;
}

bool
puts_has_host(const struct puts *p, struct slice name)
{
	struct msg_dir_host m;

	for (const struct put *put = p->rows > 0 ? p->first : NULL; put != NULL; put = put->next)
		if (put->type == MSG_DIR_HOST && msg_unpack(put->type, slice_of(put->row.p + 2, put->row.len - 2), &m) == 0 && slice_eq(m.name, name))
			return true;
	return false;
}

int
puts_wait(struct gate *g, struct client *c, uint32_t req, puts_fn *fn, uint32_t *ret_number)
{
	struct put *put = put_new(g, c, req, fn);

	if (put == NULL)
		return -EAGAIN;
	*ret_number = put->number;
	put_append(g->puts, put);
	return 0;
}

int
puts_ask(struct gate *g, struct client *c, unsigned type, const void *message, uint32_t req, puts_fn *fn)
{
	struct put *put = put_new(g, c, req, fn);
	union numbered copy;
	int r;

	if (put == NULL)
		return -EAGAIN;
	put_number(&copy, put, type, message);
	r = chan_send(g->store, type, copy.bytes);
	if (r == 0)
		put_append(g->puts, put);
	else
		put_free(put);
	return r;
}

static struct put *
put_take(struct puts *p, uint32_t number)
{
	struct put **at = &p->first, *put;

	while ((put = *at) != NULL && put->number != number)
		at = &put->next;
	if (put == NULL)
		return NULL;
	*at = put->next;
	if (put->next == NULL)
		p->last = at;
	p->n--;
	p->rows -= is_state(put->type);
	return put;
}

void
puts_forget(struct gate *g, uint32_t number)
{
	struct put *put = put_take(g->puts, number);

	if (put != NULL)
		put_free(put);
}

static int
row_apply(struct gate *g, struct put *put)
{
	union { uint64_t align; unsigned char bytes[512]; } row;
	struct slice fields = slice_of(put->row.p + 2, put->row.len - 2);
	int r = msg_unpack(put->type, fields, &row);

	if (r == 0)
		r = put->type == MSG_DIR_APPROVAL ? approvals_apply(&g->approvals, (const struct msg_dir_approval *)&row) :
		    directory_apply(g->dir, put->type, &row);
	g->state += is_state(put->type);
	if (r == 0)
		again_row(g, put->type, &row);
	return r;
}

int
puts_done(struct gate *g, uint32_t number, bool ok, struct slice text)
{
	struct put *put = put_take(g->puts, number);
	int r = 0;

	if (put == NULL)
		return -EBADMSG;
	if (ok && put->type != 0)
		r = row_apply(g, put);
	/* A code that was used is gone from memory before the store hears of it. */
	if (r != 0 && !(r == -ENOENT && put->type == MSG_DIR_CODE)) {
		ok = false;
		text = slice_from("kept by the store but not in memory: restart the bastion");
	}
	put->fn(g, put->client != 0 ? client_find(g, put->client) : NULL, put->req, ok, text);
	put_free(put);
	return 0;
}
