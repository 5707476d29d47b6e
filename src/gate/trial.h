/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Many rows tried on a copy of the directory, in slices: if all fit, the copy is what the directory will be with them. */
#ifndef GATE_TRIAL_H
#define GATE_TRIAL_H

#include "gate/directory.h"

struct trial;

/* of: must not change while it is tried.  fd: the rows (msg_row_add), sealed; taken on success.  NULL with e. */
struct trial *trial_new(const struct directory *of, int *fd, struct err *e);
/* The copy is the caller's from now on, the trial is gone. */
struct directory *trial_end(struct trial *t);

/* Works on it until the time is over.  1: go on later, 0: all rows fit, or negative with e. */
int trial_work(struct trial *t, mono_t until, struct err *e);
uint32_t trial_row(const struct trial *t);         /* the number of the row that does not fit, from 1; 0: it is none of them */
bool trial_is_empty(const struct trial *t);        /* there was no row */
int trial_fd(const struct trial *t);               /* the rows; it stays its own */

#endif
