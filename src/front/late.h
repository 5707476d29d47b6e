/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The end of a recording whose session came to nothing: its channel is gone at once, and the store is told when it can take it. */
#ifndef FRONT_LATE_H
#define FRONT_LATE_H

#include "front/channel.h"

/* Closes c's recording.  If the store is behind, the recording is no longer c's. */
void late_close(struct channel *c, const char *reason);

#endif
