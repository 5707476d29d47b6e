/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What every host is called: names, other names and addresses, in whatever letters' case, found at once. */
#ifndef GATE_CALLED_H
#define GATE_CALLED_H

#include "base/table.h"
#include "gate/directory.h"

enum called_kind { CALLED_NAME = 1, CALLED_ALIAS = 2, CALLED_ADDRESS = 4 };

struct called { struct table_node node; struct dir_host *host; struct slice text; enum called_kind kind; };

/* All that h is called goes in, or out again.  0 or -ENOMEM (then nothing is in). */
int called_put(struct table *t, struct dir_host *h);
void called_take(struct table *t, struct dir_host *h);
/* The next after `after` (NULL: the first) that is this text but for letters' case, of these kinds (bits); or NULL. */
const struct called *called_next(const struct table *t, struct slice text, unsigned kinds, const struct called *after);

#endif
