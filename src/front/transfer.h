/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Files that go by, on the record, each a mark in the recording and an event: what SFTP does, commands of scp, rsync and
 * git by what they name, rz and sz in a terminal. */
#ifndef FRONT_TRANSFER_H
#define FRONT_TRANSFER_H

#include "front/channel.h"

/* Once the channel's flows are set.  0 or -ENOMEM. */
int transfer_start(struct channel *c);
/* Some of the channel's verbs were taken back: no more goes through than the others permit. */
void transfer_permit(struct channel *c);
/* The flows are over: what is still open becomes rows too, at transfer_settle. */
void transfer_end(struct channel *c);
/* Hands the store the rows that it could not take before.  0, -EAGAIN: it still cannot; again next turn, or its error. */
int transfer_settle(struct channel *c);
void transfer_free(struct channel *c);

#endif
