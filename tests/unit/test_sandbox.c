/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Each confinement, tried from inside: a child enters the sandbox and does one thing. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "tests/tap.h"

#define ENTER_FAILED 99

static const int open_calls[] = { SCMP_SYS(openat), -1 };
static const int file_calls[] = { SCMP_SYS(openat), SCMP_SYS(mkdir), SCMP_SYS(prctl), -1 };

static const struct sandbox plain = { .name = "plain" };
static const struct sandbox opens = { .name = "opens", .calls = open_calls };
static const struct sandbox files = { .name = "files", .calls = file_calls, .files_max = 64, .processes_max = 1 };
static const struct sandbox nobody = { .name = "nobody", .user = "nobody", .empty_root = true, .calls = file_calls };
static const unsigned size_ioctl[] = { TIOCGWINSZ, 0 };
static const struct sandbox sizes = { .name = "sizes", .ioctls = size_ioctl };
static const struct sandbox reads = { .name = "reads", .open_read = true };
static const struct sandbox rows_exec = { .name = "exec", .exec_memory = true };

static char dir[] = "/tmp/test_sandbox.XXXXXX";

static int
do_nothing(void)
{
	log_error("a line from inside");
	return clock_wall().us > 0 ? 0 : 1;
}

static int
do_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int
do_open(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : errno;
}

static int
do_open_to(int flags)
{
	return open("/dev/null", flags, 0600) >= 0 ? 0 : errno;
}

static int
do_append(void)
{
	return do_open_to(O_WRONLY | O_APPEND);
}

static int
do_update(void)
{
	return do_open_to(O_RDWR);
}

static int
do_make(void)
{
	return do_open_to(O_RDONLY | O_CREAT);
}

/* Of no terminal: what matters is that the question reaches the kernel. */
static int
do_ask_size(void)
{
	struct winsize ws;

	return ioctl(-1, TIOCGWINSZ, &ws) == -1 && errno == EBADF ? 0 : 1;
}

static int
do_type(void)
{
	return ioctl(0, TIOCSTI, "x") == 0;
}

static int
do_map_exec(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int
do_protect_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 1 : mprotect(p, 4096, PROT_READ | PROT_EXEC) != 0;
}

static int
do_fork(void)
{
	return fork() == -1;
}

static int
do_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int
do_kill_parent(void)
{
	return kill(getppid(), SIGTERM);
}

static int
do_abort(void)
{
	abort();
}

static int
do_write_inside(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/file", dir);
	return open(path, O_WRONLY | O_CREAT, 0600) >= 0 ? 0 : errno;
}

static int
do_look_inside(void)
{
	return open(dir, O_RDONLY) >= 0 ? 0 : errno;
}

static int
do_nobody(void)
{
	if (getuid() == 0 || geteuid() == 0 || getgid() == 0)
		return 1;
	if (open("/etc/passwd", O_RDONLY) >= 0 || mkdir("/x", 0700) == 0)
		return 2;
	if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	return 0;
}

struct row {
	const char *what;
	const struct sandbox *sandbox;
	size_t npaths;
	int (*fn)(void);
	int want_signal, want_exit;
	bool needs_root, needs_landlock, not_sanitized;
};

static const struct row rows[] = {
	{ "log, clock, exit", &plain, 0, do_nothing, 0, 0 },
	{ "a socket", &plain, 0, do_socket, SIGSYS, 0 },
	{ "opening a file", &plain, 0, do_open, SIGSYS, 0, .not_sanitized = true },
	{ "executable memory", &plain, 0, do_map_exec, SIGSYS, 0, .not_sanitized = true },
	{ "making memory executable", &plain, 0, do_protect_exec, SIGSYS, 0, .not_sanitized = true },
	{ "executable memory where it is allowed", &rows_exec, 0, do_map_exec, 0, 0 },
	{ "an ioctl that is listed", &sizes, 0, do_ask_size, 0, 0 },
	{ "one that is not: typing into the terminal", &sizes, 0, do_type, SIGSYS, 0, .not_sanitized = true },
	{ "opening a file for reading where that is allowed", &reads, 1, do_look_inside, 0, 0 },
	{ "for writing", &reads, 1, do_append, SIGSYS, 0, .not_sanitized = true },
	{ "for both", &reads, 1, do_update, SIGSYS, 0, .not_sanitized = true },
	{ "making one", &reads, 1, do_make, SIGSYS, 0, .not_sanitized = true },
	{ "fork", &plain, 0, do_fork, SIGSYS, 0, .not_sanitized = true },
	{ "execve", &plain, 0, do_exec, SIGSYS, 0 },
	{ "a signal to another", &plain, 0, do_kill_parent, SIGSYS, 0, .not_sanitized = true },
	{ "abort", &plain, 0, do_abort, SIGABRT, 0, .not_sanitized = true },
	{ "a file that Landlock hides", &opens, 0, do_open, 0, EACCES, .needs_landlock = true },
	{ "a file below a path that it leaves", &files, 1, do_write_inside, 0, 0 },
	{ "a file beside it", &files, 1, do_open, 0, EACCES, .needs_landlock = true },
	{ "an account and an empty root", &nobody, 0, do_nobody, 0, 0, .needs_root = true, .not_sanitized = true },
};

