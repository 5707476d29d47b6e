/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * asciicast, versions 2 and 3 (docs.asciinema.org/manual/asciicast): a header, then an event a line.  Whoever plays one
 * gives it to a terminal, so it holds only what draws (safe.h); the bytes as they were are in "raw" and "json".
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/export_model.h"

static unsigned
columns(const struct export *x, const char *fact, unsigned otherwise)
{
	uint64_t n = facts_number(x->facts, fact);

	return n == 0 ? otherwise : n > SCREEN_COLS_MAX ? SCREEN_COLS_MAX : (unsigned)n;
}

static void
title(struct export *x)
{
	struct buf b;

	buf_init(&b, 65536);
	if (buf_printf(&b, "%s: %s@%s, %s", facts_text(x->facts, "user"), facts_text(x->facts, "login"), facts_text(x->facts, "host"),
	    facts_text(x->facts, "id")) == 0) {
		export_text_put(x, ",\"title\":");
		export_json_string(x, buf_slice(&b));
	}
	buf_done(&b);
}

void
cast_header(struct export *x, unsigned version)
{
	unsigned cols = columns(x, "cols", 80), rows = columns(x, "rows", 24);
	const char *command = facts_text(x->facts, "command");

	if (version == 2)
		export_printf(x, "{\"version\":2,\"width\":%u,\"height\":%u", cols, rows);
	else
		export_printf(x, "{\"version\":3,\"term\":{\"cols\":%u,\"rows\":%u}", cols, rows);
	export_printf(x, ",\"timestamp\":%llu", (unsigned long long)(facts_number(x->facts, "start_us") / 1000000));
	title(x);
	if (command[0] != '\0') {
		export_text_put(x, ",\"command\":");
		export_json_string(x, slice_from(command));
	}
	export_text_put(x, "}\n");
}

/* Version 2 counts from the beginning, version 3 from the event before. */
static void
event(struct export *x, uint64_t t_ms, char code, struct slice data)
{
	uint64_t t = x->form == &export_cast2 ? t_ms : t_ms - x->last_ms;

	export_printf(x, "[%llu.%03llu,\"%c\",", (unsigned long long)(t / 1000), (unsigned long long)(t % 1000), code);
	export_json_string(x, data);
	export_text_put(x, "]\n");
	x->last_ms = t_ms;
}

void
cast_mark(struct export *x, uint64_t t_ms, struct slice text)
{
	event(x, t_ms > x->last_ms ? t_ms : x->last_ms, 'm', text);
}

static void
output(struct export *x, struct slice s)
{
	bool plain = facts_number(x->facts, "cols") == 0;
	struct slice piece;

	while (plain && stage_plain_take(&s, &piece))
		safe_feed(&x->safe, piece);
	safe_feed(&x->safe, s);
}

void
cast_frame(struct export *x, const struct frame *f)
{
	uint64_t before = x->last_ms;
	uint64_t t_ms = f->t_ms > before ? f->t_ms : before;

	switch (f->kind) {
	case FRAME_OUT:
	case FRAME_ERR:
		output(x, f->data);
		break;
	case FRAME_NOTICE:
		output(x, slice_from("\r\n"));
		output(x, f->data);
		output(x, slice_from("\r\n"));
		break;
	case FRAME_RESIZE:
		event(x, t_ms, 'r', f->data);
		break;
	case FRAME_MARK:
		if (!x->form->page)                      /* there each entry of the timeline is one */
			cast_mark(x, t_ms, f->data);
		break;
	case FRAME_EXIT:
		if (x->form != &export_cast2)
			event(x, t_ms, 'x', f->data);
		break;
	}
	if (x->safe.out.len > 0)
		event(x, t_ms, 'o', buf_slice(&x->safe.out));
	buf_clear(&x->safe.out);
	if (x->r == 0)
		x->r = x->safe.r;
}

static void
cast_begin(struct export *x)
{
	cast_header(x, 3);
}

static void
cast2_begin(struct export *x)
{
	cast_header(x, 2);
}

const struct export_form export_cast = { .name = "cast", .begin = cast_begin, .frame = cast_frame };
const struct export_form export_cast2 = { .name = "cast2", .begin = cast2_begin, .frame = cast_frame };
