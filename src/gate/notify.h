/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* require notify: what is permitted is told to a sink.  It goes by the monitor to fortress-notify; nobody waits for it. */
#ifndef GATE_NOTIFY_H
#define GATE_NOTIFY_H

#include "gate/gate.h"

bool notify_has(const struct gate *g, const char *sink);
/* Tells all sinks that a's permit is to be told to, each once. */
void notify_decision(struct client *c, const struct msg_decide *m, const struct rules_answer *a, const char *host, const char *login);

#endif
