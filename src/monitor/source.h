/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What is remembered of where connections come from.  A source is one IPv4 address or one IPv6 /64.  Three things hang on it:
 *
 *  - how many of its connections have not logged in yet;
 *  - a penalty: each connection that ends without a login adds some seconds; from 15 s on, new connections are refused until
 *    they have passed (10 min at most).  Another source notices nothing;
 *  - how often its passwords were wrong.  Whoever was wrong waits before the next try, for as long as the account's wrong
 *    tries of all sources say (6 s at most).  A source that was never wrong does not wait, whatever others do to the account.
 *
 * Memory is bounded: a source without connections is forgotten when it has nothing to remember, or when it is the oldest of
 * SOURCES_IDLE_MAX.  Time is given, never read.
 */
#ifndef MONITOR_SOURCE_H
#define MONITOR_SOURCE_H

#include "base/clock.h"
#include "base/net.h"

#define SOURCES_IDLE_MAX 16384

enum source_fault { FAULT_NO_TRY, FAULT_WRONG, FAULT_GRACE, FAULT_CRASH };

struct sources;

struct sources *sources_new(void);                     /* NULL when out of memory */
void sources_free(struct sources *s);

unsigned sources_startups(const struct sources *s, const struct net_addr *a);
int sources_enter(struct sources *s, const struct net_addr *a);          /* one connection more; 0 or -ENOMEM */
void sources_leave(struct sources *s, const struct net_addr *a);         /* it has logged in, or is gone */

/* Adds a penalty.  The seconds for which the source is refused from now on if it was not before, else 0. */
unsigned sources_punish(struct sources *s, const struct net_addr *a, enum source_fault fault, mono_t now);
/* The seconds for which it is still refused, 0: it is not. */
unsigned sources_refused_s(const struct sources *s, const struct net_addr *a, mono_t now);

void sources_wrong(struct sources *s, const struct net_addr *a, struct slice account, mono_t now);   /* a wrong password */
unsigned sources_delay_ms(const struct sources *s, const struct net_addr *a, struct slice account, mono_t now);

size_t sources_count(const struct sources *s);         /* how many are remembered */

#endif
