/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What libssh 0.10 tells nobody but its log.  A login that it sees, before it knows what to make
 * of it.  Requests of a connection that it does not know and refuses by itself: two of them
 * concern us, "no more sessions" and a remote forward of a socket of Unix.  The log does not tell
 * whose they are, so who lets libssh read from a session says so; what is not said is not heard.
 */
#ifndef FRONT_OVERHEAR_H
#define FRONT_OVERHEAR_H

#include "front/front.h"

/* Logins are heard until the log's level is lowered to SSH_LOG_PROTOCOL. */
void overhear_start(struct front *f);
/* From now on libssh reads from s; NULL: from nobody. */
void overhear_whose(ssh_session s);

#endif
