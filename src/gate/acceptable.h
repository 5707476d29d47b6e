/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What may become a row of the directory: texts that are well formed, names that mean one thing, limits. */
#ifndef GATE_ACCEPTABLE_H
#define GATE_ACCEPTABLE_H

#include "gate/directory.h"

/* row: a MSG_DIR_* struct.  0, or -EINVAL, -EEXIST or -ENOENT with e saying why.  Deletes of what is not there: -ENOENT. */
int acceptable_row(const struct directory *d, unsigned type, const void *row, struct err *e);

#endif
