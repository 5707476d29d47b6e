/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A command as the words that it is made of, run as they stand by no shell: what comes first on a channel whose subsystem
 * is argv@staragent.  One SSH string (RFC 4251 section 5) that holds the words as strings, one after another; the first is
 * the program's absolute path.
 */
#ifndef AGENT_ARGV_H
#define AGENT_ARGV_H

#include <libssh/libssh.h>

#include "base/buf.h"

#define ARGV_MAX   256
#define ARGV_BYTES 65536

struct argv {
	struct buf bytes;                    /* what has come of it */
	char *argv[ARGV_MAX + 1];           /* into bytes, once it is whole; ended by NULL */
};

void argv_init(struct argv *w);
/* Reads what has come on the channel, and nothing of what follows.  1 when they are whole, 0: more is needed, or -EBADMSG:
 * they are none. */
int argv_take(struct argv *w, ssh_channel ch);
void argv_done(struct argv *w);
/* The last step of it, once bytes hold all: argv into them, each word ended by a NUL that takes the place of what stood
 * behind it.  1 or -EBADMSG. */
int argv_parse(struct argv *w);

#endif
