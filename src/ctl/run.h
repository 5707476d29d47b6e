/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Running another program to its end, with what it says. */
#ifndef CTL_RUN_H
#define CTL_RUN_H

#include "base/buf.h"
#include "base/err.h"

/* argv[0] is the program's absolute path.  Both of its streams are appended to said (as much as fits).  Its exit status, or a
 * negative code with e. */
int run_program(char *const argv[], struct buf *said, struct err *e);

#endif
