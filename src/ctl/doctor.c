/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Each check looks at one thing and changes nothing.  A warning is something that weakens; a failure is something that
 * does not work or lets somebody in.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/netlink.h>

#include "base/fd.h"
#include "base/package.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/conf.h"
#include "ctl/directory.h"
#include "ctl/doctor.h"
#include "ctl/keep.h"
#include "db/backup.h"
#include "db/tree.h"

enum level { OK, WARN, FAIL };
enum { ANSWER_MS = 2000, LOOK_MS = 2000 };
enum { DISK_LEAST = 1 << 20, DISK_LOW = 1 << 30 };            /* bytes: nothing can be recorded; soon */

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

/* What to do when something in the state cannot be opened. */
static const char *
whose(int code)
{
	return code == EACCES || code == EPERM ? "run this as root, or as the account that the bastion belongs to" :
	    code == ENOENT ? "fortress setup makes a state, and fortress serve its database; or name another with --state" :
	    "is the disk there, and full?";
}

static void
check_libssh(struct ctl *c, struct finding *f)
{
	char version[PACKAGE_VERSION_MAX];
	struct err e = { 0 };

	(void)c;
	if (package_check_libssh(PACKAGE_LIST, version, &e) != 0)
		say(f, FAIL, "apt-get install libssh-4, then start the bastion again", "%s", e.text);
	else
		say(f, OK, "", "libssh %s, which has the fixes", version);
}

/* The question that auditctl -s asks; false: no answer. */
static bool
audit_ask(int fd, struct audit_status *status)
{
	struct { struct nlmsghdr h; struct audit_status s; } ask = { .h = { .nlmsg_len = sizeof(ask), .nlmsg_type = AUDIT_GET,
	    .nlmsg_flags = NLM_F_REQUEST } };
	union { struct nlmsghdr h; unsigned char bytes[4096]; } answer;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = -1;

	if (send(fd, &ask, sizeof(ask), 0) > 0 && poll(&p, 1, ANSWER_MS) == 1)
		n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);
	if (n < (ssize_t)(sizeof(answer.h) + offsetof(struct audit_status, pid)) || answer.h.nlmsg_type != AUDIT_GET)
		return false;
	memcpy(status, NLMSG_DATA(&answer.h), offsetof(struct audit_status, pid));
	return true;
}

static void
check_audit(struct ctl *c, struct finding *f)
{
	struct audit_status status = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	(void)c;
	if (fd < 0)
		say(f, WARN, "use a kernel with CONFIG_AUDIT, or KernelAudit off", "the kernel has no audit log");
	else if (!audit_ask(fd, &status))
		say(f, WARN, "run this as root, outside of a container", "may not ask the kernel's audit log");
	else if (status.enabled == 0)
		say(f, WARN, "auditctl -e 1, and install auditd", "the kernel's audit log is off: nothing is recorded there");
	else
		say(f, OK, "", "the kernel's audit log is on");
	fd_close(&fd);
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
		say(f, FAIL, "name the bastion's state with --state or FORTRESS_STATE; fortress setup makes one", "%s: %s", c->state,
		    strerror(errno));
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
		say(f, FAIL, whose(errno), "%s: %s", path, strerror(errno));
		return;
	}
	say(f, FAIL, "fortress setup", "%s: no keys", path);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || (len > 4 && strcmp(entry->d_name + len - 4, ".pub") == 0) ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) != 0)
			continue;
		if ((st.st_mode & 077) != 0) {
			say(f, FAIL, "chmod 600 it, and think about making a new one", "%s/%s: others may read this key", path, entry->d_name);
			break;
		}
		n++;
		say(f, OK, "", "%u private key%s, readable by %s owner alone", n, n == 1 ? "" : "s", n == 1 ? "its" : "their");
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
		say(f, FAIL, whose(-copy.e.code), "%s", copy.e.text);
	else if (db_tree_size(db, &size, &e) != 0 || db_quick_check(db, LOOK_MS, &e) != 0)
		say(f, FAIL, "stop the bastion; fortress restore BACKUP --to another state, or move the database away to begin anew", "%s", e.text);
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
		say(f, OK, "", "running: %u user%s, %u host%s, %u rule%s", m->users, m->users == 1 ? "" : "s", m->hosts,
		    m->hosts == 1 ? "" : "s", m->rules, m->rules == 1 ? "" : "s");
	return true;
}

