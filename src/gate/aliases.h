/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who has which other name: every alias of every host, found at once. */
#ifndef GATE_ALIASES_H
#define GATE_ALIASES_H

#include "base/table.h"
#include "gate/directory.h"

/* h's own list of aliases goes in, or out again.  0 or -ENOMEM (then none is in). */
int aliases_put(struct table *t, struct dir_host *h);
void aliases_take(struct table *t, struct dir_host *h);
/* A host that has this alias, other than one of this name; or NULL. */
const struct dir_host *aliases_find(const struct table *t, struct slice alias, struct slice but);

#endif
