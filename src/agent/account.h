/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* An account of this host, looked up once per connection, with everything a session of it needs. */
#ifndef AGENT_ACCOUNT_H
#define AGENT_ACCOUNT_H

#include <sys/types.h>
#include <stdbool.h>

#include "base/err.h"

struct account {
	char *name, *home, *shell;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int ngroups;
};

/* 0, -ENOENT, -ENOMEM or another negative code with e filled; account_done frees. */
int account_find(const char *name, struct account *ret, struct err *e);
/* The account that this process runs as. */
int account_own(struct account *ret, struct err *e);
void account_done(struct account *a);
/* After fork: become a.  Only system calls, safe between fork and exec.  0 or -errno. */
int account_become(const struct account *a);

#endif