static void
check_running(struct ctl *c, struct finding *f)
{
	struct ctl copy = *c;
	struct msg_status m = { .req = 1 };
	struct ask *a = ask_open(&copy);

	if (a == NULL || ask_wait(a, MSG_STATUS, &m, status_good, f) != 0)
		say(f, WARN, copy.e.code == -EACCES ? whose(EACCES) : "fortress serve", "%s", copy.e.text);
	ask_close(a);
}

/* --- the configuration, by the program that reads it --- */

/* Its words without its name. */
static const char *
said(struct buf *text)
{
	static const char who[] = "fortress serve: ";
	const char *s = buf_cstr(text);

	return strncmp(s, who, sizeof(who) - 1) == 0 ? s + sizeof(who) - 1 : s;
}

static void
check_conf(struct ctl *c, struct finding *f)
{
	struct buf text;

	buf_init(&text, CONF_MAX);
	if (conf_ask(c, &text) == 0)
		say(f, OK, "", "%s/fortress.conf", c->state);
	else
		say(f, FAIL, "mend it; fortress serve -t checks it again", "%.*s", (int)strcspn(said(&text), "\n"), said(&text));
	buf_done(&text);
}

static void
check_disk(struct ctl *c, struct finding *f)
{
	char path[4200];
	struct statvfs s;
	uint64_t left, of;
	enum level level;

	snprintf(path, sizeof(path), "%s/db", c->state);
	if (statvfs(path, &s) != 0) {
		say(f, WARN, whose(errno), "%s: %s", path, strerror(errno));
		return;
	}
	left = s.f_files > 0 && s.f_favail == 0 ? 0 : (uint64_t)s.f_bavail * s.f_frsize;
	of = (uint64_t)s.f_blocks * s.f_frsize;
	level = left < DISK_LEAST ? FAIL : left < DISK_LOW && left < of / 20 ? WARN : OK;
	say(f, level, level == OK ? "" : "make room there: RetainRecordings in fortress.conf, fortress retention erase, or a larger disk",
	    "%s: %llu of %llu MB are left", path, (unsigned long long)(left >> 20), (unsigned long long)(of >> 20));
}

static void
check_retention(struct ctl *c, struct finding *f)
{
	static const struct { enum level level; const char *todo; } is[] = {
		[RETENTION_GOOD] = { OK, "" }, [RETENTION_UNSAID] = { WARN, "fortress serve -t" },
		[RETENTION_UNKNOWN] = { WARN, "fortress audit verify --db" },
		[RETENTION_DOUBTED] = { WARN, "see that the clock is right, then fortress retention confirm" },
		[RETENTION_LATE] = { WARN, "start the bastion, and read its log" },
	};
	struct ctl copy = *c;
	char text[sizeof(f->text)];
	enum retention_is now = retention_look(&copy, text, sizeof(text));

	say(f, is[now].level, is[now].todo, "%s", text);
}

/* --- does it listen?  As a client sees it: the first line of SSH comes --- */

/* Connects to "ADDRESS:PORT"; for 0.0.0.0 and [::] to this machine. */
static int
place_connect(char *place)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *ai = NULL;
	char *colon = strrchr(place, ':'), *host = place;
	int fd = -1;

	if (colon == NULL)
		return -1;
	*colon = '\0';
	if (*host == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		host++;
	}
	host = strcmp(host, "0.0.0.0") == 0 ? (char *)"127.0.0.1" : strcmp(host, "::") == 0 ? (char *)"::1" : host;
	if (getaddrinfo(host, colon + 1, &hints, &ai) == 0)
		fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0)
		fd_close(&fd);
	if (ai != NULL)
		freeaddrinfo(ai);
	return fd;
}

