/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "ui/stage.h"

int
stage_init(struct stage *s, unsigned cols, unsigned rows, const struct lines_sink *sink)
{
	*s = (struct stage){ .screen = screen_new(cols, rows), .plain = cols == 0 };
	s->lines = s->screen != NULL ? lines_new(s->screen, sink) : NULL;
	if (s->lines != NULL)
		return 0;
	stage_done(s);
	return -ENOMEM;
}

void
stage_done(struct stage *s)
{
	lines_free(s->lines);
	screen_free(s->screen);
	*s = (struct stage){ .plain = false };
}

bool
stage_plain_take(struct slice *s, struct slice *piece)
{
	const unsigned char *nl = s->n > 0 ? memchr(s->p, '\n', s->n) : NULL;

	if (nl != NULL && nl == s->p) {
		*s = slice_of(s->p + 1, s->n - 1);
		*piece = slice_from("\r\n");
		return true;
	}
	return take_bytes(s, nl != NULL ? (size_t)(nl - s->p) : s->n, piece) && piece->n > 0;
}

bool
stage_shows(const struct stage *s, unsigned char kind)
{
	return kind == FRAME_OUT || kind == FRAME_ERR || kind == FRAME_RESIZE || kind == FRAME_NOTICE ||
	    (kind == FRAME_MARK && s->plain);
}

void
stage_show(struct stage *s, const struct frame *f, struct slice part)
{
	uint32_t cols, rows;
	struct slice piece;

	if (f->kind == FRAME_OUT || f->kind == FRAME_ERR) {
		while (s->plain && stage_plain_take(&part, &piece))
			screen_feed(s->screen, piece);
		screen_feed(s->screen, part);
	} else if (frame_size(f, &cols, &rows)) {
		screen_resize(s->screen, cols, rows);
	} else if (stage_shows(s, f->kind) && f->kind != FRAME_RESIZE) {
		screen_feed(s->screen, slice_from("\r\n"));
		screen_feed(s->screen, f->data);
		if (f->kind == FRAME_NOTICE)
			screen_feed(s->screen, slice_from("\r\n"));
	}
}

void
stage_frame(struct stage *s, const struct frame *f)
{
	lines_frame(s->lines, f);
	stage_show(s, f, f->data);
}
