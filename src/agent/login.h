/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who connects, and as which account: one login a connection, by a key that the bastion's file admits. */
#ifndef AGENT_LOGIN_H
#define AGENT_LOGIN_H

#include <stdbool.h>

#include "agent/account.h"
#include "agent/keys.h"
#include "agent/options.h"

struct login {
	const struct options *options;
	const struct authorized *keys;
	const char *peer;                /* for the log */
	char name[65];                   /* "" until the first request */
	struct account account;
	struct grant grant;
	bool admitted;
	int denials;
};

/* What libssh shall answer to each: SSH_AUTH_SUCCESS or SSH_AUTH_DENIED. */
int login_none(struct login *l, const char *name);
/* state: libssh's; the key admits only once its possession is proved. */
int login_key(struct login *l, const char *name, ssh_key key, char state);
int login_deny(struct login *l, const char *why);
bool login_is_hopeless(const struct login *l);           /* so many tries that the connection is to end */

#endif
