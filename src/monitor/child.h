/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Store, gate and acceptor: started in this order, watched, started again. */
#ifndef MONITOR_CHILD_H
#define MONITOR_CHILD_H

#include "monitor/monitor.h"

/* Starts all three; child_all_ready tells when they serve.  0 or a negative code with e. */
int child_start_all(struct monitor *m, struct err *e);
bool child_all_ready(const struct monitor *m);
/* A new acceptor, by m->conf_next.  It takes over when it serves, and reload.c hears of it; the old one's connections
 * live on. */
int child_renew_acceptor(struct monitor *m, struct err *e);
/* Asks for the end in the order that loses nothing: acceptor, gate, store; then stops the loop. */
void child_stop_all(struct monitor *m);

#endif
