/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Answers that may be as long as the directory, for client_send_list. */
#ifndef GATE_LISTS_H
#define GATE_LISTS_H

#include "gate/gate.h"

bool lists_hosts(struct client *c, mono_t until);          /* MSG_HOST_ROWS for c->asked ("": as the administrator), allowed ones first */
bool lists_directory(struct client *c, mono_t until);      /* MSG_DIR_USER, _KEY, _HOST, then _END with c->req */

#endif
