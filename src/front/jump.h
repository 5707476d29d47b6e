/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A recorded jump: ssh -J, -W.  The channel to HOST:22 ends in an SSH server of ours. */
#ifndef FRONT_JUMP_H
#define FRONT_JUMP_H

#include "front/door.h"

/* A direct-tcpip channel of the outer door.  Takes m. */
void jump_take(struct door *outer, ssh_message m);
/* Moves bytes and the inner key exchanges; true if something moved. */
bool jump_step_all(struct front *f);
/* Frees jumps that are over and have no channels left. */
void jump_drop_dead(struct front *f);
/* Its sessions end, saying why, and the jump with them.  False: none has this hold. */
bool jump_revoked(struct front *f, uint32_t hold, const char *code, const char *reason);
/* Is d the inner door of a jump that is not permitted yet?  Then that is to be asked before anything that comes by d: *ret. */
bool jump_question(const struct door *d, struct msg_decide *ret);
void jump_permit(struct door *d);                /* it is now */
bool jump_rearm_all(struct front *f);            /* as wire_rearm, of all */
/* The inner door of this session, or NULL. */
struct door *jump_find_door(struct front *f, ssh_session s);
/* Is this the channel that a jump goes through? */
bool jump_carries(const struct front *f, ssh_channel ssh);

#endif
