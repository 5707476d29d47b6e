/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Keyframes: the model's whole state as bytes, and the part of that state that libvterm keeps to itself. */
#include <string.h>

#include "ui/screen_model.h"

static const struct mode {
	char leader;
	unsigned number;
	bool normally;
} modes[MODES] = {
	[MODE_INSERT] = { '\0', 4, false }, [MODE_NEWLINE] = { '\0', 20, false }, [MODE_REVERSE] = { '?', 5, false },
	[MODE_ORIGIN] = { '?', 6, false },  [MODE_WRAP] = { '?', 7, true },
};

/* ---- following ---- */

static void
tabs_reset(struct screen *s)
{
	s->tabs_set = false;
	for (unsigned i = 0; i < SCREEN_COLS_MAX; i++)
		s->tabs[i] = i % 8 == 0;
}

void
modes_reset(struct screen *s)
{
	for (unsigned i = 0; i < MODES; i++)
		s->modes[i] = modes[i].normally;
	s->top = s->bottom = 0;
	tabs_reset(s);
	memset(s->charsets, 0, sizeof(s->charsets));
	s->shift = 0;
	s->last = 0;
}

static bool
is_alternate(unsigned mode)
{
	return mode == 47 || mode == 1047 || mode == 1049;
}

/* The alternate screen hides the primary one from us as well. */
void
modes_before(struct screen *s, const struct sequence_piece *p)
{
	bool enters = false;

	for (unsigned i = 0; i < p->args_n && p->final == 'h' && p->leader == '?'; i++)
		enters = enters || is_alternate(p->args[i]);
	if (!enters || s->alternate)
		return;
	buf_clear(&s->primary);
	if (screen_paint(s, &s->primary) != 0)
		buf_clear(&s->primary);
}

static void
csi_mode(struct screen *s, const struct sequence_piece *p)
{
	for (unsigned a = 0; a < p->args_n; a++)
		for (unsigned i = 0; i < MODES; i++)
			if (modes[i].leader == p->leader && modes[i].number == p->args[a])
				s->modes[i] = p->final == 'h';
}

static void
tab_here(struct screen *s, bool set)
{
	unsigned row, col;
	bool visible;

	screen_cursor(s, &row, &col, &visible);
	s->tabs_set = true;
	if (col < SCREEN_COLS_MAX)
		s->tabs[col] = set;
}

static void
tab_clear(struct screen *s, unsigned what)
{
	if (what == 0)
		tab_here(s, false);
	if (what == 3 || what == 5)
		memset(s->tabs, 0, sizeof(s->tabs));
	s->tabs_set = true;
}

/* A soft reset (DECSTR) is not here: libvterm 0.1.4 does not know it either. */
static void
after_csi(struct screen *s, const struct sequence_piece *p)
{
	if (p->intermediate != '\0')
		return;
	if (p->final == 'h' || p->final == 'l') {
		csi_mode(s, p);
	} else if (p->final == 'r' && p->leader == '\0') {
		s->top = p->args[0];
		s->bottom = p->args_n > 1 ? p->args[1] : 0;
	} else if (p->final == 'g' && p->leader == '\0') {
		tab_clear(s, p->args[0]);
	}
}

static void
after_escape(struct screen *s, const struct sequence_piece *p)
{
	static const char designators[] = "()*+";
	const char *to = p->intermediate != '\0' ? strchr(designators, p->intermediate) : NULL;

	if (to != NULL && p->bytes.n == 3)
		s->charsets[to - designators] = p->final;
	if (p->intermediate != '\0')
		return;
	if (p->final == 'c')
		modes_reset(s);
	else if (p->final == 'H')
		tab_here(s, true);
	else if (p->final == 'n' || p->final == 'o')
		s->shift = (char)(p->final == 'n' ? 2 : 3);
}

void
modes_after(struct screen *s, const struct sequence_piece *p)
{
	if (p->kind == SEQUENCE_CSI)
		after_csi(s, p);
	else if (p->kind == SEQUENCE_ESCAPE)
		after_escape(s, p);
	else if (p->kind == SEQUENCE_CONTROL && (p->final == 0x0e || p->final == 0x0f))
		s->shift = p->final == 0x0e;
}

/* ---- painting ---- */

