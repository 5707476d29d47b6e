/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* An administrator's requests; control_take is in gate.h. */
#ifndef GATE_CONTROL_H
#define GATE_CONTROL_H

#include "gate/gate.h"

/* Reads the policy again, tells the log, the record and the store.  0 or negative; e holds the outcome in words
 * either way. */
int control_load_policy(struct gate *g, const char *actor, struct err *e);

#endif
