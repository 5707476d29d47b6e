/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Text out of terminal output without a screen: runs of characters between whatever moves the cursor away from them.  What
 * was written over, or together, only a screen knows (lines.h); this costs the same whatever the output is.
 */
#ifndef UI_READING_H
#define UI_READING_H

#include "ui/lines.h"
#include "ui/sequence.h"

struct reading {
	struct sequence seq;
	struct buf line;
	uint64_t t_ms;
	struct lines_sink sink;          /* its line alone */
};

void reading_init(struct reading *r, const struct lines_sink *sink);
void reading_done(struct reading *r);
void reading_frame(struct reading *r, const struct frame *f);
void reading_end(struct reading *r);             /* what is left is a line */

#endif
