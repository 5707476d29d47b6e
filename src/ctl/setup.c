/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress setup: the state directory, its host keys, a configuration, a policy; as root also the accounts of the separated
 * processes.  It makes what is missing and mends modes and, behind sudo, owners; what somebody has written is never written over.  A
 * configuration that is still as it was made here, byte by byte, may get another address.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/net.h"
#include "base/text.h"
#include "ctl/run.h"
#include "ctl/setup.h"

enum { PATH_BYTES = 4096, TEXT_MAX = 65536, PLACE = 80 };

struct setup {
	struct ctl *c;
	struct out *out;                     /* a row for each thing */
	const char *user, *listen;
	uint64_t port;                       /* 0: not given */
};

static const struct out_column columns[] = {
	{ "what", OUT_STRING, 0 }, { "result", OUT_STRING, 0 }, { NULL, 0, 0 },
};

static void
row(const struct setup *s, const char *what, const char *result)
{
	out_cstr(s->out, what);
	out_cstr(s->out, result);
}

static const char conf_form[] =
    "# The bastion's configuration: see fortress.conf(5).  fortress serve -t checks it.\n"
    "ListenAddress %s\n"
    "Policy policy.conf\n"
    "\n"
    "# Logins by PAM (passwords, one-time codes, LDAP), beside keys:\n"
    "#UsePAM yes\n"
    "# Signed checkpoints of the audit log on another machine's mount:\n"
    "#CheckpointFile /mnt/elsewhere/checkpoints\n"
    "# No login while the kernel's audit log takes no records:\n"
    "#KernelAudit required\n";

static const char policy_head[] =
    "# Who may do what on which hosts: see policy(5).  What is not permitted here is denied.\n"
    "# After a change: fortress policy check, fortress reload.  Why (not): fortress policy explain USER VERB HOST.\n"
    "\n"
    "# Whoever is in the group ops (fortress user add NAME --group ops) may work on every host,\n"
    "# as each login that the host lists.\n";

static const char policy_rest[] =
    "permit role ops shell,exec,put,get,jump,forward on any id ops\n"
    "# But nobody is forwarded to link-local addresses, where clouds keep what their machines may know.\n"
    "deny any forward on any to 169.254.0.0/16:*, [fe80::/10]:*, [fd00:ec2::254]:*\n"
    "\treason \"link-local and metadata addresses\" id link-local\n"
    "\n"
    "# Take away the # from what fits, and change it.\n"
    "#permit role ops watch,join,replay on any id look\n"
    "#hosts production { env=prod & !quarantine }\n"
    "#time office Mon-Fri 09:00-18:00 +08:00\n"
    "#command lookers { /usr/bin/uptime ; /usr/bin/journalctl -u <ident> }\n"
    "#permit :dev exec on production as www cmd lookers when office id dev-look\n"
    "#deny any forward,jump on production unless role ops reason \"ask operations\"\n"
    "#require mfa for any any on production\n";

/* --- directories --- */

/* Of a bastion, or empty: nothing else is turned into a state. */
static int
dir_is_fit(struct setup *s, const char *path)
{
	static const char *const ours[] = { "fortress.conf", "policy.conf", "keys", "run", "db" };
	const struct dirent *entry;
	bool empty = true, known = false;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return err_set(&s->c->e, -errno, "%s: %s", path, strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			known = known || strcmp(entry->d_name, ours[i]) == 0;
	}
	closedir(dir);
	return empty || known ? 0 : err_set(&s->c->e, -ENOTEMPTY, "%s: not empty, and no bastion's state: name another with --state",
	    path);
}

static int
parents_make(struct setup *s, const char *path)
{
	char copy[PATH_BYTES];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *at = strchr(copy + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(copy, 0755) != 0 && errno != EEXIST)
			return err_set(&s->c->e, -errno, "%s: %s", copy, strerror(errno));
		*at = '/';
	}
	return 0;
}

