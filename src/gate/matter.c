/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The policy is asked anew each time: a request says what is wanted, never what is permitted. */
#include <stdio.h>

#include "gate/matter.h"
#include "gate/needs.h"

void
matter_of(const struct gate *g, const struct approval *x, struct matter *ret)
{
	const struct dir_user *u = directory_find_user(g->dir, x->row.user);
	struct msg_decide m;
	struct rules_question q;

	*ret = (struct matter){ .host = directory_host_named(g->dir, x->row.host) };
	if (u == NULL || ret->host == NULL || directory_refuses(u, clock_wall()) != NULL) {
		snprintf(ret->a.text, sizeof(ret->a.text), "its user or its host is not there any more");
		return;
	}
	approval_question(x, &m);
	ret->asker = (struct rules_who){ .name = u->name, .groups = u->groups, .attrs = u->attrs };
	q = (struct rules_question){ .who = &ret->asker, .host = ret->host, .verb = m.verb, .login = m.login, .command = m.command, .to = m.to,
	    .listen = m.listen, .src = x->row.src, .at = clock_wall() };
	rules_ask(g->rules, &q, &ret->a);
}

const struct policy_need *
matter_open_need(const struct gate *g, const struct approval *x, const struct matter *t, unsigned *n, uint64_t *until_us)
{
	*until_us = 0;
	return t->a.permit ? needs_open(g, x, &t->a.d, &t->asker, clock_wall(), true, n, until_us) : NULL;
}

bool
matter_takes(const struct gate *g, const struct matter *t, const struct rules_who *who)
{
	for (size_t i = 0; t->a.permit && i < t->a.d.needs_n; i++)
		if (t->a.d.needs[i]->kind == POLICY_APPROVAL && !who->guest && rules_takes(g->rules, t->a.d.needs[i], who, &t->asker))
			return true;
	return false;
}

void
matter_news(struct gate *g, const struct approval *x, const char *text)
{
	struct msg_approval_news m = { .id = x->row.id, .text = slice_from(text) };

	for (struct client *c = g->clients; c != NULL; c = c->next)
		if (c->kind == MSG_CLIENT_FRONT && slice_is(x->row.user, c->user))
			(void)chan_send(c->chan, MSG_APPROVAL_NEWS, &m);
}
