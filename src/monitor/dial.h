/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Connecting to targets: only the gate can ask for it, and the socket goes to the front it named. */
#ifndef MONITOR_DIAL_H
#define MONITOR_DIAL_H

#include "monitor/monitor.h"

/* Answers MSG_DIALLED to that connection's front: the connected socket, or why not.
 * A connection that is gone meanwhile is no error. */
void dial_start(struct monitor *m, const struct msg_dial *msg);

#endif