static bool
place_greets(const char *place)
{
	struct pollfd p = { .events = POLLIN };
	char copy[256], hello[4] = "";
	bool good;

	snprintf(copy, sizeof(copy), "%s", place);
	p.fd = place_connect(copy);
	good = p.fd >= 0 && poll(&p, 1, ANSWER_MS) == 1 && recv(p.fd, hello, sizeof(hello), 0) == (ssize_t)sizeof(hello) &&
	    memcmp(hello, "SSH-", sizeof(hello)) == 0;
	fd_close(&p.fd);
	return good;
}

static void
places_look(char *text, struct finding *f)
{
	static const char key[] = "ListenAddress ";
	char *save = NULL, shown[300] = "";

	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, key, sizeof(key) - 1) != 0)
			continue;
		line += sizeof(key) - 1;
		if (!place_greets(line)) {
			say(f, FAIL, "read the bastion's log", "%s: no SSH server answers there", line);
			return;
		}
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %s", line);
	}
	say(f, OK, "", "answers at%s", shown);
}

static void
check_listening(struct ctl *c, struct finding *f)
{
	struct ctl copy = *c;
	struct ask *a = ask_open(&copy);
	struct buf text;

	buf_init(&text, CONF_MAX);
	if (a == NULL)
		say(f, WARN, copy.e.code == -EACCES ? whose(EACCES) : "fortress serve", "not looked at: no bastion is to be asked");
	else if (conf_ask(c, &text) != 0)
		say(f, WARN, "mend the configuration", "not looked at: where it listens is not known");
	else
		places_look((char *)(uintptr_t)buf_cstr(&text), f);
	buf_done(&text);
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
		say(f, WARN, copy.e.code == -EACCES ? whose(EACCES) : "fortress serve", "not looked at: no bastion is to be asked");
	else if (f->level == OK && a.good > 0)
		say(f, OK, "", "%u agent%s on sockets of this machine answer%s", a.good, a.good == 1 ? "" : "s", a.good == 1 ? "s" : "");
}

/* in_state: says nothing when there is no state. */
static const struct { const char *name; void (*fn)(struct ctl *, struct finding *); bool in_state; } checks[] = {
	{ "libssh", check_libssh, false }, { "landlock", check_landlock, false }, { "kernel audit", check_audit, false },
	{ "clock", check_clock, false }, { "state", check_state, false }, { "configuration", check_conf, true },
	{ "keys", check_keys, true }, { "database", check_database, true }, { "disk", check_disk, true },
	{ "retention", check_retention, true }, { "bastion", check_running, true },
	{ "listening", check_listening, true }, { "agents", check_agents, true },
};

static const struct out_column columns[] = {
	{ "check", OUT_STRING, 0 }, { "result", OUT_STRING, 0 }, { "found", OUT_STRING, 0 }, { "what_to_do", OUT_STRING, 0 },
	{ NULL, 0, 0 },
};

static const char *const words[] = { [OK] = "ok", [WARN] = "warn", [FAIL] = "fail" };

/* For people a line each, and one more where there is something to do. */
static void
finding_print(const char *name, const struct finding *f)
{
	char text[sizeof(f->text) * 2];

	printf("%-5s %-14s %s\n", words[f->level], name, text_escaped(slice_from(f->text), text, sizeof(text)));
	if (f->todo[0] != '\0')
		printf("%-20s to do: %s\n", "", f->todo);
}

static void
finding_row(struct out *o, const char *name, const struct finding *f)
{
	out_cstr(o, name);
	out_cstr(o, words[f->level]);
	out_cstr(o, f->text);
	out_cstr(o, f->todo);
}

int
doctor(struct ctl *c, int argc, char **argv)
{
	struct out *o;
	bool failed = false, state = access(c->state, F_OK) == 0;

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	o = c->format != OUT_TEXT ? ctl_out(c, columns, false) : NULL;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding f = { 0 };

		if (checks[i].in_state && !state)
			continue;
		checks[i].fn(c, &f);
		failed = failed || f.level == FAIL;
		if (o != NULL)
			finding_row(o, checks[i].name, &f);
		else
			finding_print(checks[i].name, &f);
	}
	if (o != NULL && out_end(o) != 0)
		failed = true;
	return failed ? CTL_FAILED : CTL_OK;
}
