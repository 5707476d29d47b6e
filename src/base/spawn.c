/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fork, arrange, execve.  What fails in the child before execve comes back as an errno
 * through a pipe that execve closes, so that the caller gets one clear answer.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"

static char *const default_env[] = {
	(char[]){ "LANG=C.UTF-8" },
	(char[]){ "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin" },
	NULL,
};

static void
reset_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Every source is first moved above all targets, so that none is overwritten before its turn. */
static int
place_fds(const struct spawn *s)
{
	int above = 3 + s->nfds;
	int from[3 + SPAWN_FDS_MAX];

	for (int i = 0; i < above; i++) {
		int fd = i < 3 ? s->stdio[i] : s->fds[i - 3];

		if (fd < 0 && i < 2)
			fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0 && i == 2)
			fd = 2;
		from[i] = fcntl(fd, F_DUPFD_CLOEXEC, above);
		if (from[i] < 0)
			return -errno;
	}
	for (int i = 0; i < above; i++)
		if (dup2(from[i], i) < 0)
			return -errno;
	return 0;
}

static int
child_arrange(const struct spawn *s)
{
	int r;

	if (s->setsid && setsid() < 0)
		return -errno;
	r = place_fds(s);
	if (r != 0)
		return r;
	if (s->setsid && isatty(0) && ioctl(0, TIOCSCTTY, 0) != 0)
		return -errno;
	if (syscall(SYS_close_range, 3u + (unsigned)s->nfds, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		return -errno;
	reset_signals();
	return 0;
}

static void child_run(const struct spawn *s, int report) __attribute__((noreturn));

static void
child_run(const struct spawn *s, int report)
{
	int r, high;

	/* Above the places that place_fds fills. */
	high = fcntl(report, F_DUPFD_CLOEXEC, 3 + SPAWN_FDS_MAX);
	r = high < 0 ? -errno : child_arrange(s);
	if (r == 0) {
		execve(s->path, s->argv, s->envp != NULL ? s->envp : default_env);
		r = -errno;
	}
	(void)fd_write_full(high < 0 ? report : high, &r, sizeof(r));
	_exit(127);
}

pid_t
spawn_start(const struct spawn *s, struct err *e)
{
	sigset_t all, before;
	int report[2], r = 0;
	ssize_t n;
	pid_t pid;

	assert(s->nfds >= 0 && s->nfds <= SPAWN_FDS_MAX && s->path != NULL && s->argv != NULL);
	if (pipe2(report, O_CLOEXEC) != 0) {
		r = -errno;
		return err_set(e, r, "%s: cannot start: %s", s->path, strerror(-r));
	}
	/* No handler of ours may run in the child. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		child_run(s, report[1]);
	if (pid < 0)
		r = -errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	fd_close(&report[1]);
	n = pid < 0 ? 0 : fd_read_full(report[0], &r, sizeof(r));
	fd_close(&report[0]);
	if (n != 0 && pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (n != 0 && n != (ssize_t)sizeof(r))
		r = -EIO;
	return r == 0 ? pid : err_set(e, r, "%s: cannot start: %s", s->path, strerror(-r));
}

int
spawn_path(const char *program, char *out, size_t size)
{
	const char *folder = secure_getenv("FORTRESS_LIBEXEC");
	int n;

	if (folder == NULL || folder[0] != '/')
		folder = PKGLIBEXECDIR;
	n = snprintf(out, size, "%s/%s", folder, program);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
