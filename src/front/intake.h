/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a peer sent on a channel, bounded.  libssh 0.10 opens the peer's window anew at every
 * read, however much still lies in its own buffer; a reader that takes less than all at a time
 * lets that buffer grow without end under a fast sender, and at 256 MiB libssh drops bytes in silence.
 * So all is taken at once or nothing: then no more than two windows (2.5 MB) are ever held.
 */
#ifndef FRONT_INTAKE_H
#define FRONT_INTAKE_H

#include <stdbool.h>
#include <libssh/libssh.h>

#include "base/buf.h"

#define INTAKE_MAX (8u << 20)            /* more than that ignores the window: INTAKE_FLOOD */

enum { INTAKE_OVER = -1, INTAKE_FLOOD = -2, INTAKE_NO_MEMORY = -3 };

struct intake {
	unsigned char *p;
	size_t off, len, cap;
};

/* Bytes that can be taken now (all that came, if there were none left), 0: nothing yet, or one of the codes. */
int intake_fill(struct intake *in, ssh_channel from, bool from_stderr);
/* Takes in what has come meanwhile, behind what is left, until that is max bytes.  Bytes that are new, or one of the codes. */
int intake_more(struct intake *in, ssh_channel from, size_t max);
/* The first bytes that are left, at most n of them; they are gone from the intake but stay valid until the next fill. */
struct slice intake_take(struct intake *in, size_t n);
size_t intake_left(const struct intake *in);
void intake_done(struct intake *in);

#endif
