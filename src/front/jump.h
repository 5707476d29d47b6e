/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A recorded jump: ssh -J, -W.  The channel to HOST:22 ends in an SSH server of ours. */
#ifndef FRONT_JUMP_H
#define FRONT_JUMP_H

#include "front/door.h"

/* A direct-tcpip channel of the outer door.  0: answered; 1: libssh refuses it. */
int jump_take(struct door *outer, ssh_message m);
/* Moves bytes and the inner key exchanges; true if something moved. */
bool jump_step_all(struct front *f);
/* Frees jumps that are over and have no channels left. */
void jump_drop_dead(struct front *f);
bool jump_rearm_all(struct front *f);            /* true if one has died */
/* Was this the answer that jump_take waits for? */
bool jump_decided(struct front *f, const struct msg_decision *d);

#endif
