/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A session that runs, as a source for a player: what is on the record comes from there, and what is not yet comes from
 * the front that has the session, by a channel (msg/link.h's viewer or typist).  Both count in positions of the record, so
 * that nothing is missing and nothing comes twice.  Without the channel the record alone goes on, a little later.
 */
#ifndef UI_LIVE_H
#define UI_LIVE_H

#include "base/loop.h"
#include "ui/player.h"

struct live;

/* Something has come; note: a sentence for the viewer, or "". */
typedef void live_fn(void *arg, const char *note);

/* Takes fd.  under, which stays the caller's, is the record.  NULL when out of memory. */
struct live *live_new(struct loop *loop, int fd, bool types, const struct replay_source *under, live_fn *fn, void *arg);
void live_free(struct live *l);
void live_source(struct live *l, struct replay_source *ret);
/* Has the front let go of us? */
bool live_is_gone(const struct live *l);
/* Is there something that the record does not have yet and that cannot be shown before it has? */
bool live_waits(const struct live *l);
/* What was typed, for the session.  0, or chan_send's codes. */
int live_type(struct live *l, struct slice keys);

#endif
