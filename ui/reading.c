/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>

#include "ui/reading.h"

void
reading_init(struct reading *r, const struct lines_sink *sink)
{
	*r = (struct reading){ .sink = *sink };
	buf_init(&r->line, LINES_TEXT_MAX);
}

void
reading_done(struct reading *r)
{
	buf_done(&r->line);
}

void
reading_end(struct reading *r)
{
	while (r->line.len > 0 && r->line.p[r->line.len - 1] == ' ')
		r->line.len--;
	if (r->line.len > 0)
		r->sink.line(r->sink.arg, r->t_ms, buf_slice(&r->line));
	buf_clear(&r->line);
}

/* In parts that are whole characters. */
static void
text_take(struct reading *r, struct slice s)
{
	while (s.n > 0) {
		size_t room = LINES_TEXT_MAX - r->line.len, n = s.n < room ? s.n : room;

		while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80)
			n--;
		if (n == 0 || buf_append(&r->line, s.p, n) != 0)
			reading_end(r);
		s = slice_of(s.p + n, s.n - n);
	}
}

/* Colours and the like stay within a line. */
static void
take_piece(void *arg, const struct sequence_piece *p)
{
	struct reading *r = arg;

	if (p->kind == SEQUENCE_TEXT)
		text_take(r, p->bytes);
	else if (p->kind == SEQUENCE_CONTROL ? strchr("\r\n\v\f\b", p->final) != NULL :
	    p->kind == SEQUENCE_ESCAPE || (p->kind == SEQUENCE_CSI && strchr("mKhlX@Pbq", p->final) == NULL))
		reading_end(r);
}

void
reading_frame(struct reading *r, const struct frame *f)
{
	r->t_ms = f->t_ms;
	if (f->kind == FRAME_OUT || f->kind == FRAME_ERR)
		sequence_feed(&r->seq, f->data, take_piece, r);
}
