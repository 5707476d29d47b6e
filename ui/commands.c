/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Which of a screen's lines are commands.  None of it is proof of what ran: it is where to look.
 *
 * Told: a shell's marks (OSC 133).  What stands between B and the newline before C is a command, D brings how it ended.  A shell
 * that never says C is believed when it says D.
 *
 * Guessed: keys were typed (their count is on the record, not they) behind what looks like a prompt, and the line was left by a
 * newline.  Where the first of these keys found the cursor the command begins, whatever is done to it until then: that is read off
 * the screen, so what was not shown cannot be in it.  Lines that are typed before their prompt is there, or pasted at once, are
 * known by a prompt that was seen before.  A line that is being edited again, the same, was not run: the shell listed completions.
 */
#include <string.h>

#include "base/text.h"
#include "ui/lines_model.h"

#define PASTED 8                         /* more keys at once than one key sends */

void
commands_init(struct commands *c, const struct lines_sink *sink)
{
	*c = (struct commands){ .sink = sink };
	buf_init(&c->prompt, COMMANDS_PROMPT_MAX);
	buf_init(&c->right, COMMANDS_PROMPT_MAX);
	buf_init(&c->line, COMMANDS_READ_MAX);
	buf_init(&c->read, COMMANDS_READ_MAX);
	buf_init(&c->said, COMMANDS_READ_MAX);
}

void
commands_done(struct commands *c)
{
	buf_done(&c->prompt);
	buf_done(&c->right);
	buf_done(&c->line);
	buf_done(&c->read);
	buf_done(&c->said);
}

void
commands_forget(struct commands *c)
{
	const struct lines_sink *sink = c->sink;

	commands_done(c);
	commands_init(c, sink);
}

void
commands_lost(struct commands *c)
{
	c->set = false;
	memset(c->goes_on, 0, sizeof(c->goes_on));
}

void
commands_scrolled(struct commands *c)
{
	c->set = c->set && c->at.row > 0;
	c->at.row -= c->set;
	memmove(c->goes_on, c->goes_on + 1, sizeof(c->goes_on) - sizeof(c->goes_on[0]));
}

void
commands_went_on(struct commands *c, unsigned row)
{
	if (row < SCREEN_ROWS_MAX)
		c->goes_on[row] = true;
}

void
commands_erased(struct commands *c, unsigned row, unsigned col, bool below)
{
	if (row < SCREEN_ROWS_MAX && col == 0)
		c->goes_on[row] = false;
	for (unsigned r = row + 1; below && r < SCREEN_ROWS_MAX; r++)
		c->goes_on[r] = false;
}

/* ---- what the screen holds ---- */

static void
trim(struct buf *b, size_t from)
{
	while (b->len > from && (b->p[b->len - 1] == ' ' || b->p[b->len - 1] == '\n'))
		b->len--;
}

