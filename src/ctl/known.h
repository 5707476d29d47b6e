/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Is there, or was there ever, such a user or host?  For filters: an empty answer to a mistyped name is no answer. */
#ifndef CTL_KNOWN_H
#define CTL_KNOWN_H

#include "ctl/ctl.h"

/* NULL: not asked for.  0, or -ENOENT with c->e, or another negative code. */
int known_check(struct ctl *c, struct db *db, const char *user, const char *host);

#endif
