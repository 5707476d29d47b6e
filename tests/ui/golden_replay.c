/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The replay's screen: the recording's edge, the bar, the line below it, the help; paused, so that no clock shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/frame.h"
#include "tests/tap.h"
#include "tests/ui/run.h"
#include "ui/replay.h"

struct tape {
	struct buf bytes;
	size_t at;
};

static int
tape_next(void *arg, struct frame *f, uint64_t *pos)
{
	struct tape *t = arg;
	struct slice left = slice_of(t->bytes.p + t->at, t->bytes.len - t->at);
	int r;

	*pos = t->at;
	r = frame_take(&left, f);
	t->at = t->bytes.len - left.n;
	return r;
}

static void
tape_seek(void *arg, uint64_t pos)
{
	((struct tape *)arg)->at = pos;
}

static void
add(struct tape *t, unsigned char kind, uint64_t ms, const char *text)
{
	struct frame f = { kind, ms, slice_from(text) };

	(void)frame_pack(&t->bytes, &f);
}

/* On the pty: a recording of 40x8, 100 s long; arg: as text. */
static void
play(const void *arg)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { tape_next, tape_seek, &t, 100000, 40, 8 };
	struct replay_info info = { .id = "01M86TTT57ETWZ0HVKYXN3QJW6", .user = "alice", .login = "root", .host = "web1",
		.start = { 1795521600000000 } };
	struct replay_options o = { .speed = 1, .idle_ms = 0, .at_ms = 25000 };

	(void)setenv("TERM", "xterm-256color", 1);
	buf_init(&t.bytes, 1 << 20);
	add(&t, FRAME_OUT, 0, "$ uptime\r\n");
	add(&t, FRAME_OUT, 1000, "支付 \033[1mbold\033[0m \033[7mreverse\033[0m\r\n$ ");
	add(&t, FRAME_OUT, 90000, "exit\r\n");
	add(&t, FRAME_EXIT, 100000, "0");
	if (arg != NULL) {
		(void)replay_text(&src, 25000);
		(void)fflush(stdout);
		_exit(0);
	}
	_exit(replay_run(&src, &info, &o) == 0 ? 0 : 1);
}

static const struct {
	const char *name, *keys, *shows, *file;
	unsigned short cols, rows;
	bool looks;
} cases[] = {
	{ "paused", " i", "pauses cut", "replay-80x24", 80, 24, false },
	{ "looks", " ", "paused", "replay-60x12-look", 60, 12, true },
	{ "at its end", "G", "the end", "replay-end", 80, 24, false },
	{ "wide", " i", "QJW6", "replay-120x14", 120, 14, false },
	{ "smaller than the recording", " ", "paused", "replay-30x7", 30, 7, false },
	{ "no room for a bar", " ", "paused", "replay-40x5", 40, 5, false },
	{ "help", " ?", "any key", "replay-help", 80, 24, false },
	{ "help scrolls", " ?\033[B\033[B", "other keys", "replay-help-40x8", 40, 8, false },
	{ "search", " /bo", "/bo", "replay-search", 60, 12, false },
	{ "not found", " /nothing\r", "not found", "replay-not-found", 60, 12, false },
};

int
main(void)
{
	struct run r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_start(&r, cases[i].cols, cases[i].rows, play, NULL);
		ok(run_waits_for(&r, "help") && run_send(&r, cases[i].keys) && run_waits_for(&r, cases[i].shows), "%s", cases[i].name);
		run_golden(&r, cases[i].name, cases[i].file, cases[i].looks);
		ok(run_send(&r, "\003"), "%s: leaves", cases[i].name);
		ok(run_is_gone(&r, 0), "%s: it ends", cases[i].name);
		run_end(&r);
	}
	run_start(&r, 60, 12, play, "text");
	ok(run_is_gone(&r, 0), "as text");
	run_golden(&r, "as text, at a time", "replay-text", false);
	run_end(&r);
	return tap_done();
}
