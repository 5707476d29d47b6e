/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Everything that a process started, however detached: children of its children, and those that
 * came to it when their parents died (it is a subreaper).
 */
#ifndef AGENT_DESCEND_H
#define AGENT_DESCEND_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>

int descend_adopt(void);             /* from now on orphans below come to this process; 0 or -errno */
bool descend_is_empty(void);         /* no child at all, dead or alive: one system call */

/* Leaders of sessions that this process started: those that go on, and those that are over; and its own helpers, which
 * are nobody's session. */
struct descend_families {
	const pid_t *live, *ended, *helpers;
	size_t nlive, nended, nhelpers;
};

/* Sends sig to every living descendant that belongs to no live family.  An orphan that left its session
 * (setsid) can no longer be told apart: it is taken when nothing is live.  How many got sig, or -errno. */
int descend_signal(int sig, const struct descend_families *f);
/* The same, but every child that is not a live leader is an orphan to be taken, whatever its session. */
int descend_orphans(int sig, const struct descend_families *f);

#endif
