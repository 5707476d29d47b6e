/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who is this: the user's side of authentication.  A probe never grants; only a key that signed counts. */
#ifndef FRONT_AUTH_H
#define FRONT_AUTH_H

#include "front/door.h"

/* After success the door's logged_in is true. */
extern const struct door_auth auth_of_user;
/* Says to the client by which methods. */
void auth_init(struct front *f);
/* libssh has seen a login by this method, and more text behind it (overhear.c). */
void auth_overheard(struct front *f, const char *method);
/* Each turn before the login: ends the connection of whom libssh does not answer, or who says too much. */
void auth_look(struct front *f);

#endif
