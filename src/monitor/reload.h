/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The configuration is read again: see reload.c. */
#ifndef MONITOR_RELOAD_H
#define MONITOR_RELOAD_H

#include "monitor/monitor.h"

/* What is wrong is said in the log. */
void reload_begin(struct monitor *m);

/* The acceptor that was started for it serves, or never will. */
void reload_done(struct monitor *m);
void reload_failed(struct monitor *m, const char *why);

#endif
