/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The index of texts, STATE/index: who makes it is fortress-index, in its sandbox; here it is only read. */
#ifndef CTL_TEXTS_H
#define CTL_TEXTS_H

#include "ctl/ctl.h"
#include "db/index.h"
#include "db/session.h"

/* Where it is. */
const char *texts_dir(const struct ctl *c, char *path, size_t size);
/* Waits until all that the database holds is in it; what the program says of it goes to said (may be NULL).  0, or -EIO with c->e. */
int texts_update(struct ctl *c, struct buf *said);
/* For a replay: the keyframes of these recordings are made in the background while it runs, if any is long enough to
 * need them.  Whatever goes wrong, the replay works without.  True: there is an index to read. */
bool texts_prepare(struct ctl *c, struct db *db, const unsigned char (*ids)[ID_BYTES], unsigned n);

#endif
