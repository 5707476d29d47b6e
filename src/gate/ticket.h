/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Tickets: each is one connection of one front to one place, as one login; the gate signs for it and for nothing else.  A
 * decision goes over the ticket that fits it, an old one or a new one, so that no channel gets a connection that was made
 * for another login, or to where the host was before.
 */
#ifndef GATE_TICKET_H
#define GATE_TICKET_H

#include "gate/gate.h"

/* c's ticket to h as login.  *agent: the signer's socket if it is a new one, else -1; the caller's.  NULL with e. */
struct ticket *ticket_take(struct client *c, const struct dir_host *h, const char *login, int *agent, struct err *e);
int ticket_end(struct client *c, const void *message);         /* MSG_TICKET_END */
struct ticket *ticket_find(struct client *c, uint64_t number); /* or NULL */
void tickets_free(struct client *c);

#endif
