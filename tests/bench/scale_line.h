/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A line: one of thousands of libssh sessions on a loop, whichever its role.  Each has an ssh_event of its own: one for
 * all of them polls all their sockets at each call and costs six times the CPU.
 *
 * libssh closes the descriptor itself on errors, so its number is compared before use.
 */
#ifndef BENCH_SCALE_LINE_H
#define BENCH_SCALE_LINE_H

#include <stdbool.h>
#include <libssh/libssh.h>
#include <libssh/callbacks.h>

#include "base/err.h"
#include "base/loop.h"

/* What both programs speak; the first ones of the bastion's own lists (front/wire.h). */
#define LINE_KEX     "curve25519-sha256"
#define LINE_CIPHERS "aes256-gcm@openssh.com"

/* What the echo says first, and the key that ends it. */
#define LINE_READY "ready\r\n"
#define LINE_END   4

/* Something came, or may be sent.  The owner takes in, does what it can, and ends with line_rearm or line_close. */
typedef void line_fn(void *arg);

struct line {
	struct loop *loop;
	ssh_session ssh;
	ssh_event event;
	int fd;
	bool watched, writing;
	line_fn *ready;
	void *arg;
};

/* Takes ssh, whose socket is fd.  0 or -errno; ssh is the line's either way. */
int line_open(struct line *l, struct loop *loop, ssh_session ssh, int fd, line_fn *ready, void *arg);
/* After the key exchange, which libssh wants to be stepped by hand: from now on line_take_in does it.  0 or -ENOMEM. */
int line_start(struct line *l);
/* False: the session is over. */
bool line_take_in(struct line *l);
bool line_rearm(struct line *l);               /* false: the same */
void line_close(struct line *l);               /* frees the session with its channels, closes the socket; fine when never opened */

/* Descriptors up to the hard limit.  0, or -EMFILE with e if those are fewer than need. */
int line_raise_files(unsigned long need, struct err *e);

#endif
