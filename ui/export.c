/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "ui/export_model.h"

#define OUT_FLUSH    262144
#define OUT_MAX      ((size_t)8 << 20)   /* a frame's 32 kB, each byte as six, has room beside what waits */
#define TIMELINE_SIZE ((size_t)16 << 20)

static const struct export_form *const forms[] = {
	&export_cast, &export_cast2, &export_text, &export_json, &export_raw, &export_html,
};

const struct export_form *
export_form_find(const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i]->name, name) == 0)
			return forms[i];
	return NULL;
}

const char *
export_form_names(void)
{
	return "cast, cast2, text, json, raw and html";
}

bool
export_form_is_page(const struct export_form *f)
{
	return f->page;
}

bool
export_form_is_raw(const struct export_form *f)
{
	return f->raw;
}

/* ---- writing ---- */

static void
flush(struct export *x)
{
	if (x->r == 0)
		x->r = fd_write_full(x->fd, x->out.p, x->out.len);
	x->written += x->out.len;
	if (x->r == 0 && x->form->page && x->written > PAGE_MAX)
		x->r = -EFBIG;
	buf_clear(&x->out);
}

static void
keep(struct export *x, int r)
{
	if (x->r == 0)
		x->r = r;
}

void
export_put(struct export *x, struct slice s)
{
	keep(x, x->r != 0 ? 0 : buf_slice_append(&x->out, s));
}

void
export_text_put(struct export *x, const char *text)
{
	export_put(x, slice_from(text));
}

void
export_printf(struct export *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(x, x->r != 0 ? 0 : buf_vprintf(&x->out, fmt, ap));
	va_end(ap);
}

/* JSON allows \u003c for <: then no end of a script, no comment and no tag can stand in it, wherever it stands. */
static int
json_string(struct buf *out, struct slice s)
{
	size_t from = 0;
	int r = buf_u8(out, '"');

	for (size_t i = 0; r == 0 && i <= s.n; i++) {
		size_t at = out->len;

		if (i < s.n && s.p[i] != '<' && s.p[i] != '>' && s.p[i] != '&')
			continue;
		r = text_json(out, slice_of(s.p + from, i - from));
		if (r == 0) {                            /* without its own quotes */
			memmove(out->p + at, out->p + at + 1, out->len - at - 2);
			out->len -= 2;
		}
		if (r == 0 && i < s.n)
			r = buf_printf(out, "\\u%04x", s.p[i]);
		from = i + 1;
	}
	return r == 0 ? buf_u8(out, '"') : r;
}

void
export_json_string(struct export *x, struct slice s)
{
	keep(x, x->r != 0 ? 0 : json_string(&x->out, s));
}

void
export_facts(struct export *x)
{
	const char *name, *value;
	size_t at = 0;
	bool number, first = true;

	export_text_put(x, "{");
	while (facts_next(x->facts, &at, &name, &value, &number)) {
		export_printf(x, "%s\"%s\":", first ? "" : ",", name);
		if (number)
			export_text_put(x, value);
		else
			export_json_string(x, slice_from(value));
		first = false;
	}
	export_text_put(x, "}");
}

/* ---- the timeline ---- */

/* c: of a command. */
static int
entry_print(struct export *x, uint64_t t_ms, const char *kind, const struct command_seen *c, struct slice text)
{
	int r = buf_printf(&x->timeline, "%s{\"t_ms\":%llu,\"kind\":\"%s\",", x->timeline.len > 0 ? ",\n" : "", (unsigned long long)t_ms, kind);

	if (r == 0 && c != NULL)
		r = buf_printf(&x->timeline, "\"source\":\"%s\",\"confidence\":\"%s\",", command_source_name(c->source), command_sure_name(c->sure));
	if (r == 0 && c != NULL && c->exit >= 0)
		r = buf_printf(&x->timeline, "\"exit\":%d,", c->exit);
	r = r != 0 ? r : buf_text(&x->timeline, "\"text\":");
	r = r != 0 ? r : json_string(&x->timeline, text);
	return r != 0 ? r : buf_text(&x->timeline, "}");
}