/* Ours, or of whoever lent us root: what others have put there nobody is to serve by. */
static int
owner_check(struct setup *s, const char *path, uid_t owner)
{
	const char *lender = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
	const struct passwd *pw;
	uint64_t uid;

	if (owner == geteuid() || (lender != NULL && text_u64(slice_from(lender), UINT32_MAX, &uid) && owner == (uid_t)uid))
		return 0;
	pw = getpwuid(owner);
	return err_set(&s->c->e, -EPERM, "%s: belongs to %s, and so does what is in it: name another with --state", path,
	    pw != NULL ? pw->pw_name : "nobody who is known");
}

/* name "": the state itself. */
static int
dir_make(struct setup *s, const char *name, mode_t mode)
{
	char path[PATH_BYTES];
	const char *result = "made";
	struct stat st;

	snprintf(path, sizeof(path), "%s%s%s", s->c->state, name[0] != '\0' ? "/" : "", name);
	if (mkdir(path, mode) != 0) {
		if (errno != EEXIST || (name[0] == '\0' && dir_is_fit(s, path) != 0))
			return s->c->e.code != 0 ? s->c->e.code : err_set(&s->c->e, -errno, "%s: %s", path, strerror(errno));
		result = "kept";
	}
	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_set(&s->c->e, -ENOTDIR, "%s: not a directory", path);
	if (owner_check(s, path, st.st_uid) != 0)
		return s->c->e.code;
	if ((st.st_mode & 07777) != mode || st.st_uid != geteuid()) {
		if (lchown(path, geteuid(), (gid_t)-1) != 0 || chmod(path, mode) != 0)
			return err_set(&s->c->e, -errno, "%s: %s", path, strerror(errno));
		result = strcmp(result, "kept") == 0 ? "mended" : result;
	}
	row(s, path, result);
	return 0;
}

/* Root's state may be passed through: agents' sockets lie in run. */
static int
dirs_make(struct setup *s)
{
	mode_t open = geteuid() == 0 ? 0711 : 0700;
	int r = parents_make(s, s->c->state);

	if (r == 0)
		r = dir_make(s, "", open);
	if (r == 0)
		r = dir_make(s, "keys", 0700);
	if (r == 0)
		r = dir_make(s, "run", open);
	return r == 0 ? dir_make(s, "log", 0700) : r;
}

/* --- other programs --- */

static int
program_find(struct setup *s, const char *name, const char *package, char path[PATH_BYTES])
{
	static const char *const dirs[] = { "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, PATH_BYTES, "%s/%s", dirs[i], name);
		if (access(path, X_OK) == 0)
			return 0;
	}
	return err_set(&s->c->e, -ENOENT, "%s is not here: install the package %s", name, package);
}

static int
program_run(struct setup *s, char *const argv[])
{
	struct buf said;
	int r;

	buf_init(&said, TEXT_MAX);
	r = run_program(argv, &said, &s->c->e);
	if (r > 0)
		r = err_set(&s->c->e, -EIO, "%s: %.*s", argv[0], (int)strcspn(buf_cstr(&said), "\n"), buf_cstr(&said));
	buf_done(&said);
	return r;
}

static int
key_make(struct setup *s, const char *type, const char *bits)
{
	char program[PATH_BYTES], path[PATH_BYTES];
	char *argv[] = { program, (char *)(uintptr_t)"-q", (char *)(uintptr_t)"-t", (char *)(uintptr_t)type, (char *)(uintptr_t)"-N",
	    (char *)(uintptr_t)"", (char *)(uintptr_t)"-C", (char *)(uintptr_t)"fortress host key", (char *)(uintptr_t)"-f", path,
	    bits != NULL ? (char *)(uintptr_t)"-b" : NULL, (char *)(uintptr_t)bits, NULL };
	struct stat st;
	int r;

	snprintf(path, sizeof(path), "%s/keys/host_%s", s->c->state, type);
	if (stat(path, &st) != 0) {
		r = program_find(s, "ssh-keygen", "openssh-client", program);
		if (r == 0)
			r = program_run(s, argv);
		if (r == 0)
			row(s, path, "made");
		return r;
	}
	if ((st.st_mode & 077) != 0 && chmod(path, 0600) != 0)
		return err_set(&s->c->e, -errno, "%s: %s", path, strerror(errno));
	row(s, path, (st.st_mode & 077) != 0 ? "mended" : "kept");
	return 0;
}