static int
run_row(const struct row *row)
{
	struct sandbox_path path = { dir, true };
	struct sandbox_state state;
	int status = -1;
	struct err e;
	pid_t pid = fork();

	if (pid == 0) {
		if (sandbox_enter(row->sandbox, NULL, &path, row->npaths, &state, &e) != 0) {
			fprintf(stderr, "# %s\n", e.text);
			_exit(ENTER_FAILED);
		}
		_exit(row->fn());
	}
	(void)waitpid(pid, &status, 0);
	return status;
}

/* What holds here, asked of a child, because it cannot be undone. */
static struct sandbox_state
probe(void)
{
	struct sandbox_state state = { 0 };
	struct err e;
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0)
		return state;
	pid = fork();
	if (pid == 0) {
		(void)sandbox_enter(&plain, NULL, NULL, 0, &state, &e);
		(void)fd_write_full(ends[1], &state, sizeof(state));
		_exit(0);
	}
	fd_close(&ends[1]);
	(void)fd_read_full(ends[0], &state, sizeof(state));
	fd_close(&ends[0]);
	(void)waitpid(pid, NULL, 0);
	return state;
}

static void
test_row(const struct row *row, const struct sandbox_state *here)
{
	int status;

#ifdef SANITIZE
	if (row->not_sanitized) {
		tap_skip("the sanitizers' runtime needs it");
		return;
	}
#endif
	if ((row->needs_root && here->unprivileged) || (row->needs_landlock && !here->landlock)) {
		tap_skip(row->needs_root ? "not root" : "no Landlock here");
		return;
	}
	status = run_row(row);
	ok(row->want_signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == row->want_signal :
	    WIFEXITED(status) && WEXITSTATUS(status) == row->want_exit,
	    "%s (status %#x)", row->what, (unsigned)status);
}

static void
test_filter(void)
{
	struct err e;
	struct sandbox_filter *f = sandbox_filter_new(&plain, &e);
	int status = 0;
	pid_t pid;

	ok(f != NULL, "a filter made before fork");
	for (int bad = 0; f != NULL && bad < 2; bad++) {
		pid = fork();
		if (pid == 0) {
			if (sandbox_filter_apply(f) != 0)
				_exit(ENTER_FAILED);
			_exit(bad ? do_socket() : do_nothing());
		}
		(void)waitpid(pid, &status, 0);
		ok(bad ? WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS : status == 0, "holds in the child");
	}
	sandbox_filter_free(f);
}

static void
test_missing(void)
{
	static const struct sandbox absent = { .name = "absent", .user = "no-such-account" };
	struct sandbox_path path = { "/proc/none/path", false };
	struct err e = { 0 };
	int status = 0;
	pid_t pid;

	if (geteuid() == 0)
		ok(sandbox_enter(&absent, NULL, NULL, 0, NULL, &e) == -ENOENT && strstr(e.text, "no-such-account") != NULL,
		    "no account: %s", e.text);
	pid = fork();
	if (pid == 0)
		_exit(sandbox_enter(&plain, NULL, &path, 1, NULL, &e) == -ENOENT ? 0 : 1);
	(void)waitpid(pid, &status, 0);
	if (probe().landlock)
		ok(status == 0, "a path that is not there is an error");
}

static void
test_title(void)
{
	char got[64] = "";
	int fd;

	sandbox_title("test: %s", "ali\x1b" "ce");
	fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	(void)fd_read_full(fd, got, sizeof(got) - 1);
	fd_close(&fd);
	is(got, "test: ali\\x1bce", "the title that ps shows");
	ok(getenv("PATH") != NULL && getenv("PATH")[0] != '\0', "the environment survives it");
}

int
main(int argc, char **argv)
{
	struct sandbox_state here;
	char path[64];

	sandbox_title_init(argc, argv);
	log_open("test", LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
	if (mkdtemp(dir) == NULL)
		return 99;
	here = probe();
	ok(here.seccomp, "seccomp is there");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&rows[i], &here);
	test_filter();
	test_missing();
	test_title();
	snprintf(path, sizeof(path), "%s/file", dir);
	(void)unlink(path);
	(void)rmdir(dir);
	return tap_done();
}
