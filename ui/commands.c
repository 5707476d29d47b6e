/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Which of a screen's lines are commands.  None of it is evidence of what ran: it is where to look. */
#include <string.h>

#include "base/text.h"
#include "ui/lines_model.h"

static const char *const source_names[] = {
	[COMMAND_EXEC] = "exec", [COMMAND_MARK] = "mark", [COMMAND_INPUT] = "input", [COMMAND_SCREEN] = "screen",
};

const char *
command_source_name(enum command_source source)
{
	return source_names[source];
}

void
commands_done(struct commands *c)
{
	buf_done(&c->prompt);
	buf_done(&c->line);
}

void
commands_forget(struct commands *c)
{
	c->typing = c->entered = false;
	c->bursts = 0;
	c->keys = 0;
	buf_clear(&c->line);
}

void
commands_output(struct commands *c)
{
	if (c->bursts < 2)
		c->bursts++;
}

void
commands_input(struct commands *c, struct slice typed)
{
	for (size_t i = 0; i < typed.n && !c->entered; i++)
		c->entered = typed.p[i] == '\r' || typed.p[i] == '\n';
}

/* Keys that are only counted. */
void
commands_keys(struct commands *c, struct slice count)
{
	uint64_t n;

	if (text_u64(count, COMMANDS_KEYS_MAX, &n) && c->keys < COMMANDS_KEYS_MAX)
		c->keys += n;
}

static void
found(struct commands *c, uint64_t t_ms, enum command_source source, struct slice text)
{
	while (text.n > 0 && text.p[0] == ' ')
		text = slice_of(text.p + 1, text.n - 1);
	if (text.n > 0 && c->sink->command != NULL)
		c->sink->command(c->sink->arg, t_ms, source, text);
}

/* The cells left of the cursor. */
static void
prompt_read(struct commands *c, struct screen *s)
{
	unsigned row, col;
	struct screen_cell cell;
	bool visible;

	buf_done(&c->prompt);
	buf_init(&c->prompt, COMMANDS_PROMPT_MAX);
	screen_cursor(s, &row, &col, &visible);
	for (unsigned x = 0; x < col; x++) {
		screen_cell(s, row, x, &cell);
		if (cell.width > 0 && screen_put_cell(&c->prompt, &cell) != 0)
			return;
	}
}

void
commands_mark(struct commands *c, uint64_t t_ms, char mark, struct screen *s)
{
	if (mark == 'B') {
		prompt_read(c, s);
		buf_done(&c->line);
		buf_init(&c->line, 2 * LINES_TEXT_MAX);
		c->marks = c->typing = true;
	} else if (mark == 'C' && c->typing) {
		found(c, t_ms, COMMAND_MARK, buf_slice(&c->line));
		c->typing = false;
	} else if (mark == 'A') {
		c->typing = false;
	}
}

/* Behind the first sign that ends a prompt; nothing: none does.  A prompt is not longer than its line's half or 80 bytes. */
static struct slice
behind_prompt(struct slice line)
{
	static const char *const ends[] = { "$ ", "# ", "% ", "> ", "\xe2\x9d\xaf ", "\xc2\xbb " };

	for (size_t i = 0; i < line.n && i < 80; i++)
		for (size_t k = 0; strchr("$#%>\xe2\xc2", line.p[i]) != NULL && k < sizeof(ends) / sizeof(ends[0]); k++) {
			size_t n = strlen(ends[k]);

			if (line.n - i > n && memcmp(line.p + i, ends[k], n) == 0)
				return slice_of(line.p + i + n, line.n - i - n);
		}
	return slice_from("");
}

/* A prompt that nobody has marked has few words, so that a sentence with a price is none. */
static bool
begins_as_prompt(struct slice line, struct slice command)
{
	size_t head = line.n - command.n, blanks = 0;

	for (size_t i = 0; i + 1 < head; i++)
		blanks += line.p[i] == ' ';
	return command.n > 0 && blanks <= 2;
}

void
commands_line(struct commands *c, uint64_t t_ms, struct slice line)
{
	struct slice prompt = buf_slice(&c->prompt), command;

	if (c->typing) {
		if (prompt.n > 0 && line.n >= prompt.n && memcmp(line.p, prompt.p, prompt.n) == 0)
			line = slice_of(line.p + prompt.n, line.n - prompt.n);
		else if (c->line.len > 0)
			(void)buf_u8(&c->line, '\n');
		(void)buf_slice_append(&c->line, line);
	} else if (!c->marks && c->sink->command != NULL && (c->entered || c->bursts > 1 || c->keys > 0)) {
		command = behind_prompt(line);
		if (c->entered && command.n > 0)
			found(c, t_ms, COMMAND_INPUT, command);
		else if (!c->entered && begins_as_prompt(line, command)) {
			found(c, t_ms, COMMAND_SCREEN, command);
			c->keys -= c->keys < command.n + 1 ? c->keys : command.n + 1;
		}
	}
	c->entered = false;
	c->bursts = 1;
}
