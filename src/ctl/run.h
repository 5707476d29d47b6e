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
/* The same for one that reads `in` and whose standard output is wanted, all of it; what it says on standard error is for the user. */
int run_filter(char *const argv[], struct slice in, struct buf *out, struct err *e);

#endif
