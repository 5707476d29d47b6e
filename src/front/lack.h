/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Permitted but for something that the user can still bring: a second factor, a ticket, a reason, the yes of others.  On a terminal
 * it is asked for; elsewhere reason and ticket come by the environment, or from a terminal of the same connection that is
 * asked just then.  Where a request for approval is open, or can be made, the channel waits for those who say yes and then goes
 * on by itself, whichever door it came by: a forwarded connection, too, though not for long, since nobody sees why.  Else a
 * sentence says what to do.  What the host opens, and what a session may have besides, does not wait.
 */
#ifndef FRONT_LACK_H
#define FRONT_LACK_H

#include "front/channel.h"

struct lack;

/* The gate's answer about c's verb of this index lacks something, perhaps: it is kept until all of c's verbs are asked. */
void lack_note(struct channel *c, unsigned verb, const struct msg_decision *d);
/* Is one of them waited for? */
bool lack_waits(const struct channel *c);
/* Then c waits. */
bool lack_wait(struct channel *c);
/* The last answer lacks something, and none permits: true if the channel sees to it, else it is to be refused. */
bool lack_take(struct channel *c, const struct msg_decision *d);
bool step_form(struct channel *c);
bool step_wait(struct channel *c);
void lack_free(struct channel *c);

/* The gate's answers; the channels are found by req, or by what they wait for. */
void lack_asked(struct front *f, const struct msg_approval_asked *m);
void lack_stepped_up(struct front *f, const struct msg_stepped_up *m);
void lack_news(struct front *f, const struct msg_approval_news *m);

/* FORTRESS_TICKET, FORTRESS_REASON, and with LC_ before: true if it is one of ours, which no host gets to see. */
bool lack_env(struct front *f, const char *name, const char *value);

#endif
