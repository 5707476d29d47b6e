/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The second factor of a login: one that is made at the first time, shown as a QR code and kept once its first code
 * was right, and one code for each login after that.
 */
#ifndef GATE_SECOND_H
#define GATE_SECOND_H

#include "gate/gate.h"

#define SECOND_SHOW_MAX 16000

/* Only users of the directory have one. */
bool second_is_possible(const struct client *c);
/* Makes ready for a code of the one who is logging in; what to show first is appended to show.  0 or negative. */
int second_prepare(struct client *c, struct buf *show);
int second_take(struct client *c, const void *message);              /* MSG_FACTOR */
void second_free(struct client *c);

/* MSG_STEP_UP of somebody who has logged in without.  0, or negative: the client has to go. */
int second_step_up(struct client *c, const void *message);

#endif
