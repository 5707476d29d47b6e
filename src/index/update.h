/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Bringing the index up to what the database holds. */
#ifndef INDEX_UPDATE_H
#define INDEX_UPDATE_H

#include "db/db.h"
#include "index/renderer.h"

/* slow: recordings whose end was not rendered but read; unread: that could not be read to their end. */
struct update_counts { uint64_t sessions, lines, events, slow, unread; };

/* All of it; or, session not NULL, that recording alone.  What is committed stays when it fails. */
int update_run(struct db *db, struct index *x, struct renderer *renderer, const unsigned char *session,
    struct update_counts *counts, struct err *e);

#endif
