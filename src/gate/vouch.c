/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The monitor waits for the answer before it tells the front, so that no login comes before its proof. */
#include "base/log.h"
#include "gate/vouch.h"

void
vouch_take(struct gate *g, const struct msg_vouch *m)
{
	struct msg_vouched answer = { .conn = m->conn };
	struct client *c = client_front(g, m->conn);

	if (c != NULL && slice_copy(m->user, c->vouched, sizeof(c->vouched)) == 0)
		c->vouched_methods = m->methods;
	if (chan_send(g->monitor, MSG_VOUCHED, &answer) != 0)
		log_warn("monitor: it does not hear that conn %llu is vouched for", (unsigned long long)m->conn);
}

bool
vouch_holds(const struct client *c, struct slice method, struct slice user)
{
	uint32_t of = slice_is(method, "keyboard-interactive") ? MSG_VOUCH_INTERACTIVE :
	    slice_is(method, "password") ? MSG_VOUCH_PASSWORD : 0;

	if (slice_is(method, "publickey"))
		return true;
	return c->vouched[0] != '\0' && (c->vouched_methods & of) != 0 && slice_is(user, c->vouched);
}
