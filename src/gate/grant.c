/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdlib.h>
#include <string.h>

#include "gate/again.h"
#include "gate/grant.h"
#include "gate/moderate.h"
#include "gate/replay.h"
#include "gate/sentry.h"

enum { GRANTS_MAX = 4096, BYTES_MAX = 2 << 20 };     /* of a connection */

static void
grant_drop(struct client *c, struct grant **at)
{
	struct grant *g = *at;

	*at = g->next;
	loop_timer_stop(&g->timer);
	c->ngrants--;
	c->grants_bytes -= g->bytes;
	free(g);
}

/* Does b take a's place?  Of recordings two are seen side by side. */
static bool
is_for_the_same(const struct grant *a, uint32_t hold, struct slice verb, struct slice command)
{
	return a->hold == hold && slice_eq(a->verb, verb) && (!slice_is(verb, "replay") || slice_eq(a->command, command));
}

static unsigned
count_the_same(const struct client *c, const struct msg_decide *m)
{
	unsigned n = 0;

	for (const struct grant *g = c->grants; g != NULL; g = g->next)
		n += is_for_the_same(g, m->hold, m->verb, m->command);
	return n;
}

/* What is asked for again under the same number gets no more time by that. */
static int64_t
time_ms(const struct client *c, const struct msg_decide *m, uint64_t timeout_s)
{
	int64_t most = (int64_t)timeout_s * 1000, left;

	for (const struct grant *g = c->grants; g != NULL; g = g->next) {
		if (g->hold != m->hold || !slice_eq(g->verb, m->verb) || !loop_timer_is_running(&g->timer))
			continue;
		left = -clock_ms_since(g->timer.due);
		most = left < most ? left : most;
	}
	return most > 0 ? most : 0;
}

static struct slice
keep_text(char **at, struct slice s)
{
	char *p = *at;

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	*at += s.n;
	return slice_of(p, s.n);
}

static struct grant *
keep(struct client *c, const struct msg_decide *m, const char *host, const char *login, const struct rules_answer *a,
    struct slice limits)
{
	size_t n = m->verb.n + strlen(host) + strlen(login) + m->command.n + m->to.n + m->listen.n + strlen(a->rule) +
	    strlen(a->approval) + strlen(a->change) + limits.n;
	uint64_t timeout_s = a->limits.value[LIMIT_TIMEOUT_S];
	int64_t most_ms = timeout_s != 0 ? time_ms(c, m, timeout_s) : 0;
	struct grant *g;
	char *at;

	g = c->ngrants - count_the_same(c, m) < GRANTS_MAX && c->grants_bytes + n <= BYTES_MAX ? calloc(1, sizeof(*g) + n) : NULL;
	if (g == NULL)
		return NULL;
	at = g->texts;
	g->client = c;
	g->hold = m->hold;
	g->bytes = n;
	c->grants_bytes += n;
	g->verb = keep_text(&at, m->verb);
	g->host = keep_text(&at, slice_from(host));
	g->login = keep_text(&at, slice_from(login));
	g->command = keep_text(&at, m->command);
	g->to = keep_text(&at, m->to);
	g->listen = keep_text(&at, m->listen);
	g->rule = keep_text(&at, slice_from(a->rule));
	g->by_path = a->by_path;
	g->record = a->record;
	g->approval = keep_text(&at, slice_from(a->approval));
	g->change = keep_text(&at, slice_from(a->change));
	g->limits = keep_text(&at, limits);
	g->timeout_s = timeout_s;
	if (timeout_s != 0)
		loop_timer_start(c->gate->loop, &g->timer, most_ms, again_time_over, g);
	g->next = c->grants;
	c->grants = g;
	c->ngrants++;
	return g;
}

struct grant *
grant_keep(struct client *c, const struct msg_decide *m, const char *host, const char *login, const struct rules_answer *a)
{
	struct grant *g = NULL;
	struct buf limits;

	buf_init(&limits, LIMITS_TEXT_MAX);
	if (limits_print(&limits, &a->limits) == 0)
		g = keep(c, m, host, login, a, buf_slice(&limits));
	buf_done(&limits);
	return g;
}

void
grant_settle(struct grant *g)
{
	struct grant **at = &g->client->grants;

	while (*at != NULL)
		if (*at != g && is_for_the_same(*at, g->hold, g->verb, g->command))
			grant_drop(g->client, at);
		else
			at = &(*at)->next;
}

void
grant_take_back(struct grant *g)
{
	struct grant **at = &g->client->grants;

	while (*at != g)
		at = &(*at)->next;
	grant_drop(g->client, at);
}

int
grant_release(struct client *c, const void *message)
{
	const struct msg_release *m = message;
	struct grant **at = &c->grants;

	while (*at != NULL)
		if ((*at)->hold == m->hold && (m->verb.n == 0 || slice_eq((*at)->verb, m->verb)))
			grant_drop(c, at);
		else
			at = &(*at)->next;
	if (m->verb.n > 0)
		return 0;
	sentry_forget(c, m->hold);
	moderate_forget(c, m->hold);
	replay_forget(c, m->hold);
	return 0;
}

void
grants_free(struct client *c)
{
	while (c->grants != NULL)
		grant_drop(c, &c->grants);
}
