/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the gate is told of the configuration: files travel as descriptors, since its sandbox sees the policy alone. */
#ifndef MONITOR_SETTINGS_H
#define MONITOR_SETTINGS_H

#include "monitor/monitor.h"

/* To a gate that has just started, or whose configuration has changed. */
void settings_send(const struct monitor *m);

#endif
