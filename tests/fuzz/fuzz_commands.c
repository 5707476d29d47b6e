/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Any bytes as what a terminal was sent, with keys, lines and sizes in between: a command is text of bounded size without controls,
 * nothing is known better that was not given, and in one piece or byte by byte the same is found.  The first two bytes are the
 * terminal's size; then frames, each begun by 0xff and a letter: k and i (typed), r (a new size), else output.
 */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "ui/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct heard { struct buf all; unsigned given; };

static void
on_command(void *arg, const struct command_seen *c)
{
	struct heard *h = arg;

	assert(c->text.n > 0 && c->text.n <= COMMAND_TEXT_MAX && text_is_utf8(c->text) && c->sure != COMMAND_NONE);
	for (size_t i = 0; i < c->text.n; i++)
		assert(c->text.p[i] == '\n' || (c->text.p[i] >= 0x20 && c->text.p[i] != 0x7f));
	(void)buf_printf(&h->all, "%u %u ", c->source, c->sure);
	(void)buf_slice_append(&h->all, c->text);
	h->given++;
}

static void
on_better(void *arg, const struct command_seen *c)
{
	struct heard *h = arg;

	assert(h->given > 0 && c->text.n == 0);
	(void)buf_printf(&h->all, " %d %u|", c->exit, c->sure);
}

static void
output(struct stage *s, struct frame f, bool bytes)
{
	struct slice all = f.data;

	lines_frame(s->lines, &f);
	for (size_t i = 0; bytes && i < all.n; i++)
		stage_show(s, &f, slice_of(all.p + i, 1));
	if (!bytes)
		stage_show(s, &f, all);
}

static void
play(const uint8_t *data, size_t n, bool bytes, struct heard *h)
{
	const struct lines_sink sink = { .command = on_command, .better = on_better, .arg = h };
	struct slice left = slice_of(data + 2, n - 2), part;
	struct stage s;

	if (stage_init(&s, data[0], data[1], &sink) != 0)
		return;
	for (uint64_t t = 0; left.n > 0; t += 100) {
		const unsigned char *next = memchr(left.p + 1, 0xff, left.n - 1);
		bool marked = left.p[0] == 0xff && left.n > 1 && memchr("kir", left.p[1], 3) != NULL;

		part = slice_of(left.p, next != NULL ? (size_t)(next - left.p) : left.n);
		left = slice_of(left.p + part.n, left.n - part.n);
		if (marked && part.n > 1)
			stage_frame(&s, &(struct frame){ part.p[1], t, slice_of(part.p + 2, part.n - 2) });
		else
			output(&s, (struct frame){ FRAME_OUT, t, part }, bytes);
	}
	lines_end(s.lines);
	stage_done(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct heard whole = { .given = 0 }, parts = { .given = 0 };

	if (n < 3 || n > 20000)
		return 0;
	buf_init(&whole.all, 4u << 20);
	buf_init(&parts.all, 4u << 20);
	play(data, n, false, &whole);
	play(data, n, true, &parts);
	assert(whole.given == parts.given && slice_eq(buf_slice(&whole.all), buf_slice(&parts.all)));
	buf_done(&whole.all);
	buf_done(&parts.all);
	return 0;
}
