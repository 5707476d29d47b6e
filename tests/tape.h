/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A recording in memory, for what reads frames: made by hand, read and sought as a source of the player's. */
#ifndef TESTS_TAPE_H
#define TESTS_TAPE_H

#include "base/frame.h"

struct tape {
	struct buf bytes;                /* the test's: buf_init, buf_done */
	size_t at;
	unsigned asked;                  /* for the test that wonders */
};

void tape_add(struct tape *t, unsigned char kind, uint64_t ms, const char *text);
/* Of a struct replay_source. */
int tape_next(void *arg, struct frame *f, uint64_t *pos);
void tape_seek(void *arg, uint64_t pos);

#endif
