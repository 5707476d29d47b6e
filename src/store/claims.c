/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What happened on a connection only its front has seen; who it is others have to say: the monitor from where it comes, the
 * gate whom it let in (MSG_ADMITTED).  So one that was taken over puts down only what its own user did, and nothing that is
 * not a front's to say.
 *
 * Channels know no order among each other.  A user whom the front names before the gate does is kept, and has to be the gate's;
 * and the gate may speak of one of whom the monitor's word is not read yet.
 */
#include <string.h>

#include "msg/ocsf.h"
#include "store/store.h"

#define EARLY 256

/* The last ones that the gate let in before there was a client for them. */
static struct { uint64_t conn; char user[sizeof(((struct client *)0)->user)]; } early[EARLY];

static bool
is_its_user(struct client *c, struct slice user)
{
	return c->user[0] == '\0' ? slice_copy(user, c->user, sizeof(c->user)) == 0 : slice_is(user, c->user);
}

bool
claims_event(struct client *c, struct msg_event *m)
{
	if (c->end != LINK_STORE_OF_FRONT)
		return true;
	m->sign = 0;
	m->src = slice_from(c->peer);
	switch (m->class_uid) {
	case OCSF_LOGIN:
		return m->ok == 0;               /* that somebody is in says the gate */
	case OCSF_SSH:
	case OCSF_FILE:
	case OCSF_ACCOUNT:
		return is_its_user(c, m->actor);
	default:
		return false;
	}
}

bool
claims_session(struct client *c, struct msg_rec_open *m)
{
	m->conn = c->conn;
	m->src = slice_from(c->peer);
	return is_its_user(c, m->user);
}

void
claims_meet(struct client *c)
{
	if (c->conn != 0 && early[c->conn % EARLY].conn == c->conn)
		memcpy(c->user, early[c->conn % EARLY].user, sizeof(c->user));
}

struct client *
claims_admit(struct store *st, const struct msg_admitted *m)
{
	struct client *c = st->clients;

	while (c != NULL && (c->end != LINK_STORE_OF_FRONT || c->conn != m->conn))
		c = c->next;
	if (c != NULL)
		return is_its_user(c, m->user) ? NULL : c;
	early[m->conn % EARLY].conn = m->conn;
	if (slice_copy(m->user, early[m->conn % EARLY].user, sizeof(early[0].user)) != 0)
		early[m->conn % EARLY].conn = 0;
	return NULL;
}
