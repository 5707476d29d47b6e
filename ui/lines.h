/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What was there to be read: a screen's lines, each once, with the time at which it stood there whole, and the commands
 * among them.  A line is given when the cursor has gone to another row, when it is about to scroll away or be erased, or
 * when it has stood for LINES_STOOD_MS; one that a terminal's width broke into rows is whole.  What programs draw again as
 * it was is not given again.
 *
 * Among them commands are told by the marks that a shell puts round them (OSC 133), or guessed from the screen; see commands.c.
 */
#ifndef UI_LINES_H
#define UI_LINES_H

#include "base/command.h"
#include "base/frame.h"
#include "ui/screen.h"

#define LINES_STOOD_MS 500
#define LINES_TEXT_MAX 4096              /* bytes of a line; a longer one is given in parts */

/* Texts: UTF-8 out of cells, without controls, but not escaped; valid until it returns.  better: the last command that was given
 * is known better now, its end or how sure it is; without its text. */
struct lines_sink {
	void (*line)(void *arg, uint64_t t_ms, struct slice text);       /* may be NULL */
	void (*command)(void *arg, const struct command_seen *c);        /* may be NULL */
	void (*better)(void *arg, const struct command_seen *c);         /* may be NULL */
	void *arg;
	bool all;                        /* what a full-screen program draws again counts again */
};

struct lines;

/* Watches s, which must not be freed before it.  NULL when out of memory. */
struct lines *lines_new(struct screen *s, const struct lines_sink *sink);
void lines_free(struct lines *l);
/* Before a frame goes to the screen (or does not: what was typed counts too). */
void lines_frame(struct lines *l, const struct frame *f);
/* What stands on the cursor's row now is given, as at the end. */
void lines_end(struct lines *l);
/* A jump: paint (see screen_paint) goes to the screen unheard, and everything there is as if it had been given. */
void lines_restore(struct lines *l, struct slice paint);
/* The text on the cursor's row that has not been given yet, with what belongs before it; "" if there is none. */
struct slice lines_unsaid(struct lines *l);

#endif
