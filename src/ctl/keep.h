/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What is kept for how long. */
#ifndef CTL_KEEP_H
#define CTL_KEEP_H

#include "ctl/ctl.h"

enum retention_is { RETENTION_GOOD, RETENTION_UNSAID, RETENTION_UNKNOWN, RETENTION_DOUBTED, RETENTION_LATE };
/* What will be erased next, and when, as a sentence. */
enum retention_is retention_look(struct ctl *c, char *text, size_t size);

#endif
