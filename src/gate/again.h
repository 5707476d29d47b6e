/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What was permitted is asked again when what it rested on has changed: the policy, the user, a key, the host, the lists of
 * authorities and of what is revoked, or the time.  What is not permitted any more ends, with a sentence for its user and an
 * event; all else goes on and notices nothing.
 */
#ifndef GATE_AGAIN_H
#define GATE_AGAIN_H

#include "gate/gate.h"

/* cause: what changed, for the record; static. */
void again_all(struct gate *g, const char *cause);
void again_user(struct gate *g, struct slice user, const char *cause);
void again_host(struct gate *g, struct slice host, const char *cause);
/* A row of the directory was taken in (a MSG_DIR_* struct). */
void again_row(struct gate *g, unsigned type, const void *row);
/* The directory is another one now; old is the one that was. */
void again_directory(struct gate *g, const struct directory *old);
/* Somebody has logged in: when that ends is looked out for. */
void again_login(struct client *c);
void again_time_over(void *grant);                 /* its timeout has come: it is taken back */
void again_forget(struct client *c);               /* it is going */
void again_start(struct gate *g);                  /* looks at the clock from now on */

#endif
