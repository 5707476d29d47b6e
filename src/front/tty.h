/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The user's terminal where the bastion itself writes to it, beside the picker: after a host, and before one. */
#ifndef FRONT_TTY_H
#define FRONT_TTY_H

#include "front/channel.h"

/* What takes back what a host may have left on; "" without a terminal that knows such things. */
const char *tty_reset(const struct channel *c);

/* A host has been picked and is on its way: says so, in a line that goes away again. */
void tty_wait_begin(struct channel *c);
/* The same with a line of somebody else's, which stays. */
void tty_wait_for(struct channel *c);
/* Takes in what is typed meanwhile.  true: it was Ctrl-C, and c is on its way back to the picker. */
bool tty_wait_step(struct channel *c);
/* The session begins: the line goes, and to gets what was typed.  NULL: it does not; what was typed for it goes nowhere. */
void tty_wait_end(struct channel *c, struct intake *to);
/* A sentence of the bastion's while a session runs: a line of its own. */
void tty_notice(struct channel *c, const char *text);
/* Throws away what the user has sent and nobody has read. */
void tty_drop_typed(struct channel *c);

#endif
