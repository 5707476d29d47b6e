/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The sockets that SSH clients connect to. */
#ifndef MONITOR_LISTEN_H
#define MONITOR_LISTEN_H

#include "monitor/monitor.h"

/* Binds every ListenAddress; nothing is accepted before listen_resume.  0 or a negative code with e. */
int listen_open(struct monitor *m, struct err *e);
void listen_close(struct monitor *m);
/* While a child is away, clients wait in the kernel's queue. */
void listen_pause(struct monitor *m);
void listen_resume(struct monitor *m);

#endif
