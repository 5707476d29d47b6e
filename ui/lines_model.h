/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What screen.c, lines.c and commands.c share: who watches, and what a command is known by. */
#ifndef UI_LINES_MODEL_H
#define UI_LINES_MODEL_H

#include "ui/lines.h"
#include "ui/screen_model.h"

#define COMMANDS_KEYS_MAX   1000000
#define COMMANDS_PROMPT_MAX 2048         /* bytes of a prompt */
#define COMMANDS_ROWS_MAX   64           /* that a command may take: a host could make us read the screen for every few bytes */
#define COMMANDS_READ_MAX   (1u << 17)   /* of what is read of the screen for one command */

struct commands {
	const struct lines_sink *sink;
	bool told;                       /* this shell says when a command runs (mark C) */
	bool typing, captured;           /* between marks B and C; line holds what was typed there */
	bool keyed;                      /* a key came since it was captured */
	bool set;                        /* at: where on the screen the command begins that is being typed */
	struct { unsigned row, col; } at;
	bool goes_on[SCREEN_ROWS_MAX + 1];       /* a row: it is the rest of the one above, which has no more room */
	bool spoiled;                    /* keys came on this row where no prompt was: what it holds is no prompt */
	uint64_t keys, last_keys;        /* typed, as far as no command has been seen for them; at once, the last time */
	bool open;                       /* last is what its end belongs to */
	bool fresh;                      /* no key came since last */
	struct command_seen last;        /* without its text, which is in said */
	struct buf prompt, right;        /* what stands before the command on its line, and right of it */
	struct buf line, read;           /* what was typed, as it was captured; scratch */
	size_t line_at;                  /* where line's part begins that stands behind the last B */
	struct buf said;                 /* last's line with its prompt */
	size_t said_at;                  /* where its text begins */
};

/* lines.c, called by screen.c round each piece. */
void lines_before(struct lines *l, const struct sequence_piece *p);
void lines_after(struct lines *l, const struct sequence_piece *p);

/* commands.c */
void commands_init(struct commands *c, const struct lines_sink *sink);
void commands_done(struct commands *c);
void commands_forget(struct commands *c);
void commands_keys(struct commands *c, struct slice count, struct screen *s);    /* keys that are only counted */
void commands_typed(struct commands *c, struct slice line);                      /* a line that the record holds */
void commands_mark(struct commands *c, uint64_t t_ms, const struct sequence_piece *p, struct screen *s);
/* Before the cursor leaves its row by a newline. */
void commands_newline(struct commands *c, uint64_t t_ms, struct screen *s);
/* On the main screen: text went on in this row, at the edge of the one above; what is erased from the cursor on. */
void commands_went_on(struct commands *c, unsigned row);
void commands_erased(struct commands *c, unsigned row, unsigned col, bool below);
void commands_scrolled(struct commands *c);      /* by one row */
void commands_lost(struct commands *c);          /* rows are elsewhere now */

#endif
