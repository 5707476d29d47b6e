/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * While a key is on its way to the store its host takes no other, also when the front that sent it has gone meanwhile:
 * so what is on the way is remembered here, and not with the client.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gate/pin.h"
#include "gate/puts.h"
#include "gate/ticket.h"

enum { ALG_MAX = 64, PIN_MAX = 16384 };

struct pin {
	struct pin *next;
	uint32_t number;
	uint64_t ticket;
	char host[65];
};

/* At most as many as there are fronts: each has one. */
static struct pin *pins;
static uint32_t last_number;

static struct pin *
pin_new(const struct ticket *t)
{
	struct pin *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->number = ++last_number;
	p->ticket = t->number;
	memcpy(p->host, t->host, sizeof(p->host));
	p->next = pins;
	pins = p;
	return p;
}

static struct pin *
pin_unlink(uint32_t number)
{
	struct pin **at = &pins, *p;

	while ((p = *at) != NULL && p->number != number)
		at = &p->next;
	if (p != NULL)
		*at = p->next;
	return p;
}

static int
pinned_send(struct client *c, uint64_t ticket, bool ok, const char *reason)
{
	struct msg_pinned m = { .ticket = ticket, .ok = ok, .reason = slice_from(reason) };

	return chan_send(c->chan, MSG_PINNED, &m);
}

/* Where it went well the host's row is a new one. */
static void
pin_done(struct gate *g, struct client *c, uint32_t number, bool ok, struct slice text)
{
	struct pin *p = pin_unlink(number);
	struct dir_host *h = p != NULL ? directory_host_named(g->dir, slice_from(p->host)) : NULL;
	char why[256];

	if (h != NULL)
		h->pinning = false;
	if (p != NULL && c != NULL) {
		c->busy = false;
		(void)pinned_send(c, p->ticket, ok, ok ? "" : text_escaped(text, why, sizeof(why)));
	}
	free(p);
}

static const char *
pin_refusal(const struct client *c, const struct dir_host *h, const struct msg_pin *m)
{
	if (m->alg.n > ALG_MAX || !text_is_name(m->alg) || m->blob.n > PIN_MAX / 2)
		return "that is not a host key";
	if (h == NULL)
		return "not a ticket of this connection";
	if (!h->trust_first)
		return "this host does not trust its first key";
	if (h->pins[0] != '\0')
		return "this host's key is pinned already";
	if (h->pinning)
		return "another connection is pinning this host's key now: try again";
	if (c->gate->batch != NULL || puts_has_host(c->gate->puts, slice_from(h->name)))
		return "this host is being changed this moment: try again";       /* the row that is put is made from what was */
	return c->busy ? "one key at a time" : NULL;
}

static int
line_make(struct buf *line, const struct msg_pin *m, struct err *e)
{
	int r = buf_printf(line, "%.*s ", (int)m->alg.n, (const char *)m->alg.p);

	if (r == 0)
		r = text_base64(line, m->blob);
	return r == 0 ? 0 : err_set(e, r, "this key is too large");
}

static int
pin_put(struct client *c, const struct dir_host *h, const struct ticket *t, const struct msg_pin *m, struct err *e)
{
	struct msg_dir_host row = { .op = MSG_DIR_PUT, .actor = slice_from(c->user), .name = slice_from(h->name),
	    .addr = slice_from(h->addr), .port = h->port, .target_kind = h->kind, .trust_first = 1,
	    .labels = slice_from(h->labels), .logins = slice_from(h->logins), .aliases = slice_from(h->aliases) };
	struct pin *p = pin_new(t);
	struct buf line;
	int r;

	if (p == NULL)
		return err_set(e, -ENOMEM, "the gate is out of memory");
	buf_init(&line, PIN_MAX);
	r = line_make(&line, m, e);
	row.pins = buf_slice(&line);
	if (r == 0)
		r = puts_row(c->gate, c, MSG_DIR_HOST, &row, p->number, pin_done, e);
	buf_done(&line);
	if (r != 0)
		free(pin_unlink(p->number));
	return r;
}

int
pin_take(struct client *c, const void *message)
{
	const struct msg_pin *m = message;
	struct ticket *t = ticket_find(c, m->ticket);
	struct dir_host *h = t != NULL ? directory_host_named(c->gate->dir, slice_from(t->host)) : NULL;
	const char *refusal = pin_refusal(c, h, m);
	struct err e = { 0 };

	if (refusal != NULL)
		return pinned_send(c, m->ticket, false, refusal);
	if (pin_put(c, h, t, m, &e) != 0)
		return pinned_send(c, m->ticket, false, e.text);
	c->busy = h->pinning = true;
	return 0;
}
