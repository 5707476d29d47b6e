/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The control socket, STATE/run/control.sock: where the `fortress` command speaks with the gate. */
#ifndef MONITOR_CONTROL_H
#define MONITOR_CONTROL_H

#include "monitor/monitor.h"

int control_open(struct monitor *m, struct err *e);
void control_close(struct monitor *m);

#endif
