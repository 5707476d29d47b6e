/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The directory as the gate sends it. */
#ifndef CTL_DIRECTORY_H
#define CTL_DIRECTORY_H

#include "ctl/ask.h"

/* Every row to fn, until fn returns true (at MSG_DIR_END).  0 or a negative code with c->e. */
int directory_load(struct ctl *c, ask_fn *fn, void *arg);

#endif
