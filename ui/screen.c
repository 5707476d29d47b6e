/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <vterm.h>

#include "base/text.h"
#include "ui/lines_model.h"

#define SIZE_MIN 4

static int
on_property(VTermProp prop, VTermValue *v, void *arg)
{
	struct screen *s = arg;

	if (prop == VTERM_PROP_CURSORVISIBLE)
		s->cursor_visible = v->boolean != 0;
	if (prop == VTERM_PROP_ALTSCREEN)
		s->alternate = v->boolean != 0;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = on_property };

/* Never narrower than a wide character and a neighbour: libvterm would write beside its rows. */
static int
clamp(unsigned v, unsigned deflt, unsigned max)
{
	return (int)(v == 0 ? deflt : v < SIZE_MIN ? SIZE_MIN : v > max ? max : v);
}

/* Columns of a character, whatever the process's locale; 0 for a blank cell, negative for what is not printable. */
static int
rune_width(uint32_t rune)
{
	static locale_t utf8;
	locale_t before;
	int w;

	if (rune < 0x7f)
		return rune != 0;
	if (utf8 == NULL && (utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL)) == NULL)
		return 1;
	before = uselocale(utf8);
	w = wcwidth((wchar_t)rune);
	(void)uselocale(before);
	return w;
}

void
screen_prepare(void)
{
	(void)rune_width(0x4e00);
}

struct screen *
screen_new(unsigned cols, unsigned rows)
{
	struct screen *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->vt = vterm_new(clamp(rows, 24, SCREEN_ROWS_MAX), clamp(cols, 80, SCREEN_COLS_MAX));
	if (s->vt == NULL) {
		free(s);
		return NULL;
	}
	vterm_set_utf8(s->vt, 1);
	s->vs = vterm_obtain_screen(s->vt);
	vterm_screen_set_callbacks(s->vs, &callbacks, s);
	vterm_screen_enable_altscreen(s->vs, 1);
	buf_init(&s->primary, SCREEN_PAINT_MAX);
	screen_reset(s);
	return s;
}

void
screen_free(struct screen *s)
{
	if (s == NULL)
		return;
	vterm_free(s->vt);
	buf_done(&s->primary);
	free(s);
}

void
screen_reset(struct screen *s)
{
	vterm_screen_reset(s->vs, 1);
	s->cursor_visible = true;
	s->alternate = false;
	s->seq = (struct sequence){ 0 };
	modes_reset(s);
	buf_clear(&s->primary);
}

/* What the model would answer (reports, attributes) is thrown away: nobody reads its output buffer. */
static void
write_model(struct screen *s, const unsigned char *p, size_t n)
{
	char answer[256];

	if (n > 0)
		(void)vterm_input_write(s->vt, (const char *)p, n);
	while (vterm_output_read(s->vt, answer, sizeof(answer)) > 0)
		continue;
}

/* A repeat (REP) is played here: libvterm repeats a character of no width for ever.  As programs use it: right behind an
 * ASCII character, within a line. */
static void
repeat(struct screen *s, unsigned count)
{
	unsigned char run[SCREEN_COLS_MAX];

	count = count == 0 ? 1 : count < sizeof(run) ? count : sizeof(run);
	memset(run, s->last, count);
	if (s->last != 0)
		write_model(s, run, count);
}

static void
put_piece(struct screen *s, const struct sequence_piece *p)
{
	unsigned char end = p->kind == SEQUENCE_TEXT ? p->bytes.p[p->bytes.n - 1] : 0;

	if (p->kind == SEQUENCE_CSI && p->final == 'b' && p->leader == '\0' && p->intermediate == '\0') {
		repeat(s, p->args[0]);
		return;
	}
	modes_before(s, p);
	write_model(s, p->bytes.p, p->bytes.n);
	modes_after(s, p);
	s->last = end < 0x80 ? end : 0;
}

/* So many characters of text that they cannot fill more than what is left of one row and most of the next. */
static size_t
portion(const struct screen *s, struct slice text)
{
	unsigned cols, rows, n;
	size_t at = 0;

	screen_size(s, &cols, &rows);
	for (n = cols / 2 > 1 ? cols / 2 - 1 : 1; at < text.n && n > 0; n--)
		for (at++; at < text.n && (text.p[at] & 0xc0) == 0x80; at++)
			continue;
	return at;
}

static void
take_piece(void *arg, const struct sequence_piece *p)
{
	struct screen *s = arg;
	struct sequence_piece part = *p;
	struct slice left = p->bytes;

	if (s->lines == NULL) {
		put_piece(s, p);
		return;
	}
	do {
		if (p->kind == SEQUENCE_TEXT)
			part.bytes = slice_of(left.p, portion(s, left));
		lines_before(s->lines, &part);
		put_piece(s, &part);
		lines_after(s->lines, &part);
		left = slice_of(left.p + part.bytes.n, left.n - part.bytes.n);
	} while (left.n > 0);
}

void
screen_feed(struct screen *s, struct slice bytes)
{
	sequence_feed(&s->seq, bytes, take_piece, s);
}

void
screen_resize(struct screen *s, unsigned cols, unsigned rows)
{
	vterm_set_size(s->vt, clamp(rows, 24, SCREEN_ROWS_MAX), clamp(cols, 80, SCREEN_COLS_MAX));
}

