/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress doctor: a table of checks, each one line: ok, warn or fail, and what to do. */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "ctl/ctl.h"

int doctor(struct ctl *c, int argc, char **argv);         /* CTL_FAILED if a check failed */

#endif
