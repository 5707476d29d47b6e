/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The half of the replay program that has the database: see link.h. */
#ifndef UI_READER_H
#define UI_READER_H

#include "db/db.h"
#include "ui/deck.h"

struct reader;

/* Opens the database at dir and these sessions; keyframes come from the index at index_dir, if that is not NULL and there is
 * one.  NULL with e: -ENOENT there is no such session. */
struct reader *reader_open(const char *dir, const char *index_dir, const char *const ids[DECK_MAX], unsigned n, struct err *e);
void reader_close(struct reader *r);
/* Gives up everything but reading below dir, then answers at fd until the other half closes it.  gate: hears how far frames were
 * handed out, and ends it by closing its end; -1: nobody does.  0 or negative with e. */
int reader_run(struct reader *r, int fd, int gate, struct err *e);

#endif
