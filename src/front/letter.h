/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Letters: what the other side asks for, taken out of libssh's queue and answered when the
 * answer is known.  libssh's callbacks would have to answer before they return, so a session
 * of ours has none, and everything waits in the queue until the turn takes it.
 *
 * A letter about a channel points into that channel: it is answered only while the channel
 * is known to be there, and libssh must not be asked for it before.
 */
#ifndef FRONT_LETTER_H
#define FRONT_LETTER_H

#include <stdbool.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include "front/wire.h"

/* Gives those that came to fn, which takes them; if they are many, the rest the next time.  False: none, and nothing else. */
bool letter_take_in(struct wire *w, void (*fn)(void *arg, ssh_message m), void *arg);
void letter_accept(ssh_message m);             /* a request of a channel; frees it */
void letter_refuse(ssh_message m);             /* any; frees it */

struct letter_pty { const char *term; int cols, rows; };
struct letter_pty letter_pty(ssh_message m);
struct letter_x11 { bool single; const char *protocol, *cookie; int screen; };
struct letter_x11 letter_x11(ssh_message m);
ssh_key letter_key(ssh_message m, enum ssh_publickey_state_e *state);
const char *letter_password(ssh_message m);

#endif
