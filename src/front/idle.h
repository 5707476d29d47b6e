/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* options { idle }: what nobody uses ends.  At a terminal keys count (answers.h), elsewhere every byte both ways. */
#ifndef FRONT_IDLE_H
#define FRONT_IDLE_H

#include "front/channel.h"

void idle_start(struct channel *c);      /* c is relayed from now on; nothing without that limit */
void idle_stop(struct channel *c);       /* fine when it is not watched */
/* Once a step.  True: it has been idle for too long, and why has the words. */
bool idle_is_over(struct channel *c, char *why, size_t size);

#endif
