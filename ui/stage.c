/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "base/text.h"
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

/* Output without a terminal has bare line feeds; the model's cursor would walk to the right. */
static void
feed_plain(struct screen *screen, struct slice s)
{
	for (size_t i = 0, from = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '\n')
			continue;
		screen_feed(screen, slice_of(s.p + from, i - from));
		if (i < s.n)
			screen_feed(screen, slice_from("\r\n"));
		from = i + 1;
	}
}

bool
stage_shows(const struct stage *s, unsigned char kind)
{
	return kind == FRAME_OUT || kind == FRAME_ERR || kind == FRAME_RESIZE || kind == FRAME_NOTICE ||
	    (kind == FRAME_MARK && s->plain);
}

/* "COLSxROWS" */
static bool
size_parse(struct slice s, unsigned *cols, unsigned *rows)
{
	const unsigned char *x = s.n > 0 ? memchr(s.p, 'x', s.n) : NULL;
	uint64_t c, r;

	if (x == NULL || !text_u64(slice_of(s.p, (size_t)(x - s.p)), UINT32_MAX, &c) ||
	    !text_u64(slice_of(x + 1, s.n - (size_t)(x - s.p) - 1), UINT32_MAX, &r))
		return false;
	*cols = (unsigned)c;
	*rows = (unsigned)r;
	return true;
}

void
stage_show(struct stage *s, const struct frame *f, struct slice part)
{
	unsigned cols, rows;

	if (f->kind == FRAME_OUT || f->kind == FRAME_ERR) {
		if (s->plain)
			feed_plain(s->screen, part);
		else
			screen_feed(s->screen, part);
	} else if (f->kind == FRAME_RESIZE && size_parse(f->data, &cols, &rows)) {
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
