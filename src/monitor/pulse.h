/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The gate's pulse: a gate that stands still is ended, and with it every session. */
#ifndef MONITOR_PULSE_H
#define MONITOR_PULSE_H

#include "monitor/monitor.h"

void pulse_start(struct monitor *m);                               /* a gate serves */
void pulse_take(struct monitor *m, const struct msg_beat *beat);   /* it has answered */

#endif
