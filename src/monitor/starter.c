/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * "It has started" means that it serves: --background returns then, with 0, and before that with 1 and what the log
 * says; a service manager is told by its own protocol, a datagram of "READY=1" to the socket that NOTIFY_SOCKET names
 * (sd_notify(3)).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "monitor/starter.h"

enum { PATH_BYTES = 4096, TOLD_MAX = 16384 };

static int tell_fd = -1;                 /* the end of the pipe that the shell's process reads */
static bool told;

/* Appended to, so that it may be cut from outside (logrotate's copytruncate). */
static int
log_file(const char *state_dir, char path[PATH_BYTES], struct err *e)
{
	int fd;

	(void)snprintf(path, PATH_BYTES, "%s/log", state_dir);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (snprintf(path, PATH_BYTES, "%s/log/fortress.log", state_dir) >= PATH_BYTES)
		return err_set(e, -ENAMETOOLONG, "%s: too long", state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

/* In the shell's process: 0 when the other has said that it serves, else 1 with what its log got since at. */
static _Noreturn void
wait_for_it(int fd, int log, off_t at, const char *path)
{
	char text[TOLD_MAX];
	ssize_t n;

	if (fd_read_full(fd, text, 1) == 1)
		_exit(0);
	n = pread(log, text, sizeof(text), at);
	fprintf(stderr, "fortress: the bastion did not start; %s says:\n", path);
	if (n > 0)
		(void)fwrite(text, 1, (size_t)n, stderr);
	_exit(1);
}

int
starter_leave(const char *state_dir, struct err *e)
{
	char path[PATH_BYTES];
	int pair[2], null = open("/dev/null", O_RDWR | O_CLOEXEC), log = log_file(state_dir, path, e);
	off_t before;
	pid_t pid;

	if (log < 0)
		return log;
	before = lseek(log, 0, SEEK_END);
	if (null < 0 || pipe2(pair, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		return err_set(e, -errno, "cannot go to the background: %s", strerror(errno));
	if (pid > 0) {
		close(pair[1]);
		wait_for_it(pair[0], log, before, path);
	}
	close(pair[0]);
	tell_fd = pair[1];
	(void)setsid();
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log, 2) < 0)
		return err_set(e, -errno, "cannot go to the background: %s", strerror(errno));
	close(null);
	close(log);
	return 0;
}

static void
tell_manager(void)
{
	static const char ready[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = path != NULL ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof(un.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(un.sun_path, path, n);
	if (path[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL, (const struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

void
starter_tell(void)
{
	if (told)
		return;
	told = true;
	if (tell_fd >= 0)
		(void)fd_write_full(tell_fd, "+", 1);
	fd_close(&tell_fd);
	tell_manager();
}

bool
starter_has_terminal(void)
{
	struct sigaction now;

	return sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN && !starter_terminal_is_gone();
}

bool
starter_terminal_is_gone(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	bool gone = fd < 0;

	fd_close(&fd);
	return gone;
}
