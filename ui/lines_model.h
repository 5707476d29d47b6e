/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What screen.c, lines.c and commands.c share: who watches, and what a command is known by. */
#ifndef UI_LINES_MODEL_H
#define UI_LINES_MODEL_H

#include "ui/lines.h"
#include "ui/screen_model.h"

#define COMMANDS_KEYS_MAX   1000000
#define COMMANDS_PROMPT_MAX 2048         /* bytes of a prompt that a shell has marked */

struct commands {
	const struct lines_sink *sink;
	bool marks;                      /* this shell marks its commands: the other signs do not count */
	bool typing;                     /* between marks B and C */
	bool entered;                    /* Enter was typed, and its line has not come yet */
	unsigned bursts;                 /* frames of output since the last line, at most 2 */
	uint64_t keys;                   /* typed, as far as no command has been seen for them */
	struct buf prompt, line;         /* what stood before the cursor at B; what was typed behind it */
};

/* lines.c, called by screen.c round each piece. */
void lines_before(struct lines *l, const struct sequence_piece *p);
void lines_after(struct lines *l, const struct sequence_piece *p);

/* commands.c */
void commands_done(struct commands *c);
void commands_forget(struct commands *c);
void commands_output(struct commands *c);
void commands_input(struct commands *c, struct slice typed);
void commands_keys(struct commands *c, struct slice count);
void commands_mark(struct commands *c, uint64_t t_ms, char mark, struct screen *s);
void commands_line(struct commands *c, uint64_t t_ms, struct slice line);

#endif
