/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Descriptors travel, messages keep their edges, files are replaced whole; a child gets what it was given. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "tests/tap.h"

static void
test_passing(void)
{
	int pair[2], ends[2], fds[FD_PASS_MAX], nfds;
	char got[64];

	ok(fd_pair(pair) == 0 && pipe2(ends, O_CLOEXEC) == 0, "a pair and a pipe");
	ok(fd_recv(pair[1], got, sizeof(got), fds, &nfds) == -EAGAIN && nfds == 0, "nothing there yet");
	ok(fd_send(pair[0], "one", 3, ends, 2) == 0 && fd_send(pair[0], "two", 3, NULL, 0) == 0, "two messages");
	ok(fd_recv(pair[1], got, sizeof(got), fds, &nfds) == 3 && memcmp(got, "one", 3) == 0 && nfds == 2,
	    "the first with two descriptors");
	ok((fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
	ok(fd_write_full(fds[1], "x", 1) == 0 && fd_read_full(ends[0], got, 1) == 1 && got[0] == 'x', "that work");
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	ok(fd_recv(pair[1], got, sizeof(got), fds, &nfds) == 3 && nfds == 0 && fds[0] == -1, "the second with none");
	ok(fd_send(pair[0], "too long", 8, ends, 1) == 0 && fd_recv(pair[1], got, 4, fds, &nfds) == -EMSGSIZE &&
	    nfds == 0 && fds[0] == -1, "too large for the reader: refused, its descriptor closed");
	fd_close(&pair[0]);
	ok(fd_recv(pair[1], got, sizeof(got), fds, &nfds) == 0, "the other end closed");
	ok(fd_send(pair[1], "x", 1, NULL, 0) == -EPIPE, "without a signal");
	fd_close(&pair[1]);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static void
test_large(void)
{
	static unsigned char large[65536 + 16], got[sizeof(large)];
	int pair[2], fds[FD_PASS_MAX], nfds, sent = 0, received = 0;

	ok(fd_pair(pair) == 0, "two sockets, connected");
	memset(large, 'x', sizeof(large));
	while (sent < 64 && fd_send(pair[0], large, sizeof(large), NULL, 0) == 0)
		sent++;
	ok(sent >= 2, "%d messages of 64 KiB wait", sent);
	while (fd_recv(pair[1], got, sizeof(got), fds, &nfds) == (ssize_t)sizeof(large))
		received++;
	ok(received == sent && memcmp(got, large, sizeof(large)) == 0, "all of them arrive");
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

static void
test_files(void)
{
	char dir[] = "/tmp/test_fd.XXXXXX", path[64];
	struct stat st;
	struct err e;
	struct buf b;

	buf_init(&b, 100);
	if (!ok(mkdtemp(dir) != NULL, "a folder"))
		return;
	snprintf(path, sizeof(path), "%s/file", dir);
	ok(fd_read_file(path, 10, &b, &e) == -ENOENT && strstr(e.text, path) != NULL, "no file: %s", e.text);
	ok(fd_write_file(path, "0123456789", 10, 0640, &e) == 0 && stat(path, &st) == 0 &&
	    (st.st_mode & 07777) == 0640, "written with its mode");
	ok(fd_read_file(path, 10, &b, &e) == 0 && slice_is(buf_slice(&b), "0123456789"), "read back");
	ok(fd_read_file(path, 9, &b, &e) == -EFBIG && b.len == 10, "too large: %s", e.text);
	ok(fd_write_file(path, "new", 3, 0600, &e) == 0 && fd_read_file(path, 10, &b, &e) == 0 &&
	    slice_is(buf_slice(&b), "0123456789new"), "replaced");
	ok(unlink(path) == 0 && rmdir(dir) == 0, "nothing else was left");
	buf_done(&b);
}

/* By name, and only what is a file: a hostile directory may hold anything. */
static void
test_match(void)
{
	char dir[] = "/tmp/test_fd.XXXXXX", path[64], name[256] = "";
	static const char *const files[] = { "c.conf", "a.conf", "b.conf", ".z.conf", "d.txt" };
	struct err e;
	struct buf b;
	int fd = mkdtemp(dir) != NULL ? open(dir, O_RDONLY | O_DIRECTORY) : -1;

	buf_init(&b, 10000);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		ok(fd_write_file(path, files[i], 1, 0600, &e) == 0, "%s is written", files[i]);
	}
	for (unsigned i = 0; i < 3; i++)
		(void)fd_read_match(fd, "*.conf", i, 10, &b, name, sizeof(name));
	ok(slice_is(buf_slice(&b), "abc") && strcmp(name, "c.conf") == 0 && fd_read_match(fd, "*.conf", 3, 10, &b, name, sizeof(name)) == 0, "by name, each once");
	ok(fd_read_match(fd, "../*.conf", 0, 10, &b, name, sizeof(name)) == -EACCES, "and nothing above");
	snprintf(path, sizeof(path), "%s/p.odd", dir);
	ok(mkfifo(path, 0600) == 0 && fd_read_match(fd, "*.odd", 0, 10, &b, name, sizeof(name)) == -EINVAL, "a pipe is not waited for");
	ok(unlink(path) == 0 && symlink("a.conf", path) == 0 && fd_read_match(fd, "*.odd", 0, 10, &b, name, sizeof(name)) == -ELOOP, "a link is not followed");
	fd_close(&fd);
	buf_done(&b);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	ok(system(path) == 0, "nothing was left");
}

static void
test_sealed(void)
{
	int fd = fd_seal("few", slice_from("abc")), none = fd_seal("none", slice_from(""));
	struct slice s = slice_from("before");

	ok(fd_is_sealed(fd) && !fd_is_sealed(0) && write(fd, "x", 1) < 0, "nobody changes what is sealed");
	ok(fd_map(fd, 2, &s) == -EFBIG && fd_map(-1, 9, &s) == -EBADF && slice_is(s, "before"), "what is too large, or no file, is not mapped");
	ok(fd_map(fd, 3, &s) == 0 && slice_is(s, "abc"), "the rest is there unread");
	fd_unmap(&s);
	ok(s.n == 0 && fd_map(none, 9, &s) == 0 && s.n == 0, "nothing is nothing");
	fd_unmap(&s);
	fd_close(&fd);
	fd_close(&none);
}

/* Runs a shell with a pipe as its descriptor 3 and returns what it wrote there. */
static void
test_spawn(void)
{
	static const char script[] = "echo $# $1 $LANG $FOO >&3; ls /proc/self/fd | wc -l >&3; exit 7";
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)script, (char[]){ "x" },
		(char[]){ "y" }, NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv, .nfds = 1, .stdio = { -1, -1, -1 } };
	char got[128] = "";
	int ends[2], status = 0;
	struct err e = { 0 };
	ssize_t n;
	pid_t pid;

	(void)setenv("FOO", "leaked", 1);
	ok(pipe(ends) == 0, "a pipe that is not close-on-exec");
	s.fds[0] = ends[1];
	pid = spawn_start(&s, &e);
	ok(pid > 0, "started %s", e.text);
	fd_close(&ends[1]);
	n = fd_read_full(ends[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	is(got, "1 y C.UTF-8\n5\n", "its arguments, environment and descriptors are those given");
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7, "its status");
	fd_close(&ends[0]);
	s.path = "/proc/none";
	s.nfds = 0;
	ok(spawn_start(&s, &e) == -ENOENT, "no such program: %s", e.text);
	ok(waitpid(-1, &status, 0) < 0 && errno == ECHILD, "leaves no child");
	(void)setenv("FORTRESS_LIBEXEC", "/build", 1);
	ok(spawn_path("prog", got, sizeof(got)) == 0 && strcmp(got, "/build/prog") == 0, "where programs lie");
	ok(spawn_path("prog", got, 5) == -ENAMETOOLONG, "but not in five bytes");
}

int
main(void)
{
	test_passing();
	test_large();
	test_files();
	test_match();
	test_sealed();
	test_spawn();
	return tap_done();
}