static void
entry_put(struct export *x, uint64_t t_ms, const char *kind, const struct command_seen *c, struct slice text)
{
	size_t before = x->timeline.len;
	int r;

	if (x->entries == TIMELINE_MAX) {
		x->cut++;
		return;
	}
	r = entry_print(x, t_ms, kind, c, text);
	if (r == 0) {
		x->entries++;
		return;
	}
	x->timeline.len = before;
	x->cut++;
	keep(x, r == -ENOMEM ? r : 0);
}

static void
mark(struct export *x, uint64_t t_ms, const char *kind)
{
	if (x->form->page && x->entries < TIMELINE_MAX)
		cast_mark(x, t_ms, slice_from(kind));
}

static void
held_put(struct export *x)
{
	struct command_seen c = x->held;

	x->held.sure = COMMAND_NONE;
	if (c.sure != COMMAND_NONE)
		entry_put(x, c.t_ms, "command", &c, buf_slice(&x->held_text));
}

static void
entry_add(struct export *x, uint64_t t_ms, const char *kind, struct slice text)
{
	held_put(x);
	mark(x, t_ms, kind);
	entry_put(x, t_ms, kind, NULL, text);
}

void
export_timeline(struct export *x)
{
	export_text_put(x, "[");
	export_put(x, buf_slice(&x->timeline));
	export_text_put(x, "]");
}

static void
on_command(void *arg, const struct command_seen *c)
{
	struct export *x = arg;

	held_put(x);
	buf_clear(&x->held_text);
	keep(x, buf_slice_append(&x->held_text, c->text));
	x->held = *c;
	mark(x, c->t_ms, "command");
}

static void
on_better(void *arg, const struct command_seen *c)
{
	struct export *x = arg;

	if (x->held.sure != COMMAND_NONE)
		x->held = *c;
}

static void
on_line(void *arg, uint64_t t_ms, struct slice text)
{
	struct export *x = arg;

	x->form->line(x, t_ms, text);
}

static void
exec_entry(struct export *x)
{
	const char *command = facts_text(x->facts, "command");

	if (x->form->timeline && command[0] != '\0')
		on_command(x, &(struct command_seen){ .source = COMMAND_EXEC, .sure = COMMAND_SURE, .exit = -1, .text = slice_from(command) });
}

/* ---- running ---- */

static void
frame_take_in(struct export *x, const struct frame *f)
{
	const char *event = player_event_name(f);

	if (x->stage.screen != NULL)
		stage_frame(&x->stage, f);
	if (x->form->timeline && event != NULL)
		entry_add(x, f->t_ms, event, f->data);
	if (x->form->frame != NULL)
		x->form->frame(x, f);
	x->frames++;
	if (x->out.len >= OUT_FLUSH)
		flush(x);
}

static int
run(struct export *x, const struct replay_source *source)
{
	struct frame f;
	uint64_t pos;
	int n = 0;

	if (x->form->begin != NULL)
		x->form->begin(x);
	exec_entry(x);
	while (x->r == 0 && (n = source->next(source->arg, &f, &pos)) == 1)
		frame_take_in(x, &f);
	keep(x, n < 0 ? -EIO : 0);
	if (x->stage.screen != NULL)
		lines_end(x->stage.lines);
	held_put(x);
	if (x->form->end != NULL)
		x->form->end(x);
	flush(x);
	return x->r;
}

int
export_run(const struct export_form *form, const struct replay_source *source, const struct facts *facts,
    const struct export_page *page, int fd)
{
	struct export x = { .form = form, .facts = facts, .page = page, .fd = fd };
	struct lines_sink sink = { .line = form->line != NULL ? on_line : NULL, .command = form->timeline ? on_command : NULL,
		.better = on_better, .arg = &x };
	int r = 0;

	buf_init(&x.out, OUT_MAX);
	buf_init(&x.timeline, TIMELINE_SIZE);
	buf_init(&x.held_text, COMMAND_TEXT_MAX * 8);
	safe_init(&x.safe, OUT_MAX);
	if (form->line != NULL || form->timeline)
		r = stage_init(&x.stage, source->cols, source->rows, &sink);
	if (r == 0)
		r = run(&x, source);
	stage_done(&x.stage);
	safe_done(&x.safe);
	buf_done(&x.timeline);
	buf_done(&x.held_text);
	buf_done(&x.out);
	return r;
}
