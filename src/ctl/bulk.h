/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress directory: all of it out into a file, and a file in again, as a plan first. */
#ifndef CTL_BULK_H
#define CTL_BULK_H

#include "ctl/ctl.h"

int bulk_export(struct ctl *c, int argc, char **argv);
int bulk_plan(struct ctl *c, int argc, char **argv);
int bulk_apply(struct ctl *c, int argc, char **argv);

#endif
