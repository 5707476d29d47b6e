/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Many changes of the directory at once: all or none.  Tried on a copy first, then the store's, then ours. */
#ifndef GATE_BATCH_H
#define GATE_BATCH_H

#include "gate/gate.h"

/* MSG_DIR_APPLY.  0, or negative: the client has to go. */
int batch_take(struct client *c, struct chan_in *in);
void batch_forget(struct client *c);               /* it is going */
void batch_close(struct gate *g);

#endif
