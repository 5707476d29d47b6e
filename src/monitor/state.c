/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 *	STATE/            root 0711 (or the user's own, 0700)
 *	  fortress.conf policy.conf policy.d/
 *	  keys/           root 0700: read by each process before its sandbox
 *	  db/             the store's 0700
 *	  run/            0711: control.sock 0600, fortress.pid, agents' sockets
 *	  log/            0700
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/state.h"

static int lock_fd = -1;

struct dir {
	const char *name;
	mode_t mode;
	bool store;
};

static const struct dir dirs[] = {
	{ "keys", 0700, false }, { "db", 0700, true }, { "run", 0711, false }, { "log", 0700, false },
};

static int
account_check(const char *name, uid_t *uid, gid_t *gid, struct err *e)
{
	struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return err_set(e, -ENOENT, "there is no account \"%s\": make it (useradd --system %s) or name another "
		    "with User, GateUser, StoreUser", name, name);
	if (pw->pw_uid == 0)
		return err_set(e, -EPERM, "account \"%s\" is root: separated processes need accounts of their own", name);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

static int
dir_make(const struct monitor *m, const struct dir *d, uid_t uid, gid_t gid, struct err *e)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s", m->state_dir, d->name) >= (int)sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: too long", m->state_dir);
	if (mkdir(path, d->mode) != 0 && errno != EEXIST)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (m->root && chown(path, d->store ? uid : 0, d->store ? gid : 0) != 0)
		return err_set(e, -errno, "%s: chown: %s", path, strerror(errno));
	if (chmod(path, d->mode) != 0)
		return err_set(e, -errno, "%s: chmod: %s", path, strerror(errno));
	return 0;
}

int
state_prepare(const struct monitor *m, struct err *e)
{
	uid_t uid = 0, ignore_uid;
	gid_t gid = 0, ignore_gid;
	struct stat st;
	int r = 0;

	if (stat(m->state_dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_set(e, -ENOENT, "%s: no such directory: fortress setup makes one", m->state_dir);
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return err_set(e, -EPERM, "%s: must belong to the account that runs this and be writable by nobody else",
		    m->state_dir);
	if (m->root) {
		r = account_check(m->conf->store_user, &uid, &gid, e);
		if (r == 0)
			r = account_check(m->conf->gate_user, &ignore_uid, &ignore_gid, e);
		if (r == 0)
			r = account_check(m->conf->user, &ignore_uid, &ignore_gid, e);
	}
	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		r = dir_make(m, &dirs[i], uid, gid, e);
	return r;
}

int
state_lock(const struct monitor *m, struct err *e)
{
	char path[4096], pid[24];
	int n;

	snprintf(path, sizeof(path), "%s/run/fortress.pid", m->state_dir);
	lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (lock_fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
		fd_close(&lock_fd);
		return err_set(e, -EBUSY, "%s: a bastion runs on this state already", path);
	}
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(lock_fd, 0) != 0 || write(lock_fd, pid, (size_t)n) != n)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

void
state_unlock(const struct monitor *m)
{
	char path[4096];

	if (lock_fd < 0)
		return;
	snprintf(path, sizeof(path), "%s/run/fortress.pid", m->state_dir);
	(void)unlink(path);
	fd_close(&lock_fd);
}

int
state_drop_capabilities(struct err *e)
{
	static const int keep[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_KILL, CAP_SETGID,
		CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_SYS_RESOURCE, CAP_AUDIT_WRITE,
		CAP_AUDIT_CONTROL };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 }, { 0, 0, 0 } }, had[2];
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		mask |= 1ull << keep[i];
	if (syscall(SYS_capget, &head, had) != 0)
		return err_set(e, -errno, "capget: %s", strerror(errno));
	for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if ((mask & (1ull << cap)) == 0)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = had[i].permitted & (uint32_t)(mask >> (32 * i));
	if (syscall(SYS_capset, &head, data) != 0)
		return err_set(e, -errno, "capset: %s", strerror(errno));
	return 0;
}
