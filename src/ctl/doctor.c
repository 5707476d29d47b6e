/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Each check looks at one thing and changes nothing.  A warning is something that weakens; a failure is something that
 * does not work or lets somebody in.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/netlink.h>

#include "base/fd.h"
#include "ctl/ask.h"
#include "ctl/directory.h"
#include "ctl/doctor.h"
#include "db/tree.h"

enum level { OK, WARN, FAIL };

struct finding { enum level level; char text[400], todo[400]; };

static void say(struct finding *f, enum level level, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
say(struct finding *f, enum level level, const char *todo, const char *fmt, ...)
{
	va_list ap;

	f->level = level;
	snprintf(f->todo, sizeof(f->todo), "%s", todo);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

static void
check_libssh(struct ctl *c, struct finding *f)
{
	(void)c;
	say(f, OK, "", "built with libssh %s, which has the fixes", LIBSSH_LEVEL);
}

/* The question that auditctl -s asks. */
static void
check_audit(struct ctl *c, struct finding *f)
{
	struct { struct nlmsghdr h; struct audit_status s; } ask = { .h = { .nlmsg_len = sizeof(ask), .nlmsg_type = AUDIT_GET,
	    .nlmsg_flags = NLM_F_REQUEST } };
	union { struct nlmsghdr h; unsigned char bytes[4096]; } answer;
	struct audit_status status = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	ssize_t n = -1;

	(void)c;
	if (fd < 0) {
		say(f, WARN, "use a kernel with CONFIG_AUDIT, or KernelAudit off", "the kernel has no audit log");
		return;
	}
	if (send(fd, &ask, sizeof(ask), 0) > 0)
		n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);
	close(fd);
	if (n < (ssize_t)(sizeof(answer.h) + offsetof(struct audit_status, pid)) || answer.h.nlmsg_type != AUDIT_GET) {
		say(f, WARN, "run this as root, outside of a container", "may not ask the kernel's audit log");
		return;
	}
	memcpy(&status, NLMSG_DATA(&answer.h), offsetof(struct audit_status, pid));
	if (status.enabled == 0)
		say(f, WARN, "auditctl -e 1, and install auditd", "the kernel's audit log is off: nothing is recorded there");
	else
		say(f, OK, "", "the kernel's audit log is on");
}

static void
check_landlock(struct ctl *c, struct finding *f)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	(void)c;
	if (abi < 0)
		say(f, WARN, "boot with lsm=landlock,... on Linux 5.13 or newer", "the kernel has no Landlock");
	else
		say(f, OK, "", "the kernel has Landlock, ABI %ld", abi);
}

static void
check_state(struct ctl *c, struct finding *f)
{
	struct stat st;

	if (stat(c->state, &st) != 0)
		say(f, FAIL, "name the state directory with --state; contrib/quickstart makes one", "%s: %s", c->state, strerror(errno));
	else if (!S_ISDIR(st.st_mode) || (st.st_mode & 022) != 0)
		say(f, FAIL, "chmod go-w it", "%s: other people may write to it", c->state);
	else if (st.st_uid != geteuid())
		say(f, WARN, "run fortress as its owner", "%s belongs to uid %u, and you are %u", c->state, st.st_uid, geteuid());
	else
		say(f, OK, "", "%s", c->state);
}

/* The first file in keys that others may read and that is no public one. */
static void
check_keys(struct ctl *c, struct finding *f)
{
	char path[2300];
	const struct dirent *entry;
	unsigned n = 0;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/keys", c->state);
	dir = opendir(path);
	if (dir == NULL) {
		say(f, FAIL, "start the bastion once, as the owner of the state", "%s: %s", path, strerror(errno));
		return;
	}
	say(f, FAIL, "start the bastion once", "%s: no keys", path);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || (len > 4 && strcmp(entry->d_name + len - 4, ".pub") == 0) ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) != 0)
			continue;
		if ((st.st_mode & 077) != 0) {
			say(f, FAIL, "chmod 600 it, and think about making a new one", "%s/%s: others may read this key", path, entry->d_name);
			break;
		}
		say(f, OK, "", "%u private keys, readable by their owner alone", ++n);
	}
	closedir(dir);
}

