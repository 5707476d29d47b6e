/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress key. */
#ifndef CTL_KEYS_H
#define CTL_KEYS_H

#include "ctl/ctl.h"

int key_list(struct ctl *c, int argc, char **argv);
int key_add(struct ctl *c, int argc, char **argv);
int key_del(struct ctl *c, int argc, char **argv);

#endif
