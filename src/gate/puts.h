/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Changes of the directory, and events that must be durable before we go on: the store
 * hears them first, memory changes when it says done, then the one who asked is told.
 */
#ifndef GATE_PUTS_H
#define GATE_PUTS_H

#include "gate/gate.h"

/* What to do when the store has answered.  c is NULL if the client has gone.  text says why not. */
typedef void puts_fn(struct gate *g, struct client *c, uint32_t req, bool ok, struct slice text);

struct puts *puts_new(void);
void puts_free(struct puts *p);

/* row: a MSG_DIR_* struct (its req is ours to fill).  req is handed back to fn.  0 or a negative code with e. */
int puts_row(struct gate *g, struct client *c, unsigned type, const void *row, uint32_t req, puts_fn *fn, struct err *e);
/* A number for the req of an event or of another question to the store; fn is called with the answer. */
int puts_wait(struct gate *g, struct client *c, uint32_t req, puts_fn *fn, uint32_t *ret_number);
unsigned puts_rows(const struct puts *p);        /* how many rows of users, groups, keys and hosts are on their way */
bool puts_has_host(const struct puts *p, struct slice name);     /* is one of this host among them? */
void puts_forget(struct gate *g, uint32_t number);       /* it was not asked after all */
/* Asks the store, fn is called with the answer.  message begins with its req, which is ours to fill. */
int puts_ask(struct gate *g, struct client *c, unsigned type, const void *message, uint32_t req, puts_fn *fn);
/* The store's answer to number.  -EBADMSG: nobody asked. */
int puts_done(struct gate *g, uint32_t number, bool ok, struct slice text);

#endif