static void
check_database(struct ctl *c, struct finding *f)
{
	struct err e = { 0 };
	struct ctl copy = *c;
	struct db *db = ctl_db(&copy);
	uint64_t size = 0;

	if (db == NULL)
		say(f, FAIL, "is the bastion's disk mounted, and are you its owner or root?", "%s", copy.e.text);
	else if (db_tree_size(db, &size, &e) != 0)
		say(f, FAIL, "fortress audit verify --db", "%s", e.text);
	else
		say(f, OK, "", "%llu records; fortress audit verify --db checks every one", (unsigned long long)size);
	db_close(db);
}

static void
check_clock(struct ctl *c, struct finding *f)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);

	(void)c;
	if (clock_wall().us < INT64_C(1767225600) * 1000000)
		say(f, FAIL, "set it: records with wrong times prove little", "the clock is wrong");
	else if (state < 0 || (t.status & STA_UNSYNC) != 0)
		say(f, WARN, "run chrony or systemd-timesyncd", "the clock is not synchronised");
	else
		say(f, OK, "", "the clock is synchronised");
}

static bool
status_good(void *arg, unsigned type, const void *message)
{
	struct finding *f = arg;
	const struct msg_status_is *m = message;

	if (type != MSG_STATUS_IS)
		return false;
	if (m->policy_error.n > 0)
		say(f, FAIL, "mend it; fortress policy check; fortress reload", "the policy: %.*s", (int)m->policy_error.n,
		    (const char *)m->policy_error.p);
	else
		say(f, OK, "", "running: %u users, %u hosts, %u rules", m->users, m->hosts, m->rules);
	return true;
}

static void
check_running(struct ctl *c, struct finding *f)
{
	struct ctl copy = *c;
	struct msg_status m = { .req = 1 };
	struct ask *a = ask_open(&copy);

	if (a == NULL || ask_wait(a, MSG_STATUS, &m, status_good, f) != 0)
		say(f, WARN, "fortress serve", "%s", copy.e.text);
	ask_close(a);
}

/* --- agents on Unix sockets --- */

struct agents { struct finding *f; unsigned good; };

static bool
agent_look(void *arg, unsigned type, const void *message)
{
	struct agents *a = arg;
	const struct msg_dir_host *m = message;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (type != MSG_DIR_HOST || m->addr.n < 6 || memcmp(m->addr.p, "unix:", 5) != 0)
		return type == MSG_DIR_END;
	if (slice_copy(slice_of(m->addr.p + 5, m->addr.n - 5), un.sun_path, sizeof(un.sun_path)) != 0)
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		a->good++;
	else
		say(a->f, FAIL, "start staragent there, or delete the host", "host %.*s: %s: %s", (int)m->name.n,
		    (const char *)m->name.p, un.sun_path, strerror(errno));
	fd_close(&fd);
	return false;
}

static void
check_agents(struct ctl *c, struct finding *f)
{
	struct ctl copy = *c;
	struct agents a = { .f = f };

	say(f, OK, "", "no agents on sockets of this machine");
	if (directory_load(&copy, agent_look, &a) != 0)
		say(f, WARN, "fortress serve", "not looked at: no bastion runs");
	else if (f->level == OK && a.good > 0)
		say(f, OK, "", "%u agents on sockets of this machine answer", a.good);
}

static const struct { const char *name; void (*fn)(struct ctl *, struct finding *); } checks[] = {
	{ "libssh", check_libssh }, { "landlock", check_landlock }, { "kernel audit", check_audit }, { "clock", check_clock },
	{ "state", check_state }, { "keys", check_keys }, { "database", check_database }, { "bastion", check_running },
	{ "agents", check_agents },
};

static const struct out_column columns[] = {
	{ "check", OUT_STRING, 0 }, { "result", OUT_STRING, 0 }, { "found", OUT_STRING, 0 }, { "what_to_do", OUT_STRING, 0 },
	{ NULL, 0, 0 },
};

int
doctor(struct ctl *c, int argc, char **argv)
{
	static const char *const words[] = { [OK] = "ok", [WARN] = "warn", [FAIL] = "fail" };
	bool failed = false;
	struct out *o;

	(void)argv;
	if (argc != 1)
		return ctl_usage(c, "doctor", NULL);
	o = ctl_out(c, columns, false);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding f = { 0 };

		checks[i].fn(c, &f);
		failed = failed || f.level == FAIL;
		out_cstr(o, checks[i].name);
		out_cstr(o, words[f.level]);
		out_cstr(o, f.text);
		out_cstr(o, f.todo);
	}
	return out_end(o) == 0 && !failed ? CTL_OK : CTL_FAILED;
}