static int
paint_look(struct buf *out, const struct screen_cell *c)
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
			r = paint_look(out, &c);
		if (r == 0)
			r = screen_put_cell(out, &c);
		last = c;
	}
	return r;
}

static int
paint_tabs(const struct screen *s, struct buf *out, unsigned cols)
{
	int r = s->tabs_set ? buf_text(out, "\033[3g") : 0;

	for (unsigned i = 0; r == 0 && s->tabs_set && i < cols; i++)
		if (s->tabs[i])
			r = buf_printf(out, "\033[1;%uH\033H", i + 1);
	return r;
}

static int
paint_charsets(const struct screen *s, struct buf *out)
{
	static const char *const shifts[] = { "\017", "\016", "\033n", "\033o" };
	int r = 0;

	for (unsigned i = 0; r == 0 && i < 4; i++)
		if (s->charsets[i] != '\0')
			r = buf_printf(out, "\033%c%c", "()*+"[i], s->charsets[i]);
	return r == 0 && s->shift != 0 ? buf_text(out, shifts[(unsigned char)s->shift]) : r;
}

static int
paint_modes(const struct screen *s, struct buf *out)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < MODES; i++)
		if (s->modes[i] != modes[i].normally || i == MODE_WRAP)
			r = buf_printf(out, "\033[%.1s%u%c", modes[i].leader == '?' ? "?" : "", modes[i].number, s->modes[i] ? 'h' : 'l');
	return r;
}

/* In origin mode, rows count from the top margin. */
static int
paint_cursor(const struct screen *s, struct buf *out)
{
	unsigned row, col, top = s->modes[MODE_ORIGIN] && s->top > 0 ? s->top - 1 : 0;
	bool visible;

	screen_cursor(s, &row, &col, &visible);
	return buf_printf(out, "\033[%u;%uH\033[?25%c", row >= top ? row - top + 1 : 1, col + 1, visible ? 'h' : 'l');
}

static bool
pen_flag(const struct screen *s, VTermAttr attr)
{
	VTermValue v = { 0 };

	return vterm_state_get_penattr(vterm_obtain_state(s->vt), attr, &v) != 0 &&
	    (attr == VTERM_ATTR_UNDERLINE ? v.number != 0 : v.boolean != 0);
}

static int
pen_colour(const struct screen *s, VTermAttr attr)
{
	VTermValue v = { 0 };

	if (vterm_state_get_penattr(vterm_obtain_state(s->vt), attr, &v) == 0)
		return -1;
	return screen_colour(&v.color, attr == VTERM_ATTR_FOREGROUND ? VTERM_COLOR_IS_DEFAULT_FG(&v.color) :
	    VTERM_COLOR_IS_DEFAULT_BG(&v.color));
}

static int
paint_pen(const struct screen *s, struct buf *out)
{
	struct screen_cell pen = { .bold = pen_flag(s, VTERM_ATTR_BOLD), .underline = pen_flag(s, VTERM_ATTR_UNDERLINE),
		.reverse = pen_flag(s, VTERM_ATTR_REVERSE), .fg = pen_colour(s, VTERM_ATTR_FOREGROUND),
		.bg = pen_colour(s, VTERM_ATTR_BACKGROUND) };

	return paint_look(out, &pen);
}

int
screen_paint(struct screen *s, struct buf *out)
{
	unsigned cols, rows;
	int r = 0;

	screen_size(s, &cols, &rows);
	if (s->alternate && (r = buf_slice_append(out, buf_slice(&s->primary))) == 0)
		r = buf_text(out, "\033[?1049h\033[r\033[4;20l\033[?5;6l\033(B\017");
	if (r == 0)
		r = buf_text(out, "\033[?7l");
	for (unsigned y = 0; r == 0 && y < rows; y++)
		r = paint_row(s, out, y, cols);
	if (r == 0)
		r = paint_tabs(s, out, cols);
	if (r == 0 && (s->top != 0 || s->bottom != 0))
		r = buf_printf(out, "\033[%u;%ur", s->top, s->bottom);
	if (r == 0 && (r = paint_charsets(s, out)) == 0 && (r = paint_modes(s, out)) == 0 && (r = paint_pen(s, out)) == 0 &&
	    (r = paint_cursor(s, out)) == 0)
		r = sequence_pending(&s->seq, out);
	return r;
}
