/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/login.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define DENIALS_MAX 6

int
login_deny(struct login *l, const char *why)
{
	log_warn("refused: %s: %s", l->peer, why);
	l->denials++;
	return SSH_AUTH_DENIED;
}

bool
login_is_hopeless(const struct login *l)
{
	return l->denials >= DENIALS_MAX;
}

static bool
is_offered(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->nlogins; i++)
		if (strcmp(o->logins[i], name) == 0)
			return true;
	return false;
}

/* The first request decides the login; a later one must not change it.  0 or -EACCES. */
static int
pin(struct login *l, const char *name, struct err *e)
{
	struct account own = { 0 };
	bool mine;
	int rc;

	if (l->name[0] != '\0')
		return strcmp(l->name, name) == 0 ? 0
		    : err_set(e, -EACCES, "login changed from %s to %s", l->name, name);
	if (!text_is_name(slice_from(name)))
		return err_set(e, -EACCES, "%s is not a name of an account", name);
	rc = account_own(&own, e);
	if (rc < 0)
		return rc;
	mine = strcmp(own.name, name) == 0;
	account_done(&own);
	if (l->options->nlogins > 0 ? !is_offered(l->options, name) : !mine)
		return err_set(e, -EACCES, "login %s is not offered (--login)", name);
	if (geteuid() != 0 && !mine)
		return err_set(e, -EACCES, "login %s: without root only my own account", name);
	rc = account_find(name, &l->account, e);
	if (rc == 0)
		(void)snprintf(l->name, sizeof l->name, "%s", name);
	return rc;
}

int
login_none(struct login *l, const char *name)
{
	struct err e;

	return pin(l, name, &e) < 0 ? login_deny(l, e.text) : SSH_AUTH_DENIED;
}

int
login_key(struct login *l, const char *name, ssh_key key, char state)
{
	uint64_t now = (uint64_t)(clock_wall().us / 1000000);
	struct grant grant;
	struct err e;

	if (l->admitted)
		return SSH_AUTH_DENIED;
	if (pin(l, name, &e) < 0 || authorized_check(l->keys, key, name, now, &grant, &e) < 0)
		return login_deny(l, e.text);
	if (state != SSH_PUBLICKEY_STATE_VALID)
		return state == SSH_PUBLICKEY_STATE_NONE ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
	l->grant = grant;
	l->admitted = true;
	return SSH_AUTH_SUCCESS;
}
