/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What is read ahead comes in its order, poll knows of it, and a number that is used again has nothing of its former owner's. */
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "front/ahead.h"
#include "tests/tap.h"

#define STEP 4096                        /* libssh's */

struct line {
	ssh_session ssh;
	struct ahead ahead;
	int ends[2];                     /* ours, which is the session's, and the peer's */
};

static bool
line_open(struct line *l)
{
	*l = (struct line){ .ssh = ssh_new() };
	if (l->ssh == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, l->ends) != 0)
		return false;
	ssh_set_blocking(l->ssh, 0);
	return ssh_options_set(l->ssh, SSH_OPTIONS_HOST, "peer") == SSH_OK &&
	    ssh_options_set(l->ssh, SSH_OPTIONS_FD, &l->ends[0]) == SSH_OK && ssh_connect(l->ssh) == SSH_AGAIN &&
	    ssh_get_fd(l->ssh) == l->ends[0] && fd_set_nonblock(l->ends[0]) == 0;      /* libssh's client role makes it blocking */
}

static void
line_close(struct line *l)
{
	ahead_stop(&l->ahead);
	ssh_free(l->ssh);
	(void)close(l->ends[1]);
}

static int
in_kernel(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) == 0 ? n : -1;
}

static short
polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

static void
test_order(void)
{
	unsigned char sent[2 * STEP + 100], got[3 * STEP];
	struct line l;
	ssize_t n = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (unsigned char)(i * 7 + i / 256);
	ok(line_open(&l), "a session with a socket");
	ok(write(l.ends[1], sent, 10) == 10 && recv(l.ends[0], got, 5, 0) == 5 && in_kernel(l.ends[0]) == 5 && recv(l.ends[0], got, 9, 0) == 5,
	    "before it starts nothing is read ahead");
	ahead_start(&l.ahead, l.ssh, l.ends[0]);
	ok(polled(l.ends[0]) == 0 && recv(l.ends[0], got, STEP, 0) == -1, "nothing is nothing");
	ok(write(l.ends[1], sent, sizeof(sent)) == (ssize_t)sizeof(sent) && polled(l.ends[0]) == POLLIN && !ahead_is_left(&l.ahead),
	    "what the kernel has is polled");
	ok(recv(l.ends[0], got, STEP, 0) == STEP && in_kernel(l.ends[0]) == 0 && ahead_is_left(&l.ahead), "all is read for the first part");
	ok(polled(l.ends[0]) == POLLIN, "what is left is polled");
	ok(recv(l.ends[0], got + STEP, STEP, 0) == STEP && (n = recv(l.ends[0], got + 2 * STEP, STEP, 0)) == 100 &&
	    memcmp(sent, got, sizeof(sent)) == 0, "and comes in its order");
	ok(!ahead_is_left(&l.ahead) && polled(l.ends[0]) == 0, "then there is nothing");
	ok(write(l.ends[1], sent, STEP + 1) == STEP + 1 && shutdown(l.ends[1], SHUT_WR) == 0 && recv(l.ends[0], got, STEP, 0) == STEP &&
	    recv(l.ends[0], got, STEP, 0) == 1 && recv(l.ends[0], got, STEP, 0) == 0, "the end comes after the last byte");
	line_close(&l);
}

static void
test_number_again(void)
{
	unsigned char bytes[3 * STEP] = { 1 };
	struct line l;
	int other[2], fd;

	ok(line_open(&l) && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, other) == 0, "a session and another socket");
	fd = l.ends[0];
	ahead_start(&l.ahead, l.ssh, fd);
	ok(polled(fd) == 0 && write(l.ends[1], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) && recv(fd, bytes, STEP, 0) == STEP && ahead_is_left(&l.ahead),
	    "something is left");
	ok(write(other[1], "new", 3) == 3 && recv(other[0], bytes, STEP, 0) == 3, "another descriptor goes through");
	ssh_silent_disconnect(l.ssh);
	ok(ssh_get_fd(l.ssh) != fd && dup2(other[0], fd) == fd, "the session closes its socket, and the number is another's");
	ok(polled(fd) == 0 && write(other[1], "own", 3) == 3 && recv(fd, bytes, STEP, 0) == 3 && memcmp(bytes, "own", 3) == 0,
	    "who gets its own bytes");
	line_close(&l);
	(void)close(other[0]);
	(void)close(other[1]);
	(void)close(fd);
}

/* A libssh that finds recv here and poll elsewhere would wait for what is here already. */
static void
test_without_poll(void)
{
	unsigned char bytes[3 * STEP] = { 1 };
	struct line l;

	ok(line_open(&l), "a session");
	ahead_start(&l.ahead, l.ssh, l.ends[0]);
	ok(write(l.ends[1], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) && recv(l.ends[0], bytes, STEP, 0) == STEP &&
	    !ahead_is_left(&l.ahead) && in_kernel(l.ends[0]) == 2 * STEP, "nothing is read ahead for who does not ask poll");
	line_close(&l);
}

/* Were these not what libssh calls, all would work and be slower. */
static void
test_found(void)
{
	static char bytes[3 * STEP] = "SSH-2.0-peer\r\n";
	struct line l;

	ok(line_open(&l), "a session");
	ahead_start(&l.ahead, l.ssh, l.ends[0]);
	ok(write(l.ends[1], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes), "a banner and more");
	(void)ssh_connect(l.ssh);
	ok(l.ahead.len == sizeof(bytes) && l.ahead.off > 0, "libssh has read by way of it");
	line_close(&l);
}

int
main(void)
{
	test_order();
	test_number_again();
	test_without_poll();
	test_found();
	return tap_done();
}
