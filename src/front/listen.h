/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Remote forwards (ssh -R): a host listens for a door's client.  A listen belongs to the door that asked for it. */
#ifndef FRONT_LISTEN_H
#define FRONT_LISTEN_H

#include "front/door.h"
#include "front/target.h"

struct listen;

/* Asks gate and host; "" is all addresses, port 0 any.  NULL: too many. */
struct listen *listen_ask(struct door *d, const char *address, int port);
/* NULL: d has none such.  Other doors' are not touched. */
struct listen *listen_cancel(struct door *d, const char *address, int port);
enum listen_answer { LISTEN_WAIT, LISTEN_YES, LISTEN_NO };
/* What became of what was asked last; port is the one it listens on. */
enum listen_answer listen_answer(const struct listen *l, int *port, const char **why);
void listen_heard(struct listen *l);             /* the client has the answer; l may be gone after */
/* The host stops listening, and the client hears why, if it listens.  False: none has this hold. */
bool listen_revoked(struct front *f, uint32_t hold, const char *code, const char *reason);
/* The door is going: its hosts stop listening. */
void listen_leave(struct door *d);
/* What the hosts were asked for; true if something moved. */
bool listen_step_all(struct front *f);

/* What a connection to address:port of this target belongs to, or NULL: nobody asked for it. */
const struct listen *listen_find(const struct leg *l, const char *address, int port);
struct door *listen_door(const struct listen *l);        /* NULL: gone, or wants no more */
/* As the client asked for it, for the policy; as it is, for the client. */
const char *listen_asked(const struct listen *l);
uint32_t listen_hold(const struct listen *l);
const char *listen_address(const struct listen *l, int *port);

#endif
