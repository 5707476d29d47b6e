/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* getpwnam and getgrouplist happen here, before fork, so that a child only makes system calls. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/account.h"

#define GROUPS_MAX 65536

static int
read_groups(struct account *a)
{
	int n = 32, rc;

	do {
		gid_t *more = realloc(a->groups, (size_t)n * sizeof *more);

		if (more == NULL)
			return -ENOMEM;
		a->groups = more;
		a->ngroups = n;
		rc = getgrouplist(a->name, a->gid, a->groups, &a->ngroups);
		n *= 2;
	} while (rc < 0 && n <= GROUPS_MAX);
	return rc < 0 ? -E2BIG : 0;
}

static int
fill(struct account *a, const struct passwd *pw, struct err *e)
{
	struct account new = { .uid = pw->pw_uid, .gid = pw->pw_gid };
	int rc;

	new.name = strdup(pw->pw_name);
	new.home = strdup(pw->pw_dir != NULL && pw->pw_dir[0] == '/' ? pw->pw_dir : "/");
	new.shell = strdup(pw->pw_shell != NULL && pw->pw_shell[0] == '/' ? pw->pw_shell : "/bin/sh");
	rc = new.name == NULL || new.home == NULL || new.shell == NULL ? -ENOMEM : read_groups(&new);
	if (rc < 0) {
		account_done(&new);
		return err_set(e, rc, "%s: cannot read the account: %s", pw->pw_name, strerror(-rc));
	}
	*a = new;
	return 0;
}

int
account_find(const char *name, struct account *ret, struct err *e)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL)
		return err_set(e, errno != 0 ? -errno : -ENOENT, "%s: no such account on this host", name);
	return fill(ret, pw, e);
}

int
account_own(struct account *ret, struct err *e)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (pw == NULL)
		return err_set(e, -ENOENT, "uid %d: no such account on this host", (int)geteuid());
	return fill(ret, pw, e);
}

void
account_done(struct account *a)
{
	free(a->name);
	free(a->home);
	free(a->shell);
	free(a->groups);
	memset(a, 0, sizeof *a);
}

int
account_become(const struct account *a)
{
	if (geteuid() != 0)
		return geteuid() == a->uid ? 0 : -EPERM;
	if (setgroups((size_t)a->ngroups, a->groups) < 0 || setresgid(a->gid, a->gid, a->gid) < 0 ||
	    setresuid(a->uid, a->uid, a->uid) < 0)
		return -errno;
	if (a->uid != 0 && setuid(0) == 0)
		return -EPERM;
	return 0;
}
