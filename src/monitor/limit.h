/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who is refused before anything is done for them: the configuration's numbers against the counts of now. */
#ifndef MONITOR_LIMIT_H
#define MONITOR_LIMIT_H

#include "monitor/monitor.h"
#include "monitor/source.h"

/* Is one refused when n are there?  roll: a random number from 0 to 99. */
bool limit_ramp_refuses(const struct conf_ramp *r, unsigned n, unsigned roll);

/* Why one more connection is not taken, or NULL; of whomever, and of this source. */
const char *limit_refuses(const struct monitor *m);
/* Are there so many that one has to go for another (conn_make_room)? */
bool limit_is_full(const struct monitor *m);
const char *limit_refuses_source(const struct monitor *m, const struct net_addr *a);
/* Says it in the log, each reason once a second at most. */
void limit_note(const char *peer, const char *why);

/* Does this peer put a PROXY header in front of each connection? */
bool limit_is_proxy(const struct monitor *m, const struct net_addr *a);
/* A connection ended without a login. */
void limit_punish(struct monitor *m, const struct net_addr *a, enum source_fault fault);

#endif
