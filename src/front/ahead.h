/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Reading ahead.  libssh 0.10 takes 4 KiB at a time from its socket, each after a poll: of what bulk costs
 * a front that was the fifth part.  It finds recv and poll as every library does, and a program's own come
 * before libc's: those of ahead.c read more at once, and say of what is left that it can be read.  Any other
 * descriptor goes through as it is.  If libssh did not find them it would only be slower; so it is if it finds
 * but one of them (a library that is built otherwise may have its own words for either).
 */
#ifndef FRONT_AHEAD_H
#define FRONT_AHEAD_H

#include <stdbool.h>
#include <libssh/libssh.h>

#define AHEAD_BYTES 65536

struct ahead {
	struct ahead *next;
	ssh_session ssh;                 /* whose socket is fd; once it has another or none, this is nobody's */
	int fd;
	bool polled;                     /* by way of us: only then what is left is seen */
	unsigned char *p;                /* AHEAD_BYTES of them, of which those used cost memory; NULL: nothing was read yet */
	size_t off, len;
};

/* From here on; a must stay where it is until ahead_stop. */
void ahead_start(struct ahead *a, ssh_session ssh, int fd);
/* Has something been read that libssh has not taken?  epoll does not know of it. */
bool ahead_is_left(const struct ahead *a);
void ahead_stop(struct ahead *a);                  /* also one that never started */

#endif
