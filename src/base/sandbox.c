/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Giving up, in the one order that works: the account is looked up while there are still
 * files; chroot and the bounding set while there are still capabilities; then the uid;
 * then what needs no privilege: limits, Landlock, and seccomp as the last.
 *
 * The filter is compiled once into plain BPF, so that putting it on is one system call
 * (a front does that in each child, and libseccomp's work is not repeated there).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sandbox.h"

#ifdef SANITIZE
#define SANITIZED true
static int entered;
int __lsan_is_turned_off(void);

/* The search for leaks at exit needs /proc and ptrace; in a sandbox it would wait for ever.  tests/long/leaks.t looks for them. */
int
__lsan_is_turned_off(void)
{
	return entered;
}
#else
#define SANITIZED false
#endif

/* The rights of Landlock's third ABI, which older kernel headers do not name. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define RIGHTS_READ  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE)
#define RIGHTS_WRITE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | \
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REFER | \
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
    LANDLOCK_ACCESS_FS_MAKE_SYM)
#define RIGHTS_FILE  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
    LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_EXECUTE)

/* What every process may do: move bytes on what it holds, wait, use memory, end. */
static const int common_calls[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendto),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(signalfd4), SCMP_SYS(brk),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(munlock),
	SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(fcntl),
	SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(rseq), SCMP_SYS(set_robust_list),
	SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid), SCMP_SYS(getppid),
	SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(sysinfo),              /* qsort of a large array asks how much memory there is */
	-1,
};

/* What the sanitizers' runtime does behind our back, up to its leak check at exit. */
static const int sanitizer_calls[] = {
	SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(sigaltstack), SCMP_SYS(openat), SCMP_SYS(open),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(prctl), SCMP_SYS(arch_prctl),
	SCMP_SYS(ioctl), SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(wait4), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(sched_getaffinity), SCMP_SYS(mincore),
	SCMP_SYS(prlimit64), SCMP_SYS(getrlimit), SCMP_SYS(uname), SCMP_SYS(access), SCMP_SYS(stat),
	SCMP_SYS(getdents64), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(tgkill), SCMP_SYS(kill),
	-1,
};

static int
fail(struct err *e, const struct sandbox *s, const char *what)
{
	int r = errno != 0 ? -errno : -EIO;

	return err_set(e, r, "%s: sandbox: %s: %s", s->name, what, strerror(-r));
}

/* --- The account, the root and the capabilities --- */

struct account {
	bool change;
	uid_t uid;
	gid_t gid;
};

static int
account_find(const struct sandbox *s, struct account *a, struct err *e)
{
	const struct passwd *pw;

	*a = (struct account){ 0 };
	if (s->user == NULL || geteuid() != 0)
		return 0;
	errno = 0;
	pw = getpwnam(s->user);
	if (pw == NULL)
		return err_set(e, errno != 0 ? -errno : -ENOENT,
		    "%s: there is no account %s: create it, or run without root", s->name, s->user);
	*a = (struct account){ .change = pw->pw_uid != 0, .uid = pw->pw_uid, .gid = pw->pw_gid };
	return 0;
}

/* A folder that is removed before anyone sits in it: empty, and nothing can be made in it. */
static int
enter_empty_root(void)
{
	static const char *const places[] = { "/run", "/tmp" };
	char path[64];
	int fd = -1, r;

	for (size_t i = 0; i < 2 && fd < 0; i++) {
		snprintf(path, sizeof(path), "%s/fortress-empty.XXXXXX", places[i]);
		if (mkdtemp(path) == NULL)
			continue;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)rmdir(path);
	}
	if (fd < 0)
		return -1;
	r = fchdir(fd) == 0 && chroot(".") == 0 ? 0 : -1;
	fd_close(&fd);
	return r;
}

static int
enter_root(const struct sandbox *s, const char *root_dir, struct sandbox_state *state, struct err *e)
{
	if ((root_dir == NULL && !s->empty_root) || geteuid() != 0)
		return 0;
	if (root_dir == NULL) {
		if (enter_empty_root() != 0)
			return fail(e, s, "empty root");
	} else if (chroot(root_dir) != 0 || chdir("/") != 0) {
		return fail(e, s, root_dir);
	}
	state->root = true;
	return 0;
}

static int
drop_bounding_set(void)
{
	for (unsigned long cap = 0; cap <= 63; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return errno == EINVAL && cap > 0 ? 0 : -1;   /* past the kernel's last one */
	return 0;
}

static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &head, none);
}