static int
keys_make(struct setup *s)
{
	int r = key_make(s, "ed25519", NULL);

	if (r == 0)
		r = key_make(s, "ecdsa", "256");
	return r == 0 ? key_make(s, "rsa", "3072") : r;
}

static int
account_make(struct setup *s, const char *name)
{
	char program[PATH_BYTES], what[80];
	char *argv[] = { program, (char *)(uintptr_t)"--system", (char *)(uintptr_t)"--no-create-home",
	    (char *)(uintptr_t)"--home-dir", (char *)(uintptr_t)"/nonexistent", (char *)(uintptr_t)"--shell",
	    (char *)(uintptr_t)"/usr/sbin/nologin", (char *)(uintptr_t)name, NULL };
	bool there = getpwnam(name) != NULL;
	int r = 0;

	if (!there)
		r = program_find(s, "useradd", "passwd", program);
	if (!there && r == 0)
		r = program_run(s, argv);
	snprintf(what, sizeof(what), "account %s", name);
	if (r == 0)
		row(s, what, there ? "kept" : "made");
	return r;
}

static int
accounts_make(struct setup *s)
{
	static const char *const names[] = { "_fortress", "_fortress-gate", "_fortress-store" };
	int r = 0;

	for (size_t i = 0; geteuid() == 0 && r == 0 && i < sizeof(names) / sizeof(names[0]); i++)
		r = account_make(s, names[i]);
	return r;
}

/* --- configuration and policy --- */

/* The value of the first ListenAddress, or "". */
static void
place_of(struct buf *text, char place[PLACE])
{
	static const char key[] = "\nListenAddress ";
	const char *at = strstr(buf_cstr(text), key);

	place[0] = '\0';
	if (at != NULL)
		snprintf(place, PLACE, "%.*s", (int)strcspn(at + sizeof(key) - 1, "\n"), at + sizeof(key) - 1);
}

static void
place_make(const struct setup *s, const char *old, char place[PLACE])
{
	const char *colon = strrchr(old, ':');
	char host[PLACE];

	if (s->listen != NULL)
		snprintf(host, sizeof(host), strchr(s->listen, ':') != NULL ? "[%s]" : "%s", s->listen);
	else if (colon != NULL)
		snprintf(host, sizeof(host), "%.*s", (int)(colon - old), old);
	else
		snprintf(host, sizeof(host), "127.0.0.1");
	if (s->port != 0 || colon == NULL)
		snprintf(place, PLACE, "%.60s:%u", host, s->port != 0 ? (unsigned)s->port : 2222);
	else
		snprintf(place, PLACE, "%.60s%s", host, colon);
}

static int
file_put(struct setup *s, const char *path, struct buf *text, const char *result)
{
	int r = fd_write_file(path, text->p, text->len, 0644, &s->c->e);

	if (r == 0)
		row(s, path, result);
	return r;
}

