/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What users may see and change of their own: their sessions, their keys. */
#ifndef GATE_OWN_H
#define GATE_OWN_H

#include "gate/gate.h"

/* Messages of a front whose user has logged in; whose they are the gate knows.  Negative ends the client. */
int own_sessions(struct client *c, const void *message);
int own_load(struct client *c, const void *message);
int own_key(struct client *c, const void *message);

#endif
