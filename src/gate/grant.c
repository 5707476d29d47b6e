/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
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

/* verb empty: all of the hold's.  command: of these alone; NULL: whatever it is. */
static void
grants_drop(struct client *c, uint32_t hold, struct slice verb, const struct slice *command)
{
	struct grant **at = &c->grants;

	while (*at != NULL)
		if ((*at)->hold == hold && (verb.n == 0 || slice_eq((*at)->verb, verb)) && (command == NULL || slice_eq((*at)->command, *command)))
			grant_drop(c, at);
		else
			at = &(*at)->next;
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

static int
keep(struct client *c, const struct msg_decide *m, const char *host, const char *login, const struct rules_answer *a,
    struct slice limits)
{
	size_t n = m->verb.n + strlen(host) + strlen(login) + m->command.n + m->to.n + m->listen.n + strlen(a->rule) +
	    strlen(a->approval) + strlen(a->change) + limits.n;
	uint64_t timeout_s = a->limits.value[LIMIT_TIMEOUT_S];
	int64_t most_ms = timeout_s != 0 ? time_ms(c, m, timeout_s) : 0;
	struct grant *g;
	char *at;

	grants_drop(c, m->hold, m->verb, slice_is(m->verb, "replay") ? &m->command : NULL);      /* two are seen side by side */
	if (c->ngrants >= GRANTS_MAX || c->grants_bytes + n > BYTES_MAX)
		return -ENOSPC;
	g = calloc(1, sizeof(*g) + n);
	if (g == NULL)
		return -ENOMEM;
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
	return 0;
}

int
grant_keep(struct client *c, const struct msg_decide *m, const char *host, const char *login, const struct rules_answer *a)
{
	struct buf limits;
	int r;

	buf_init(&limits, LIMITS_TEXT_MAX);
	r = limits_print(&limits, &a->limits);
	if (r == 0)
		r = keep(c, m, host, login, a, buf_slice(&limits));
	buf_done(&limits);
	return r;
}

int
grant_release(struct client *c, const void *message)
{
	const struct msg_release *m = message;

	grants_drop(c, m->hold, m->verb, NULL);
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
