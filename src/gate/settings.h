/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* MSG_SETTINGS: what the configuration says about logins.  How its files went goes to the log and the record. */
#ifndef GATE_SETTINGS_H
#define GATE_SETTINGS_H

#include "gate/gate.h"

void settings_take(struct gate *g, const struct chan_in *in);

#endif
