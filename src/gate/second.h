/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Logins that need a second factor: one that is made at the first time, shown as a QR code and
 * kept once its first code was right, and one code for each login after that.
 */
#ifndef GATE_SECOND_H
#define GATE_SECOND_H

#include "gate/gate.h"

bool second_is_wanted(const struct client *c, const char *user);
/* Instead of letting user in: asks for a code.  0 or chan_send's codes. */
int second_ask(struct client *c, struct slice raw, struct slice method, const char *user);
int second_take(struct client *c, const void *message);              /* MSG_FACTOR */
void second_free(struct client *c);

#endif
