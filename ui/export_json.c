/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What is for programs: every frame as it was recorded ("json"), the output's bytes ("raw"); and lines for people ("text"). */
#include <errno.h>

#include "base/text.h"
#include "ui/export_model.h"

/* ---- json ---- */

static const char *
kind_name(unsigned char kind)
{
	switch (kind) {
	case FRAME_OUT:    return "output";
	case FRAME_ERR:    return "error";
	case FRAME_IN:     return "input";
	case FRAME_SECRET: return "secret";
	case FRAME_RESIZE: return "resize";
	case FRAME_MARK:   return "mark";
	case FRAME_SIGNAL: return "signal";
	case FRAME_EXIT:   return "exit";
	case FRAME_NOTICE: return "notice";
	case FRAME_GAP:    return "gap";
	default:           return "other";
	}
}

static void
json_begin(struct export *x)
{
	export_text_put(x, "{\"format\":\"fortress-recording\",\"version\":1,\n\"session\":");
	export_facts(x);
	export_text_put(x, ",\n\"frames\":[");
}

/* A read can end inside of a character: then its bytes are what they are. */
static void
json_frame(struct export *x, const struct frame *f)
{
	struct buf b;

	export_printf(x, "%s\n{\"t_ms\":%llu,\"kind\":\"%s\",", x->frames > 0 ? "," : "", (unsigned long long)f->t_ms, kind_name(f->kind));
	if (text_is_utf8(f->data)) {
		export_text_put(x, "\"text\":");
		export_json_string(x, f->data);
		export_text_put(x, "}");
		return;
	}
	buf_init(&b, FRAME_DATA_MAX * 2);
	if (text_base64(&b, f->data) != 0)
		x->r = x->r != 0 ? x->r : -ENOMEM;
	export_printf(x, "\"base64\":\"%s\"}", buf_cstr(&b));
	buf_done(&b);
}

static void
json_end(struct export *x)
{
	export_text_put(x, "\n],\n\"timeline\":");
	export_timeline(x);
	export_printf(x, ",\n\"timeline_left_out\":%u}\n", x->cut);
}

const struct export_form export_json = { .name = "json", .begin = json_begin, .frame = json_frame, .end = json_end, .timeline = true };

/* ---- raw ---- */

static void
raw_frame(struct export *x, const struct frame *f)
{
	if (f->kind == FRAME_OUT)
		export_put(x, f->data);
}

const struct export_form export_raw = { .name = "raw", .frame = raw_frame, .raw = true };

/* ---- text ---- */

static void
text_line(struct export *x, uint64_t t_ms, struct slice text)
{
	char shown[LINES_TEXT_MAX * 8];

	(void)t_ms;
	export_text_put(x, text_cleaned(text, shown, sizeof(shown)));
	export_text_put(x, "\n");
}

const struct export_form export_text = { .name = "text", .line = text_line };
