/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What SFTP did, on the record: each operation a mark in the recording and an event. */
#ifndef FRONT_TRANSFER_H
#define FRONT_TRANSFER_H

#include "front/channel.h"

/* For a channel whose kind is "sftp", once its flows are set.  0 or -ENOMEM. */
int transfer_start(struct channel *c);
/* Before the recording is closed: what is still open becomes rows too. */
void transfer_end(struct channel *c);

#endif
