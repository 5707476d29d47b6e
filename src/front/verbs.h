/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Words that the bastion answers itself: `ssh alice@bastion hosts --json`.  No host can be named by one of them here. */
#ifndef FRONT_VERBS_H
#define FRONT_VERBS_H

#include "front/channel.h"

/* Takes c->command if it is one: c is then a listing, or has been told how to ask. */
bool verb_take(struct channel *c);
/* mosh's way to start its server, and its refusal in words. */
bool verb_is_mosh(const char *command);
void verb_refuse_mosh(struct channel *c);
void verb_row(struct channel *c, const struct msg_host_row *row);
void verb_rows_end(struct channel *c);

#endif