static int
conf_make(struct setup *s)
{
	char path[PATH_BYTES], old[PLACE] = "", place[PLACE];
	struct buf is, was, text;
	bool there;
	int r = 0;

	buf_init(&is, TEXT_MAX);
	buf_init(&was, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	snprintf(path, sizeof(path), "%s/fortress.conf", s->c->state);
	there = access(path, F_OK) == 0;
	if (there)
		r = fd_read_file(path, TEXT_MAX, &is, &s->c->e);
	if (r == 0)
		place_of(&is, old);
	place_make(s, old, place);
	if (r == 0 && (buf_printf(&was, conf_form, old) != 0 || buf_printf(&text, conf_form, place) != 0))
		r = err_set(&s->c->e, -ENOMEM, "out of memory");
	if (r == 0 && there && strcmp(old, place) == 0)
		row(s, path, "kept");
	else if (r == 0 && there && !slice_eq(buf_slice(&is), buf_slice(&was)) && (s->port != 0 || s->listen != NULL))
		r = err_set(&s->c->e, -EEXIST, "%s: written by somebody already: change its ListenAddress to %s there", path, place);
	else if (r == 0 && there && !slice_eq(buf_slice(&is), buf_slice(&was)))
		row(s, path, "kept");
	else if (r == 0)
		r = file_put(s, path, &text, there ? "changed" : "made");
	buf_done(&is);
	buf_done(&was);
	buf_done(&text);
	return r;
}

static int
policy_make(struct setup *s)
{
	char path[PATH_BYTES];
	struct buf text;
	int r;

	snprintf(path, sizeof(path), "%s/policy.conf", s->c->state);
	if (access(path, F_OK) == 0) {
		row(s, path, "kept");
		return 0;
	}
	buf_init(&text, TEXT_MAX);
	r = buf_printf(&text, "%srole ops { %s%s:ops }\n%s", policy_head, s->user != NULL ? s->user : "",
	    s->user != NULL ? ", " : "", policy_rest);
	r = r == 0 ? file_put(s, path, &text, "made") : err_set(&s->c->e, r, "out of memory");
	buf_done(&text);
	return r;
}

/* --- the command --- */

static int
options_parse(struct setup *s, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "user", required_argument, NULL, 'u' }, { "port", required_argument, NULL, 'p' },
		{ "listen", required_argument, NULL, 'l' }, { NULL, 0, NULL, 0 },
	};
	struct net_addr addr;
	int o;

	optind = 0;
	while ((o = ctl_option(s->c, argc, argv, ":", longs)) != -1)
		switch (o) {
		case 'u':
			s->user = optarg;
			if (!text_is_name(slice_from(optarg)))
				return ctl_bad(s->c, "--user %s: not a name (1 to 64 letters, digits, _ . @ -)", optarg);
			break;
		case 'p':
			if (!text_u64(slice_from(optarg), 65535, &s->port) || s->port == 0)
				return ctl_bad(s->c, "--port %s: a port is 1 to 65535", optarg);
			break;
		case 'l':
			s->listen = optarg;
			if (net_parse(slice_from(optarg), &addr) != 0)
				return ctl_bad(s->c, "--listen %s: not an IP address; 0.0.0.0 stands for all of them", optarg);
			break;
		default:
			return CTL_USAGE;
		}
	return ctl_words(s->c, argc, argv, 0, 0);
}

static void
next_say(const struct setup *s)
{
	const char *user = s->user != NULL ? s->user : "NAME";

	printf("\nNext:  fortress --state %s serve --background\n", s->c->state);
	if (s->user == NULL)
		printf("       fortress --state %s user add NAME --group ops\n", s->c->state);
	printf("       fortress --state %s enroll %s\n", s->c->state, user);
	printf("       fortress --state %s host add HOST ADDRESS --login LOGIN --trust-first-key\n", s->c->state);
	printf("       on HOST add %s/keys/target_ed25519.pub to LOGIN's authorized_keys\n", s->c->state);
}

/* It goes into what is printed, for use elsewhere. */
static bool
state_absolute(struct ctl *c)
{
	char dir[PATH_BYTES], whole[PATH_BYTES * 2];

	if (getcwd(dir, sizeof(dir)) == NULL || snprintf(whole, sizeof(whole), "%s/%s", dir, c->state) >= (int)sizeof(c->state))
		return false;
	memcpy(c->state, whole, strlen(whole) + 1);
	return true;
}

int
setup(struct ctl *c, int argc, char **argv)
{
	struct setup s = { .c = c };
	int r = options_parse(&s, argc, argv);

	if (r != CTL_OK)
		return r;
	if (c->state[0] != '/' && !state_absolute(c))
		return ctl_fail(c, "%s: too long", c->state);
	s.out = ctl_out(c, columns, false);
	r = dirs_make(&s);
	if (r == 0)
		r = accounts_make(&s);
	if (r == 0)
		r = keys_make(&s);
	if (r == 0)
		r = conf_make(&s);
	if (r == 0)
		r = policy_make(&s);
	r = out_end(s.out) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
	if (r == CTL_OK && c->format == OUT_TEXT)
		next_say(&s);
	return r;
}
