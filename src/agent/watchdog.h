/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Ends a process whose loop spins or that grows: a peer can make libssh 0.10 write empty packets for
 * ever.  SIGPROF kills after so much CPU without a sign of life; the limit of memory does the rest.
 */
#ifndef AGENT_WATCHDOG_H
#define AGENT_WATCHDOG_H

void watchdog_start(void);
void watchdog_feed(void);          /* cheap; at least once a turn */
void watchdog_stop(void);

#endif
