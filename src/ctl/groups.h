/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress group. */
#ifndef CTL_GROUPS_H
#define CTL_GROUPS_H

#include "ctl/ctl.h"

int group_list(struct ctl *c, int argc, char **argv);
int group_add(struct ctl *c, int argc, char **argv);
int group_set(struct ctl *c, int argc, char **argv);
int group_del(struct ctl *c, int argc, char **argv);
int group_join(struct ctl *c, int argc, char **argv);
int group_leave(struct ctl *c, int argc, char **argv);

#endif
