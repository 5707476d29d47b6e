/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* STATE, the private directory of one bastion: made, owned and checked before anything else. */
#ifndef MONITOR_STATE_H
#define MONITOR_STATE_H

#include "monitor/monitor.h"

/* Makes what is missing (db, keys, run, log) with the right owners and modes.  0 or a negative code with e. */
int state_prepare(const struct monitor *m, struct err *e);
/* One bastion per state: locks run/fortress.pid (held until exit) and writes the pid.  -EBUSY with e. */
int state_lock(const struct monitor *m, struct err *e);
void state_unlock(const struct monitor *m);        /* fine when not locked */
/* As root: gives up every capability that the monitor and its PAM children do not need. */
int state_drop_capabilities(struct err *e);

#endif
