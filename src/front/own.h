/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The verbs of one's own: sessions and keys.  Whose they are the gate knows. */
#ifndef FRONT_OWN_H
#define FRONT_OWN_H

#include "front/channel.h"
#include "front/verbs.h"

/* Starts of verbs: c is a listing already. */
void own_sessions(struct channel *c, const char *args);
void own_keys(struct channel *c, const char *args);
void own_key_add(struct channel *c, const char *args);
void own_key_rm(struct channel *c, const char *args);

/* While a key is read from the client; true if something moved. */
bool own_key_read(struct channel *c);
/* The gate's answers; the channel is found by req.  True if it was one. */
bool own_take(struct front *f, const struct chan_in *in);
void own_done(struct listing *l);

#endif
