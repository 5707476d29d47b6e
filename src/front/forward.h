/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Forwarded connections (ssh -L, -D, -W behind a host's name): through the host's own connection. */
#ifndef FRONT_FORWARD_H
#define FRONT_FORWARD_H

#include "front/door.h"

/* A direct-tcpip channel of a door that belongs to a host.  Takes m. */
void forward_take(struct door *d, ssh_message m);

#endif
