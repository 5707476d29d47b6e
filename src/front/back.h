/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Channels that a target opens because the user asked for it: connections to a remote forward, to his agent, his display. */
#ifndef FRONT_BACK_H
#define FRONT_BACK_H

#include "front/channel.h"

/* An opening by the target.  True: taken; false: nobody asked for that. */
bool back_take(struct leg *l, ssh_message m);
/* Opens the user's side.  libssh's codes; SSH_AGAIN until the client has answered. */
int back_open(struct channel *c);
/* For kind "agent", once the flows are set: what is asked of it goes on the record.  0 or -ENOMEM. */
int back_watch(struct channel *c);
void back_end(struct channel *c);

#endif
