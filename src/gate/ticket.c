/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/log.h"
#include "base/secret.h"
#include "gate/events.h"
#include "gate/ticket.h"

#define TICKETS_MAX 512

static void
signature_refused(void *arg, const char *why)
{
	struct ticket *t = arg;

	log_warn("signature refused: %s: %s", t->client->user, why);
	(void)events_refused_signature(t->client, t, why);
}

/* Where a connection for h goes and by what it is known there.  A first key that is trusted is not known before. */
static int
place_of(const struct dir_host *h, unsigned char place[PLACE_BYTES])
{
	struct buf b;
	int r;

	buf_init(&b, 65536);
	r = buf_printf(&b, "%u %u %s\n%s", h->kind, h->port, h->addr, h->trust_first ? "" : h->pins);
	(void)SHA256(b.p, b.len, place);
	buf_done(&b);
	return r;
}

static void
ticket_drop(struct client *c, struct ticket **at)
{
	struct ticket *t = *at;

	*at = t->next;
	c->ntickets--;
	signer_free(t->signer);
	free(t);
}

static void
drop_oldest(struct client *c)
{
	struct ticket **at = &c->tickets;

	while ((*at)->next != NULL)
		at = &(*at)->next;
	ticket_drop(c, at);
}

static struct ticket *
ticket_new(struct client *c, const struct dir_host *h, const unsigned char place[PLACE_BYTES], const char *login, int *agent,
    struct err *e)
{
	struct ticket *t = calloc(1, sizeof(*t));
	char id[256];

	if (t == NULL || secret_random(&t->number, sizeof(t->number)) != 0) {
		free(t);
		(void)err_set(e, -ENOMEM, "the gate is out of memory");
		return NULL;
	}
	if (c->ntickets == TICKETS_MAX)
		drop_oldest(c);
	t->client = c;
	memcpy(t->place, place, sizeof(t->place));
	snprintf(t->host, sizeof(t->host), "%s", h->name);
	snprintf(t->login, sizeof(t->login), "%s", login);
	snprintf(id, sizeof(id), "fortress user=%s ticket=%016llx", c->user, (unsigned long long)t->number);
	t->signer = signer_new(c->gate->loop, c->gate->keys, login, id, t->number, signature_refused, t, agent, e);
	if (t->signer == NULL) {
		free(t);
		return NULL;
	}
	t->next = c->tickets;
	c->tickets = t;
	c->ntickets++;
	return t;
}

struct ticket *
ticket_take(struct client *c, const struct dir_host *h, const char *login, int *agent, struct err *e)
{
	unsigned char place[PLACE_BYTES];
	struct ticket *t = c->tickets;

	*agent = -1;
	if (place_of(h, place) != 0) {
		(void)err_set(e, -ENOMEM, "the gate is out of memory");
		return NULL;
	}
	while (t != NULL && (strcmp(t->host, h->name) != 0 || strcmp(t->login, login) != 0 || memcmp(t->place, place, sizeof(place)) != 0))
		t = t->next;
	return t != NULL ? t : ticket_new(c, h, place, login, agent, e);
}

int
ticket_end(struct client *c, const void *message)
{
	const struct msg_ticket_end *m = message;
	struct ticket **at = &c->tickets;

	while (*at != NULL && (*at)->number != m->ticket)
		at = &(*at)->next;
	if (*at != NULL)
		ticket_drop(c, at);
	return 0;
}

struct ticket *
ticket_find(struct client *c, uint64_t number)
{
	struct ticket *t = c->tickets;

	while (t != NULL && t->number != number)
		t = t->next;
	return t;
}

void
tickets_free(struct client *c)
{
	while (c->tickets != NULL)
		ticket_drop(c, &c->tickets);
}
