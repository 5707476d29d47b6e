/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The user's side of keyboard-interactive. */
#ifndef FRONT_INTERACTIVE_H
#define FRONT_INTERACTIVE_H

#include "front/door.h"

/* A message of it: a beginning or answers. */
void interactive_take(struct door *d, ssh_message m);

#endif
