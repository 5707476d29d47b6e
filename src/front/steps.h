/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the files of a channel's life share: its steps (named in channel.c's table) and the
 * few things that one of them does for another.  A step returns true if something moved.
 */
#ifndef FRONT_STEPS_H
#define FRONT_STEPS_H

#include "front/channel.h"

/* request.c: c is a session channel now.  Called once. */
void request_begin(struct channel *c);
/* What the client asks of c.  Takes m. */
void request_take(struct channel *c, ssh_message m);
bool request_step(struct channel *c);

/* pick.c */
bool step_menu_start(struct channel *c);
bool step_menu(struct channel *c);
/* Asks the gate for the rows of hosts; they come to c's menu or listing.  0 or chan_send's codes. */
int rows_ask(struct channel *c, enum msg_hosts which);
void rows_forget(struct channel *c);             /* c is going */

/* verbs.c */
bool step_listing(struct channel *c);
bool step_refused(struct channel *c);
void listing_free(struct channel *c);

/* connect.c */
bool step_decide(struct channel *c);
/* What the gate is asked for c's verb of this index, or first for the jump that c comes through. */
void channel_question(const struct channel *c, unsigned verb, struct msg_decide *ret);
/* Asks for all of them anew. */
void channel_decide(struct channel *c);
bool step_moderator(struct channel *c);
void moderator_begun(struct channel *c);          /* its recording is open: now it can be watched */
/* Does the channel go on when this verb is permitted no more?  True too for a verb that it never had. */
bool channel_goes_on_without(struct channel *c, const char *verb);

/* open.c */
bool step_connect(struct channel *c);
bool step_open(struct channel *c);

/* session.c */
const char *session_left(struct channel *c);     /* how the user's side ended, for the record */
void session_start(struct channel *c);           /* the target's channel is open: relay */
bool step_relay(struct channel *c);
/* The last of the recording, and its end.  False: the store does not take it yet, and the state is CH_SETTLE. */
bool session_settle(struct channel *c, const char *reason);
bool step_settle(struct channel *c);
bool step_finish(struct channel *c);

/* channel.c */
bool step_stray(struct channel *c);
/* Towards a host; kind is one of connect.c's table. */
void channel_go(struct channel *c, const char *kind, const char *host, const char *login);
/* The target's side of a forward is open: so is the user's.  0 or negative. */
int channel_open_answer(struct channel *c);
/* Exit status (or signal), EOF, close: in this order, and nothing after. */
void channel_say_end(struct channel *c, int status);
/* Back to the picker with one line about what was, or the channel's end. */
void channel_end_or_menu(struct channel *c, int status);

#endif
