/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* MfaPeriod: who proved a second factor a while ago, with which key and from where.  In memory alone: a gate that
 * starts again asks again. */
#ifndef GATE_RECENT_H
#define GATE_RECENT_H

#include "base/buf.h"
#include "base/clock.h"

struct recent;

struct recent *recent_new(void);               /* NULL when out of memory */
void recent_free(struct recent *r);

/* key: the blob that signed; without one nothing is remembered. */
void recent_put(struct recent *r, const char *user, const char *address, struct slice key, mono_t now);
/* Within the last period_s seconds? */
bool recent_has(const struct recent *r, const char *user, const char *address, struct slice key, mono_t now, unsigned period_s);
/* All of those users of whom `is` says true. */
void recent_forget(struct recent *r, bool (*is)(const void *arg, struct slice user), const void *arg);

#endif
