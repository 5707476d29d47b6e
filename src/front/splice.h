/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A splice: bytes both ways between a descriptor of this process and a channel of the user. */
#ifndef FRONT_SPLICE_H
#define FRONT_SPLICE_H

#include <stdbool.h>
#include <libssh/libssh.h>

#include "base/loop.h"
#include "front/intake.h"
#include "front/wire.h"

#define SPLICE_CHUNK 16384

struct splice {
	struct loop *loop;
	int fd;
	ssh_channel ssh;
	struct wire *wire;               /* the channel's */
	unsigned char out[SPLICE_CHUNK];     /* towards the user */
	size_t out_len, out_off;
	struct intake in;                /* from the user */
	bool over;                       /* the descriptor has nothing more to say */
};

/* Takes fd on success.  0 or negative. */
int splice_open(struct splice *s, struct loop *loop, int fd, ssh_channel ssh, struct wire *wire);
bool splice_pump(struct splice *s);              /* true if something moved */
bool splice_is_over(const struct splice *s);     /* over, and its last bytes are delivered */
void splice_close(struct splice *s);             /* closes fd */

#endif
