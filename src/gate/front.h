/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A front's questions; front_take is in gate.h.  What its enrolment (enrol.c) needs of them. */
#ifndef GATE_FRONT_H
#define GATE_FRONT_H

#include "gate/gate.h"

/* names_split against this directory. */
int front_split(struct gate *g, struct slice raw, struct names *ret);
/* Answers a login: reason NULL lets the user in.  Writes the event.  0 or chan_send's codes. */
int front_login_answer(struct client *c, struct slice raw, struct slice method, bool enrolled, const char *reason);

#endif