static int
change_account(const struct sandbox *s, const struct account *a, struct err *e)
{
	int back;

	if (a->change) {
		if (drop_bounding_set() != 0)
			return fail(e, s, "bounding set");
		if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 || setgroups(0, NULL) != 0 ||
		    setresgid(a->gid, a->gid, a->gid) != 0 || setresuid(a->uid, a->uid, a->uid) != 0)
			return fail(e, s, s->user);
		back = setuid(0);
		assert(back != 0 && getuid() == a->uid);
	}
	if (geteuid() != 0 && !s->no_seccomp && drop_capabilities() != 0)
		return fail(e, s, "capabilities");
	return 0;
}

/* --- Limits --- */

static int
limit(int what, rlim_t value)
{
	struct rlimit now;

	if (getrlimit(what, &now) != 0)
		return -1;
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
		value = now.rlim_max;
	return setrlimit(what, &(struct rlimit){ value, value });
}

static int
set_limits(const struct sandbox *s, struct err *e)
{
	if (!SANITIZED && !s->no_seccomp &&
	    (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || limit(RLIMIT_CORE, 0) != 0))
		return fail(e, s, "core dumps");
	/* A new uid made it not dumpable, but then the leak check could not look at it. */
	if (SANITIZED)
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (!SANITIZED && s->memory_max > 0 && limit(RLIMIT_AS, s->memory_max) != 0)
		return fail(e, s, "memory limit");
	if (s->files_max > 0 && limit(RLIMIT_NOFILE, s->files_max) != 0)
		return fail(e, s, "limit of descriptors");
	if (s->processes_max > 0 && !SANITIZED && limit(RLIMIT_NPROC, s->processes_max - 1) != 0)
		return fail(e, s, "limit of processes");
	return 0;
}

/* --- Landlock --- */

/* All rights that this kernel can take away; 0 where it has no Landlock. */
static uint64_t
landlock_rights(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t first = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1;

	if (abi < 1)
		return 0;
	return first | (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) |
	    (abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
}

static int
landlock_allow(int rules, const struct sandbox_path *p, uint64_t handled)
{
	struct landlock_path_beneath_attr rule;
	struct stat st;
	int fd = open(p->path, O_PATH | O_CLOEXEC), r = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		rule = (struct landlock_path_beneath_attr){ .parent_fd = fd,
			.allowed_access = handled & (p->writable ? RIGHTS_WRITE : RIGHTS_READ) };
		if (!S_ISDIR(st.st_mode))
			rule.allowed_access &= RIGHTS_FILE;
		r = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	fd_close(&fd);
	return r;
}

static int
enter_landlock(const struct sandbox *s, const struct sandbox_path *paths, size_t n,
    struct sandbox_state *state, struct err *e)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = landlock_rights() };
	int rules, r = 0;

	if (attr.handled_access_fs == 0 || SANITIZED)
		return 0;
	if (n == 1 && paths[0].writable && strcmp(paths[0].path, "/") == 0)
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return fail(e, s, "Landlock");
	for (size_t i = 0; i < n && r == 0; i++)
		if (landlock_allow(rules, &paths[i], attr.handled_access_fs) != 0)
			r = fail(e, s, paths[i].path);
	if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		r = fail(e, s, "Landlock");
	fd_close(&rules);
	state->landlock = r == 0;
	return r;
}

/* --- seccomp --- */

struct sandbox_filter {
	struct sock_fprog program;
	struct sock_filter code[];
};

static int
allow(scmp_filter_ctx c, int call)
{
	int r = seccomp_rule_add(c, SCMP_ACT_ALLOW, call, 0);

	return r == -EEXIST ? 0 : r;
}

static int
allow_list(scmp_filter_ctx c, const int *calls)
{
	int r = 0;

	for (size_t i = 0; calls != NULL && calls[i] != -1 && r == 0; i++)
		r = allow(c, calls[i]);
	return r;
}

/* So that a process with somebody's terminal cannot type into it (TIOCSTI). */
static int
allow_ioctls(scmp_filter_ctx c, const unsigned *requests)
{
	int r = 0;

	for (size_t i = 0; requests != NULL && requests[i] != 0 && r == 0; i++)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		    SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, requests[i]));
	return r;
}

/* No word of openat's flags that makes, empties or writes a file. */
static int
allow_open_read(scmp_filter_ctx c)
{
	return seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), O_RDONLY));
}

