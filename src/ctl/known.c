/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The directory first, then the records: those of a user who was deleted stay. */
#include <errno.h>
#include <string.h>

#include "ctl/known.h"
#include "db/directory.h"
#include "db/event.h"
#include "db/session.h"

struct search { const char *name; bool found; };

static int
user_seen(void *arg, const struct db_user *u)
{
	struct search *s = arg;

	s->found = s->found || strcmp(u->name, s->name) == 0;
	return 0;
}

static int
host_seen(void *arg, const struct db_host *h)
{
	struct search *s = arg;

	s->found = s->found || strcmp(h->name, s->name) == 0;
	return 0;
}

static int
session_seen(void *arg, const struct db_session *s)
{
	(void)s;
	((struct search *)arg)->found = true;
	return 0;
}

/* One is enough: 1 ends the list. */
static int
event_seen(void *arg, const struct db_event *v)
{
	(void)v;
	((struct search *)arg)->found = true;
	return 1;
}

static int
records_search(struct db *db, const char *user, const char *host, struct search *s, struct err *e)
{
	struct db_session_filter sessions = { .user = user, .host = host, .max = 1 };
	struct db_event_filter events = { .actor = user, .host = host };
	int r = db_session_list(db, &sessions, session_seen, s, e);

	if (r == 0 && !s->found)
		r = db_event_list(db, &events, event_seen, s, e);
	return r < 0 ? r : 0;
}

int
known_check(struct ctl *c, struct db *db, const char *user, const char *host)
{
	struct search u = { .name = user }, h = { .name = host };
	int r = user != NULL ? db_user_list(db, user_seen, &u, &c->e) : 0;

	if (r == 0 && user != NULL && !u.found)
		r = records_search(db, user, NULL, &u, &c->e);
	if (r == 0 && host != NULL)
		r = db_host_list(db, host_seen, &h, &c->e);
	if (r == 0 && host != NULL && !h.found)
		r = records_search(db, NULL, host, &h, &c->e);
	if (r == 0 && user != NULL && !u.found)
		r = err_set(&c->e, -ENOENT, "there is no user %s, nor a record of one", user);
	else if (r == 0 && host != NULL && !h.found)
		r = err_set(&c->e, -ENOENT, "there is no host %s, nor a record of one", host);
	return r;
}
