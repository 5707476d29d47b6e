/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdlib.h>
#include <string.h>

#include <vterm.h>

#include "base/text.h"
#include "ui/screen.h"

#define SIZE_MIN      4
#define ARGUMENTS_MAX 14           /* libvterm 0.1.4 writes the seventeenth beside its array */

struct screen {
	VTerm *vt;
	VTermScreen *vs;
	bool cursor_visible, alternate;
	enum { TEXT, ESCAPE, SEQUENCE, CANCEL, SKIP, STRING, STRING_ESCAPE } state;     /* of the filter, over feeds */
	unsigned digits, arguments;
	bool repeatable;
};

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
	screen_reset(s);
	return s;
}

void
screen_free(struct screen *s)
{
	if (s == NULL)
		return;
	vterm_free(s->vt);
	free(s);
}

void
screen_reset(struct screen *s)
{
	vterm_screen_reset(s->vs, 1);
	s->cursor_visible = true;
	s->alternate = false;
	s->state = TEXT;
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

/*
 * Which bytes reach the model.  Device control, privacy and application strings (ESC P X ^ _ up to ESC \\) do not:
 * they carry questions and pictures, nothing that cells would show, and libvterm 0.1.4 crashes on some (it
 * answers a status request by formatting a number as text).  Numbers in control sequences are cut to four
 * digits: a repeat count of a billion would take a minute.  And REP goes through only right behind an ASCII
 * character, as programs use it: behind nothing, libvterm repeats a character of no width for ever.
 */
static bool
passes(struct screen *s, unsigned char c)
{
	switch (s->state) {
	case SKIP:
		s->state = c == 0x1b ? ESCAPE : c == 0x18 || c == 0x1a || (c >= 0x40 && c <= 0x7e) ? TEXT : SKIP;
		return c == 0x1b;
	case STRING:
		s->state = c == 0x1b ? STRING_ESCAPE : c == 0x18 || c == 0x1a ? TEXT : STRING;
		return false;
	case STRING_ESCAPE:
		s->state = c == '\\' ? TEXT : c == 0x1b ? STRING_ESCAPE : STRING;
		return false;
	case ESCAPE:
		if (c < 0x30 && c != 0x18 && c != 0x1a && c != 0x1b)
			return true;                     /* a control or an intermediate: the sequence goes on */
		s->state = c != 0 && strchr("PX^_", c) != NULL ? STRING : c == '[' ? SEQUENCE : c == 0x1b ? ESCAPE : TEXT;
		s->digits = s->arguments = 0;
		return s->state != STRING;
	case SEQUENCE:
		s->digits = c >= '0' && c <= '9' ? s->digits + 1 : c < 0x20 ? s->digits : 0;
		s->arguments += c == ';' || c == ':';
		if (s->arguments > ARGUMENTS_MAX) {
			s->state = SKIP;
			return false;
		}
		if (c == 'b' && !s->repeatable) {
			s->state = CANCEL;
			return false;
		}
		if (c == 0x1b)
			s->state = ESCAPE;
		else if (c == 0x18 || c == 0x1a)
			s->state = TEXT;
		else if (c >= 0x40 && c <= 0x7e) {
			s->state = TEXT;
			s->repeatable = false;
		}
		return s->digits <= 4;
	default:
		s->state = c == 0x1b ? ESCAPE : TEXT;
		if (c != 0x1b)
			s->repeatable = c >= 0x20 && c < 0x7f;
		return true;
	}
}

void
screen_feed(struct screen *s, struct slice bytes)
{
	size_t from = 0;
	bool string;

	for (size_t i = 0; i < bytes.n; i++) {
		string = s->state > CANCEL;
		if (passes(s, bytes.p[i]))
			continue;
		write_model(s, bytes.p + from, i - from);
		if (!string && s->state >= CANCEL)
			write_model(s, (const unsigned char *)"\030", 1);     /* CAN: what began is over */
		if (s->state == CANCEL)
			s->state = TEXT;
		from = i + 1;
	}
	write_model(s, bytes.p + from, bytes.n - from);
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
static int
colour_index(const VTermColor *c, bool is_default)
{
	if (is_default)
		return -1;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	return 16 + 36 * ((c->rgb.red * 5 + 127) / 255) + 6 * ((c->rgb.green * 5 + 127) / 255) +
	    (c->rgb.blue * 5 + 127) / 255;
}

void
screen_cell(struct screen *s, unsigned row, unsigned col, struct screen_cell *ret)
{
	VTermScreenCell cell;
	VTermPos pos = { .row = (int)row, .col = (int)col };

	*ret = (struct screen_cell){ .width = 1, .fg = -1, .bg = -1 };
	if (vterm_screen_get_cell(s->vs, pos, &cell) == 0)
		return;
	if (cell.chars[0] == (uint32_t)-1) {
		ret->width = 0;
		return;
	}
	for (int i = 0; i < 5 && cell.chars[i] != 0; i++)
		ret->runes[i] = cell.chars[i];
	ret->width = cell.width;
	ret->bold = cell.attrs.bold;
	ret->underline = cell.attrs.underline != 0;
	ret->reverse = cell.attrs.reverse;
	ret->fg = colour_index(&cell.fg, VTERM_COLOR_IS_DEFAULT_FG(&cell.fg));
	ret->bg = colour_index(&cell.bg, VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
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
static int
put_runes(struct buf *out, const struct screen_cell *c)
{
	int r = 0;

	if (c->runes[0] == 0)
		return buf_u8(out, ' ');
	for (int i = 0; r == 0 && c->runes[i] != 0; i++)
		r = text_put_rune(out, c->runes[i]);
	return r;
}

int
screen_row(struct screen *s, unsigned row, struct buf *out)
{
	unsigned cols, rows;
	struct screen_cell c;
	size_t before = out->len;
	int r = 0;

	screen_size(s, &cols, &rows);
	for (unsigned x = 0; r == 0 && x < cols; x++) {
		screen_cell(s, row, x, &c);
		if (c.width > 0)
			r = put_runes(out, &c);
	}
	while (out->len > before && out->p[out->len - 1] == ' ')
		out->len--;
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

static int
paint_attributes(struct buf *out, const struct screen_cell *c)
{
	int r = buf_printf(out, "\033[0%s%s%s", c->bold ? ";1" : "", c->underline ? ";4" : "", c->reverse ? ";7" : "");

	if (r == 0 && c->fg >= 0)
		r = buf_printf(out, ";38;5;%d", c->fg);
	if (r == 0 && c->bg >= 0)
		r = buf_printf(out, ";48;5;%d", c->bg);
	return r == 0 ? buf_u8(out, 'm') : r;
}

static bool
same_look(const struct screen_cell *a, const struct screen_cell *b)
{
	return a->bold == b->bold && a->underline == b->underline && a->reverse == b->reverse && a->fg == b->fg &&
	    a->bg == b->bg;
}

static int
paint_row(struct screen *s, struct buf *out, unsigned y, unsigned cols)
{
	struct screen_cell c, last = { .fg = -1, .bg = -1 };
	int r = buf_printf(out, "\033[%u;1H\033[0m", y + 1);

	for (unsigned x = 0; r == 0 && x < cols; x++) {
		screen_cell(s, y, x, &c);
		if (c.width == 0)
			continue;
		if (!same_look(&c, &last))
			r = paint_attributes(out, &c);
		if (r == 0)
			r = put_runes(out, &c);
		last = c;
	}
	return r;
}

int
screen_paint(struct screen *s, struct buf *out)
{
	unsigned cols, rows, row, col;
	bool visible;
	int r;

	screen_size(s, &cols, &rows);
	screen_cursor(s, &row, &col, &visible);
	r = buf_text(out, s->alternate ? "\033[?1049h\033[?7l" : "\033[?7l");
	for (unsigned y = 0; r == 0 && y < rows; y++)
		r = paint_row(s, out, y, cols);
	return r == 0 ? buf_printf(out, "\033[0m\033[?7h\033[%u;%uH\033[?25%c", row + 1, col + 1, visible ? 'h' : 'l') : r;
}