/* Memory that is not executable, the own name, and abort(3) upon itself if `pid` is known. */
static int
allow_narrow(scmp_filter_ctx c, const struct sandbox *s, pid_t pid)
{
	int r;

	if (s->exec_memory) {
		r = allow(c, SCMP_SYS(mmap));
		return r != 0 ? r : allow(c, SCMP_SYS(mprotect));
	}
	r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0 && pid > 0)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)pid), SCMP_A2(SCMP_CMP_EQ, SIGABRT));
	return r;
}

static int
filter_build(scmp_filter_ctx c, const struct sandbox *s, pid_t pid)
{
	int r = seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	/* A binary tree over the call's number instead of one comparison after another. */
	(void)seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = r != 0 ? r : allow_list(c, common_calls);
	r = r != 0 ? r : allow_list(c, s->calls);
	if (SANITIZED)
		return r != 0 ? r : allow_list(c, sanitizer_calls);
	r = r != 0 ? r : allow_ioctls(c, s->ioctls);
	if (r == 0 && s->open_read)
		r = allow_open_read(c);
	return r != 0 ? r : allow_narrow(c, s, pid);
}

/* libseccomp writes its program to a descriptor only. */
static struct sandbox_filter *
filter_export(scmp_filter_ctx c)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	struct sandbox_filter *f = NULL;
	struct stat st;
	size_t n;

	if (fd < 0 || seccomp_export_bpf(c, fd) != 0 || fstat(fd, &st) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		goto out;
	n = (size_t)st.st_size;
	if (n == 0 || n % sizeof(f->code[0]) != 0 || n / sizeof(f->code[0]) > BPF_MAXINSNS)
		goto out;
	f = malloc(sizeof(*f) + n);
	if (f == NULL)
		goto out;
	f->program = (struct sock_fprog){ .len = (unsigned short)(n / sizeof(f->code[0])), .filter = f->code };
	if (fd_read_full(fd, f->code, n) != (ssize_t)n) {
		free(f);
		f = NULL;
	}
out:
	fd_close(&fd);
	return f;
}

static struct sandbox_filter *
filter_new(const struct sandbox *s, pid_t pid, struct err *e)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct sandbox_filter *f = NULL;

	errno = 0;
	if (c != NULL && filter_build(c, s, pid) == 0)
		f = filter_export(c);
	if (f == NULL)
		(void)fail(e, s, "seccomp");
	seccomp_release(c);
	return f;
}

struct sandbox_filter *
sandbox_filter_new(const struct sandbox *s, struct err *e)
{
	return filter_new(s, 0, e);
}

int
sandbox_filter_apply(const struct sandbox_filter *f)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &f->program) != 0 ? -errno : 0;
}

void
sandbox_filter_free(struct sandbox_filter *f)
{
	free(f);
}

static int
enter_seccomp(const struct sandbox *s, struct sandbox_state *state, struct err *e)
{
	struct sandbox_filter *f = filter_new(s, getpid(), e);
	int r;

	if (f == NULL)
		return -EIO;
	r = sandbox_filter_apply(f);
	sandbox_filter_free(f);
	if (r != 0)
		return err_set(e, r, "%s: sandbox: seccomp: %s", s->name, strerror(-r));
	state->seccomp = true;
	return 0;
}

bool
sandbox_holds(const struct sandbox_state *state)
{
	return state->seccomp && (state->unprivileged || state->root);
}

const char *
sandbox_owner(const char *dir)
{
	const struct passwd *pw;
	struct stat st;

	if (geteuid() != 0 || stat(dir, &st) != 0 || st.st_uid == 0)
		return NULL;
	pw = getpwuid(st.st_uid);
	return pw != NULL ? pw->pw_name : NULL;
}

int
sandbox_enter(const struct sandbox *s, const char *root_dir, const struct sandbox_path *paths,
    size_t n, struct sandbox_state *ret_state, struct err *e)
{
	struct sandbox_state state = { .unprivileged = geteuid() != 0 };
	struct account account;
	int r;

#ifdef SANITIZE
	entered = 1;
#endif
	r = account_find(s, &account, e);
	r = r != 0 ? r : enter_root(s, root_dir, &state, e);
	r = r != 0 ? r : change_account(s, &account, e);
	r = r != 0 ? r : set_limits(s, e);
	if (r == 0 && !s->no_seccomp) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			return fail(e, s, "no_new_privs");
		r = enter_landlock(s, paths, n, &state, e);
		r = r != 0 ? r : enter_seccomp(s, &state, e);
	}
	if (r == 0 && ret_state != NULL)
		*ret_state = state;
	return r;
}
