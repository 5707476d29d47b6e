/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "gate/notify.h"

enum { DATA_MAX = 16000, COMMAND_MAX = 2000 };

bool
notify_has(const struct gate *g, const char *sink)
{
	size_t n = strlen(sink);

	for (unsigned i = 0; i < g->sinks.n; i++)
		if (strncmp(g->sinks.items[i], sink, n) == 0 && g->sinks.items[i][n] == ' ')
			return true;
	return false;
}

static int
data_make(const struct client *c, const struct msg_decide *m, const struct rules_answer *a, const struct policy_need *need, const char *host,
    const char *login, struct buf *b)
{
	const struct { const char *key; struct slice value; } pairs[] = {
		{ "sink", slice_from(need->sink) }, { "requirement", slice_from(need->id) }, { "user", slice_from(c->user) }, { "verb", m->verb },
		{ "host", slice_from(host) }, { "login", slice_from(login) }, { "source", slice_from(c->peer) },
		{ "command", slice_of(m->command.p, m->command.n < COMMAND_MAX ? m->command.n : COMMAND_MAX) }, { "to", m->to }, { "listen", m->listen },
		{ "rule", slice_from(a->rule) }, { "approval", slice_from(a->approval) }, { "ticket", slice_from(a->change) },
		{ "policy", slice_from(rules_hash(c->gate->rules)) },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		r = buf_printf(b, "%s\"%s\":", i == 0 ? "{" : ",", pairs[i].key);
		if (r == 0)
			r = text_json(b, pairs[i].value);
	}
	return r == 0 ? buf_text(b, "}") : r;
}

void
notify_decision(struct client *c, const struct msg_decide *m, const struct rules_answer *a, const char *host, const char *login)
{
	char text[600];

	snprintf(text, sizeof(text), "%s: %.*s on %s as %s, by %.200s", c->user, (int)m->verb.n, (const char *)m->verb.p, host, login, a->rule);
	for (size_t i = 0; i < a->d.needs_n; i++) {
		const struct policy_need *need = a->d.needs[i];
		struct msg_notify msg = { .sink = slice_from(need->sink), .text = slice_from(text), .at_us = (uint64_t)clock_wall().us };
		struct buf data;

		if (need->kind != POLICY_NOTIFY)
			continue;
		buf_init(&data, DATA_MAX);
		if (data_make(c, m, a, need, host, login, &data) == 0) {
			msg.data = buf_slice(&data);
			if (chan_send(c->gate->monitor, MSG_NOTIFY, &msg) != 0)
				log_error("not told: %s: the monitor does not take it", need->sink);
		}
		buf_done(&data);
	}
}
