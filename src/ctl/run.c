/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

/* Its exit status, or a negative code. */
static int
run_wait(pid_t pid, const char *path, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : err_set(e, -EIO, "%s: ended by signal %d", path, WTERMSIG(status));
}

int
run_program(char *const argv[], struct buf *said, struct err *e)
{
	struct spawn s = { .path = argv[0], .argv = argv, .stdio = { -1, -1, -1 } };
	int pair[2];
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
	return run_wait(pid, argv[0], e);
}

static int
file_take(FILE *from, struct buf *out, struct err *e)
{
	unsigned char block[65536];
	size_t n;
	int r = 0;

	rewind(from);
	while (r == 0 && (n = fread(block, 1, sizeof(block), from)) > 0)
		r = buf_append(out, block, n);
	return r != 0 ? err_set(e, r, "too much came back") : ferror(from) ? err_set(e, -EIO, "a temporary file cannot be read") : 0;
}

/* Between files, so that neither waits for the other. */
static int
files_run(char *const argv[], struct slice in, FILE *from, FILE *to, struct err *e)
{
	const struct spawn s = { .path = argv[0], .argv = argv, .stdio = { fileno(from), fileno(to), -1 } };
	pid_t pid;

	if (fwrite(in.p, 1, in.n, from) != in.n || fflush(from) != 0)
		return err_set(e, -EIO, "a temporary file: %s", strerror(errno));
	rewind(from);
	if (access(argv[0], X_OK) != 0)
		return err_set(e, -ENOENT, "%s: %s", argv[0], strerror(errno));
	pid = spawn_start(&s, e);
	return pid < 0 ? (int)pid : run_wait(pid, argv[0], e);
}

int
run_filter(char *const argv[], struct slice in, struct buf *out, struct err *e)
{
	FILE *from = tmpfile(), *to = tmpfile();
	int r = from != NULL && to != NULL ? files_run(argv, in, from, to, e) : err_set(e, -EIO, "a temporary file: %s", strerror(errno)), taken = 0;

	if (r >= 0)
		taken = file_take(to, out, e);
	if (from != NULL)
		fclose(from);
	if (to != NULL)
		fclose(to);
	return taken != 0 ? taken : r;
}
