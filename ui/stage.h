/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A recording's frames on a screen in memory, and its lines heard: what player, exports and the index of texts have in common. */
#ifndef UI_STAGE_H
#define UI_STAGE_H

#include "base/frame.h"
#include "ui/lines.h"

struct stage {
	struct screen *screen;
	struct lines *lines;
	bool plain;                      /* no terminal: lines are only fed, so they need their CR */
};

/* cols 0: there was no terminal.  0 or -ENOMEM (and nothing to be done). */
int stage_init(struct stage *s, unsigned cols, unsigned rows, const struct lines_sink *sink);
void stage_done(struct stage *s);
/* Shows part of a frame's data; lines_frame has been called for it.  What is no output is shown as a whole. */
void stage_show(struct stage *s, const struct frame *f, struct slice part);
/* Both, for a whole frame. */
void stage_frame(struct stage *s, const struct frame *f);
/* Output without a terminal has bare line feeds, which need their CR, or the cursor would walk to the right: takes the next piece
 * of such output, what stands before a line feed or CR LF for one.  False: it has ended. */
bool stage_plain_take(struct slice *s, struct slice *piece);
/* Does such a frame change what is seen? */
bool stage_shows(const struct stage *s, unsigned char kind);

#endif
