/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What screen.c (the model) and paint.c (keyframes) share.  libvterm tells its cells, its cursor and its pen; what else it
 * holds and does not tell is followed here from the sequences that go in, so that a keyframe can bring it back.
 */
#ifndef UI_SCREEN_MODEL_H
#define UI_SCREEN_MODEL_H

#include <vterm.h>

#include "ui/screen.h"
#include "ui/sequence.h"

/* The modes that change how later bytes are drawn; each a row of paint.c's table. */
enum { MODE_INSERT, MODE_NEWLINE, MODE_REVERSE, MODE_ORIGIN, MODE_WRAP, MODES };

struct screen {
	VTerm *vt;
	VTermScreen *vs;
	struct sequence seq;
	bool cursor_visible, alternate;
	unsigned char last;             /* the ASCII character that went in last, or 0 */
	bool modes[MODES];
	unsigned top, bottom;           /* scroll margins as given; 0, 0: none */
	char charsets[4], shift;        /* designated to G0 to G3, 0: none; which of them is in use */
	bool tabs_set;                  /* tab stops are not every eighth column any more */
	bool tabs[SCREEN_COLS_MAX];
	struct lines *lines;            /* who watches, or NULL */
	struct buf primary;             /* paint of the primary screen while the alternate one is shown */
};

/* paint.c: what a piece changes, before and after it has gone in. */
void modes_reset(struct screen *s);
void modes_before(struct screen *s, const struct sequence_piece *p);
void modes_after(struct screen *s, const struct sequence_piece *p);

/* screen.c: a colour as struct screen_cell has it; a cell's characters. */
int screen_colour(const VTermColor *c, bool is_default);
int screen_put_cell(struct buf *out, const struct screen_cell *c);

#endif
