/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What is kept for how long, and what is asked of the store about that. */
#ifndef CTL_KEEP_H
#define CTL_KEEP_H

#include "ctl/ctl.h"
#include "db/keep.h"
#include "msg/msg.h"

/* Until the store has done all of it.  0, or a negative code with c->e. */
int upkeep_ask(struct ctl *c, const struct msg_upkeep *m);

enum retention_is { RETENTION_GOOD, RETENTION_UNKNOWN, RETENTION_DOUBTED, RETENTION_LATE };
/* What will be erased next, and when, as a sentence. */
enum retention_is retention_look(struct ctl *c, char *text, size_t size);

#endif
