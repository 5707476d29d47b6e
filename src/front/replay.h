/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The verb replay: recordings on the user's terminal, or in another form on the channel. */
#ifndef FRONT_REPLAY_H
#define FRONT_REPLAY_H

#include "front/channel.h"

/* Start of the verb, of a listing: args as in the table of verbs. */
void replay_start(struct channel *c, const char *args);
/* Asks the gate, again each time that something was lacking.  c has something that is wanted. */
void replay_decide(struct channel *c);
/* The channel that waits for the program of this number, or NULL. */
struct channel *replay_of(struct front *f, uint32_t req);
void replay_ended(struct front *f, const struct msg_screen_ended *m);
/* All is delivered: ends the channel when it is known how the program ended.  True if it is. */
bool replay_end(struct channel *c);
void replay_free(struct channel *c);

#endif