void
screen_size(const struct screen *s, unsigned *cols, unsigned *rows)
{
	int r, c;

	vterm_get_size(s->vt, &r, &c);
	*rows = (unsigned)r;
	*cols = (unsigned)c;
}

/* The model's colours: an index, or RGB brought to the 6×6×6 cube. */
int
screen_colour(const VTermColor *c, bool is_default)
{
	if (is_default)
		return -1;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return 16 + 36 * ((c->rgb.red * 5 + 127) / 255) + 6 * ((c->rgb.green * 5 + 127) / 255) +
	    (c->rgb.blue * 5 + 127) / 255;
}

#define RIGHT_HALF ((uint32_t)-1)

/* The first character of a cell of the model; RIGHT_HALF: it belongs to the cell at its left. */
static uint32_t
model_rune(const struct screen *s, unsigned row, unsigned col)
{
	VTermPos pos = { .row = (int)row, .col = (int)col };
	VTermScreenCell cell;

	return vterm_screen_get_cell(s->vs, pos, &cell) != 0 ? cell.chars[0] : 0;
}

/* A wide character has its right half beside it.  What is left where one of the two was written over is a blank, and so is
 * a cell with nothing but a mark that combines. */
void
screen_cell(struct screen *s, unsigned row, unsigned col, struct screen_cell *ret)
{
	VTermPos pos = { .row = (int)row, .col = (int)col };
	VTermScreenCell cell;
	int w;

	*ret = (struct screen_cell){ .width = 1, .fg = -1, .bg = -1 };
	if (vterm_screen_get_cell(s->vs, pos, &cell) == 0)
		return;
	w = cell.chars[0] != RIGHT_HALF ? rune_width(cell.chars[0]) : 0;
	if (cell.chars[0] == RIGHT_HALF && col > 0 && rune_width(model_rune(s, row, col - 1)) == 2) {
		ret->width = 0;
		return;
	}
	if (w == 2 && model_rune(s, row, col + 1) != RIGHT_HALF)
		w = 0;
	for (int i = 0; i < 5 && w > 0 && cell.chars[i] != 0; i++)
		ret->runes[i] = cell.chars[i];
	ret->width = w == 2 ? 2 : 1;
	ret->bold = cell.attrs.bold;
	ret->underline = cell.attrs.underline != 0;
	ret->reverse = cell.attrs.reverse;
	ret->fg = screen_colour(&cell.fg, VTERM_COLOR_IS_DEFAULT_FG(&cell.fg));
	ret->bg = screen_colour(&cell.bg, VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
}

void
screen_cursor(const struct screen *s, unsigned *row, unsigned *col, bool *visible)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(s->vt), &pos);
	*row = (unsigned)pos.row;
	*col = (unsigned)pos.col;
	*visible = s->cursor_visible;
}

/* Control characters cannot be in cells; what else a terminal might act on is left out by draw. */
int
screen_put_cell(struct buf *out, const struct screen_cell *c)
{
	int r = 0;

	if (c->runes[0] == 0)
		return buf_u8(out, ' ');
	for (int i = 0; r == 0 && c->runes[i] != 0; i++)
		r = text_put_rune(out, c->runes[i]);
	return r;
}

/* Most cells are blank or ASCII; only the others need to be looked at more closely. */
static int
put_column(struct screen *s, unsigned row, unsigned col, struct buf *out)
{
	VTermPos pos = { .row = (int)row, .col = (int)col };
	struct screen_cell c;
	VTermScreenCell cell;

	if (vterm_screen_get_cell(s->vs, pos, &cell) == 0)
		return 0;
	if (cell.chars[0] < 0x7f && cell.chars[1] == 0)
		return buf_u8(out, cell.chars[0] < 0x20 ? ' ' : (uint8_t)cell.chars[0]);
	screen_cell(s, row, col, &c);
	return c.width > 0 ? screen_put_cell(out, &c) : 0;
}

int
screen_row_part(struct screen *s, unsigned row, unsigned from, unsigned to, struct buf *out)
{
	int r = 0;

	for (unsigned x = from; r == 0 && x < to; x++)
		r = put_column(s, row, x, out);
	return r;
}

static int
row_from(struct screen *s, unsigned row, unsigned from, struct buf *out)
{
	unsigned cols, rows;
	size_t before = out->len;
	int r;

	screen_size(s, &cols, &rows);
	r = screen_row_part(s, row, from, cols, out);
	while (out->len > before && out->p[out->len - 1] == ' ')
		out->len--;
	return r;
}

int
screen_row(struct screen *s, unsigned row, struct buf *out)
{
	return row_from(s, row, 0, out);
}

int
screen_row_written(struct screen *s, unsigned row, unsigned from, struct buf *out)
{
	unsigned cols, rows;
	int r = row_from(s, row, from, out);

	screen_size(s, &cols, &rows);
	for (unsigned x = cols; r == 0 && x > from && model_rune(s, row, x - 1) == ' '; x--)
		r = buf_u8(out, ' ');
	return r;
}

bool
screen_shows(struct screen *s, const char *text)
{
	unsigned cols, rows;
	struct buf b;
	bool found = false;

	screen_size(s, &cols, &rows);
	buf_init(&b, 65536);
	for (unsigned y = 0; !found && y < rows; y++) {
		buf_clear(&b);
		found = screen_row(s, y, &b) == 0 && strcasestr(buf_cstr(&b), text) != NULL;
	}
	buf_done(&b);
	return found;
}
