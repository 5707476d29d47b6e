/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Handing recordings to fortress-replay, which renders and exports them. */
#ifndef CTL_REPLAY_H
#define CTL_REPLAY_H

#include "ctl/ctl.h"

int replay_run(struct ctl *c, int argc, char **argv);
/* Becomes the replay program: options (ended by NULL) before the ids.  That they are read is on the record already.
 * Returns only when it cannot: CTL_FAILED. */
int replay_exec(struct ctl *c, char *const *options, char *const *ids, unsigned n);

#endif
