/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "ctl/run.h"

/* To the end, even when there is no room: the program shall not hang on a full pipe. */
static void
take_all(int fd, struct buf *said)
{
	char piece[4096];
	ssize_t n;

	while ((n = fd_read_full(fd, piece, sizeof(piece))) > 0)
		(void)buf_append(said, piece, (size_t)n);
}

int
run_program(char *const argv[], struct buf *said, struct err *e)
{
	struct spawn s = { .path = argv[0], .argv = argv, .stdio = { -1, -1, -1 } };
	int pair[2], status;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) != 0)
		return err_set(e, -errno, "%s: %s", argv[0], strerror(errno));
	s.stdio[1] = s.stdio[2] = pair[1];
	pid = spawn_start(&s, e);
	close(pair[1]);
	if (pid > 0)
		take_all(pair[0], said);
	close(pair[0]);
	if (pid < 0)
		return (int)pid;
	if (waitpid(pid, &status, 0) != pid)
		return err_set(e, -errno, "%s: %s", argv[0], strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : err_set(e, -EIO, "%s: ended by signal %d", argv[0], WTERMSIG(status));
}
