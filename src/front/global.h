/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What a client asks of its whole connection: remote forwards, and signs of life meanwhile. */
#ifndef FRONT_GLOBAL_H
#define FRONT_GLOBAL_H

#include "front/door.h"

/* d's session is there. */
void global_start(struct door *d);
/* Takes m.  Answers come in the order of the questions. */
void global_take(struct door *d, ssh_message m);
bool global_step(struct door *d);                /* true if something moved */
void global_done(struct door *d);

#endif
