/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The first host key of a target that trusts its first one: kept once, whoever asks. */
#ifndef GATE_PIN_H
#define GATE_PIN_H

#include "gate/gate.h"

int pin_take(struct client *c, const void *message);             /* MSG_PIN of a front.  Negative ends it. */

#endif
