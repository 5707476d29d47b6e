/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress setup: everything that a bastion needs before its first start. */
#ifndef CTL_SETUP_H
#define CTL_SETUP_H

#include "ctl/ctl.h"

int setup(struct ctl *c, int argc, char **argv);

#endif
