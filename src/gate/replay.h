/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Recordings over ssh: who may look at one, and how far they got.  The gate decides, has it put on the record, and has the
 * monitor start the program that looks; it keeps a channel to that program's reader, by which it hears what was handed
 * out, and whose end ends it.
 */
#ifndef GATE_REPLAY_H
#define GATE_REPLAY_H

#include "gate/gate.h"

int replay_ask(struct client *c, const void *message);       /* MSG_REPLAY_ASK.  0, or negative: it has to go */
/* What this hold of c's (0: any) looks at ends: nothing more is handed out, and how far it got is put on the record. */
void replay_forget(struct client *c, uint32_t hold);

#endif
