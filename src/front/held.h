/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the gate permitted and this front still has open: each channel, jump and remote forward holds its permits under a
 * number, and gives them back when it has ended.  Meanwhile the gate may take one back.
 */
#ifndef FRONT_HELD_H
#define FRONT_HELD_H

#include "front/front.h"

/* A number that nothing else has. */
uint32_t held_new(struct front *f);
/* It has ended; *hold is 0 then.  Fine when it is 0 already. */
void held_release(struct front *f, uint32_t *hold);
/* One verb of it has. */
void held_drop(struct front *f, uint32_t hold, const char *verb);
/* MSG_REVOKED: whatever holds it ends, or does without. */
void held_revoked(struct front *f, const struct msg_revoked *m);

/* As messages to the user name it. */
#define HELD_CODE    "revoked"
#define HELD_TIMEOUT "timeout"

#endif
