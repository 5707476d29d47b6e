/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Permitted but for something that the user can still bring: a second factor, a ticket, a reason, the yes of others.  On a terminal it is
 * asked for, and the channel waits for those who say yes and then goes on by itself; elsewhere the reason comes by the
 * environment, or a sentence says what to do.
 */
#ifndef FRONT_LACK_H
#define FRONT_LACK_H

#include "front/channel.h"

struct lack;

/* The gate's answer lacks something: true if the channel sees to it, else it is to be refused. */
bool lack_take(struct channel *c, const struct msg_decision *d);
bool step_form(struct channel *c);
bool step_wait(struct channel *c);
void lack_free(struct channel *c);

/* The gate's answers; the channels are found by req, or by what they wait for. */
void lack_asked(struct front *f, const struct msg_approval_asked *m);
void lack_stepped_up(struct front *f, const struct msg_stepped_up *m);
void lack_news(struct front *f, const struct msg_approval_news *m);

/* LC_FORTRESS_TICKET, LC_FORTRESS_REASON: true if it is one of ours, which no host gets to see. */
bool lack_env(struct front *f, const char *name, const char *value);

#endif