static bool
starts_with(struct slice s, struct slice with)
{
	return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

static bool
ends_with(struct slice s, struct slice with)
{
	return s.n >= with.n && memcmp(s.p + s.n - with.n, with.p, with.n) == 0;
}

static struct slice
slice_behind(struct slice s, size_t n)
{
	return n > 0 ? slice_of(s.p + n, s.n - n) : s;
}

/* The row where the line begins that row belongs to. */
static unsigned
line_begin(const struct commands *c, unsigned row)
{
	while (row > 0 && row < SCREEN_ROWS_MAX && c->goes_on[row])
		row--;
	return row;
}

/* A row that others may follow, appended: those that go on from it close up. */
static void
row_read(struct commands *c, struct screen *s, unsigned row, unsigned from, bool last)
{
	unsigned cols, rows;
	size_t before = c->read.len;
	struct slice right = buf_slice(&c->right);

	screen_size(s, &cols, &rows);
	if (!last && c->goes_on[row + 1]) {
		(void)screen_row_written(s, row, from, &c->read);
		return;
	}
	(void)screen_row_part(s, row, from, cols, &c->read);
	trim(&c->read, before);
	if (c->set && row == c->at.row && right.n > 0 && ends_with(slice_behind(buf_slice(&c->read), before), right)) {
		c->read.len -= right.n;
		trim(&c->read, before);
	}
	if (!last)
		(void)buf_u8(&c->read, '\n');
}

/* From there to the end of the cursor's row. */
static struct slice
text_read(struct commands *c, struct screen *s, unsigned row, unsigned col)
{
	unsigned last, at;
	bool visible;

	buf_clear(&c->read);
	screen_cursor(s, &last, &at, &visible);
	for (; row <= last; row++, col = 0)
		row_read(c, s, row, col, row == last);
	trim(&c->read, 0);
	return buf_slice(&c->read);
}

/* What the cursor's line holds left of it. */
static struct slice
left_read(struct commands *c, struct screen *s)
{
	unsigned row, col, from;
	bool visible;

	buf_clear(&c->read);
	screen_cursor(s, &row, &col, &visible);
	for (from = line_begin(c, row); from < row; from++)
		(void)screen_row_written(s, from, 0, &c->read);
	(void)screen_row_part(s, row, 0, col, &c->read);
	return buf_slice(&c->read);
}

static void
keep(struct buf *b, struct slice s)
{
	buf_clear(b);
	(void)buf_slice_append(b, s);
}

/* ---- prompts ---- */

static const char *const signs[] = { "$", "#", "%", ">", "\xe2\x9d\xaf", "\xc2\xbb", "\xce\xbb", "\xe2\x9c\x97", "\xe2\x9e\x9c" };

/* Does it end in a sign, and perhaps a blank?  Some begin with theirs. */
static bool
is_prompt(struct slice s)
{
	static const char arrow[] = "\xe2\x9e\x9c ";

	if (starts_with(s, slice_from(arrow)) && s.p[s.n - 1] == ' ')
		return true;
	s.n -= s.n > 0 && s.p[s.n - 1] == ' ';
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (ends_with(s, slice_from(signs[i])))
			return true;
	return false;
}

/* Behind the first sign and a blank; nothing: there is none.  A prompt that nobody has seen is no longer than 80 bytes and has few
 * words, so that a sentence with a price is none. */
static struct slice
behind_sign(struct slice line)
{
	unsigned blanks = 0;

	for (size_t i = 0; i < line.n && i < 80 && blanks <= 2; i++) {
		if (line.p[i] != ' ')
			continue;
		if (is_prompt(slice_of(line.p, i)))
			return slice_behind(line, i + 1);
		blanks++;
	}
	return slice_from("");
}

/* ---- giving ---- */

/* At whole characters. */
static struct slice
text_cut(struct buf *b, size_t from)
{
	static const char more[] = "\xe2\x80\xa6";
	size_t end = from + COMMAND_TEXT_MAX - strlen(more);

	if (b->len - from > COMMAND_TEXT_MAX) {
		while ((b->p[end] & 0xc0) == 0x80)
			end--;
		b->len = end;
		(void)buf_text(b, more);
	}
	return slice_behind(buf_slice(b), from);
}

/* A line, and where in it the command begins.  False: there is none. */
static bool
found(struct commands *c, uint64_t t_ms, enum command_source source, enum command_sure sure, struct slice line, size_t at)
{
	while (at < line.n && line.p[at] == ' ')
		at++;
	if (at >= line.n)
		return false;
	keep(&c->said, line);
	c->said_at = at;
	c->last = (struct command_seen){ .t_ms = t_ms, .source = source, .sure = sure, .exit = -1, .text = text_cut(&c->said, at) };
	c->fresh = true;
	c->open = source == COMMAND_MARK;
	c->sink->command(c->sink->arg, &c->last);
	c->last.text = slice_from("");
	return true;
}

static void
better(struct commands *c)
{
	if (c->sink->better != NULL)
		c->sink->better(c->sink->arg, &c->last);
}

/* ---- what was typed ---- */

static void
place(struct commands *c, struct screen *s)
{
	bool visible;

	screen_cursor(s, &c->at.row, &c->at.col, &visible);
	c->set = true;
}

/* Right of the cursor a shell may show what is no part of the command. */
static void
right_read(struct commands *c, struct screen *s)
{
	unsigned cols, rows;

	screen_size(s, &cols, &rows);
	buf_clear(&c->right);
	(void)screen_row_part(s, c->at.row, c->at.col, cols, &c->right);
	trim(&c->right, 0);
	while (c->right.len > 0 && c->right.p[0] == ' ')
		buf_consume(&c->right, 1);
}

/* The line that was taken for run stands there again: completions were listed. */
static bool
is_again(const struct commands *c, struct slice left)
{
	struct slice said = buf_slice(&c->said);

	while (left.n > 0 && left.p[left.n - 1] == ' ')
		left.n--;
	return c->fresh && c->last_keys == 1 && c->last.source == COMMAND_SCREEN && slice_eq(left, said);
}

/* A key, and the cursor where it is: is that where a command begins? */
static void
begin(struct commands *c, struct screen *s)
{
	struct slice left = left_read(c, s), prompt = buf_slice(&c->prompt);

	if (is_again(c, left)) {
		c->last.sure = COMMAND_NONE;
		better(c);
		place(c, s);
	} else if (prompt.n > 0 && left.n > prompt.n && starts_with(left, prompt)) {
		place(c, s);
	} else if (!c->spoiled && is_prompt(left)) {
		keep(&c->prompt, left);
		place(c, s);
		right_read(c, s);
	} else {
		c->spoiled = c->spoiled || left.n > 0;
	}
}

/* Is the cursor still on the line of the command that was begun? */
static bool
is_begun(struct commands *c, struct screen *s)
{
	unsigned row, col;
	bool visible;

	screen_cursor(s, &row, &col, &visible);
	if (c->set && line_begin(c, row) != line_begin(c, c->at.row))
		c->set = c->spoiled = false;
	return c->set;
}

void
commands_keys(struct commands *c, struct slice count, struct screen *s)
{
	uint64_t n;

	if (c->sink->command == NULL || !text_u64(count, COMMANDS_KEYS_MAX, &n))
		return;
	if (!c->typing && !is_begun(c, s))
		begin(c, s);
	c->keyed = true;
	c->fresh = false;
	c->last_keys = n;
	c->keys += c->keys < COMMANDS_KEYS_MAX ? n : 0;
}

/* The line that was shown for keys comes behind its end: if it says the same, that is what was typed. */
void
commands_typed(struct commands *c, struct slice line)
{
	struct slice text = slice_behind(buf_slice(&c->said), c->said_at);

	while (line.n > 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n' || line.p[line.n - 1] == ' '))
		line.n--;
	if (!c->fresh || c->last.source != COMMAND_SCREEN || !slice_eq(text, line))
		return;
	c->last.sure = COMMAND_HIGH;
	better(c);
}

/* Keys are accounted for: all, where they came one by one; of a paste as many as the command has. */
static void
keys_spend(struct commands *c, size_t n)
{
	if (c->set && c->last_keys <= PASTED)
		c->keys = 0;
	else
		c->keys -= c->keys < n + 1 ? c->keys : n + 1;
}

static bool
guess_line(struct commands *c, uint64_t t_ms, struct slice line, bool unseen)
{
	struct slice prompt = buf_slice(&c->prompt), rest;

	if (ends_with(line, slice_from("^C")))
		return false;
	if (prompt.n > 0 && starts_with(line, prompt))
		return found(c, t_ms, COMMAND_SCREEN, COMMAND_MEDIUM, line, prompt.n);
	rest = unseen ? behind_sign(line) : slice_from("");
	return rest.n > 0 && found(c, t_ms, COMMAND_SCREEN, COMMAND_LOW, line, line.n - rest.n);
}

static void
guess(struct commands *c, uint64_t t_ms, struct screen *s)
{
	unsigned row, col;
	bool visible, hit = false;

	if (c->keys == 0)
		return;
	screen_cursor(s, &row, &col, &visible);
	if (c->set && c->at.row <= row)
		hit = guess_line(c, t_ms, text_read(c, s, line_begin(c, c->at.row), 0), false);
	if (!hit)
		hit = guess_line(c, t_ms, text_read(c, s, line_begin(c, row), 0), true);
	if (hit)
		keys_spend(c, c->said.len - c->said_at);
}

/* ---- what a shell tells ---- */

/* Of a shell that says when a command runs, all lines that a key has ended; of others the first. */
static void
capture(struct commands *c, struct screen *s)
{
	unsigned row, col;
	bool visible;

	screen_cursor(s, &row, &col, &visible);
	if (!c->set || c->at.row > row || row - c->at.row > COMMANDS_ROWS_MAX || (c->captured && (!c->keyed || !c->told)))
		return;
	c->line.len = c->line_at;
	(void)buf_slice_append(&c->line, text_read(c, s, c->at.row, c->at.col));
	c->captured = true;
	c->keyed = false;
}

/* Within what is being typed, to its next row: shells move there so. */
static bool
is_inside(const struct commands *c, unsigned row)
{
	return c->set && row + 1 < SCREEN_ROWS_MAX && c->goes_on[row + 1];
}

void
commands_newline(struct commands *c, uint64_t t_ms, struct screen *s)
{
	unsigned row, col;
	bool visible;

	if (c->sink->command == NULL)
		return;
	screen_cursor(s, &row, &col, &visible);
	if (is_inside(c, row))
		return;
	if (c->typing)
		capture(c, s);
	else
		guess(c, t_ms, s);
	if (!c->typing)
		c->set = c->spoiled = false;
	c->goes_on[row + 1] = false;
}

/* One that goes on with a command, in a line behind it. */
static bool
is_secondary(struct slice tail)
{
	return starts_with(tail, slice_from("k=s")) || (tail.n > 0 && memmem(tail.p, tail.n, ";k=s", 4) != NULL);
}

static void
typing_begin(struct commands *c, struct screen *s)
{
	if (!c->typing)
		buf_clear(&c->line);
	else if (c->captured)
		(void)buf_u8(&c->line, '\n');
	c->line_at = c->line.len;
	c->typing = true;
	c->captured = c->keyed = false;
	buf_clear(&c->right);
	place(c, s);
}

static void
typing_end(struct commands *c, uint64_t t_ms)
{
	struct slice line = buf_slice(&c->line);

	c->open = c->typing && !ends_with(line, slice_from("^C")) && found(c, t_ms, COMMAND_MARK, COMMAND_HIGH, line, 0);
	c->typing = c->set = false;
	c->keys = 0;
}

/* "0", "1;aid=2", or nothing. */
static int
status_of(struct slice tail)
{
	const unsigned char *end = tail.n > 0 ? memchr(tail.p, ';', tail.n) : NULL;
	uint64_t n;

	return text_u64(slice_of(tail.p, end != NULL ? (size_t)(end - tail.p) : tail.n), INT32_MAX, &n) ? (int)n : -1;
}

static void
over(struct commands *c, uint64_t t_ms, struct slice tail)
{
	if (c->typing && c->captured && !c->told)
		typing_end(c, t_ms);
	if (c->open && (c->last.exit = status_of(tail)) >= 0)
		better(c);
	c->open = c->typing = c->set = false;
}

void
commands_mark(struct commands *c, uint64_t t_ms, const struct sequence_piece *p, struct screen *s)
{
	if (c->sink->command == NULL)
		return;
	if (p->final == 'A' && !is_secondary(p->tail)) {
		c->typing = c->set = false;
	} else if (p->final == 'B') {
		typing_begin(c, s);
	} else if (p->final == 'C') {
		c->told = true;
		if (c->typing && !c->captured)
			capture(c, s);
		typing_end(c, t_ms);
	} else if (p->final == 'D') {
		over(c, t_ms, p->tail);
	}
}
