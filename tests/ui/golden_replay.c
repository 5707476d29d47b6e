/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The replay's screen: the recording's edge, the bar, the line below it, the help; paused, so that no clock shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tap.h"
#include "tests/tape.h"
#include "tests/ui/run.h"
#include "ui/replay.h"

enum { SECOND_MS = 1000 };

/* What the other side of a followed recording has done so far: here it goes on each time that it is asked. */
static int
grows(void *arg, uint64_t *length_ms, bool *open)
{
	struct tape *t = arg;

	if (t->asked == 0)
		tape_add(t, FRAME_OUT, 101 * SECOND_MS, "$ and more comes");
	else
		tape_add(t, FRAME_EXIT, 102 * SECOND_MS, "0");
	*open = t->asked++ == 0;
	*length_ms = *open ? 101 * SECOND_MS : 102 * SECOND_MS;
	return 0;
}

static void
tape_fill(struct tape *t)
{
	buf_init(&t->bytes, 1 << 20);
	tape_add(t, FRAME_OUT, 0, "$ uptime\r\n");
	tape_add(t, FRAME_OUT, 1 * SECOND_MS, "支付 \033[1mbold\033[0m \033[7mreverse\033[0m\r\n$ ");
	tape_add(t, FRAME_MARK, 30 * SECOND_MS, "sftp get /etc/motd: 10 bytes, whole: ok");
	tape_add(t, FRAME_RESIZE, 40 * SECOND_MS, "44x9");
	tape_add(t, FRAME_MARK, 50 * SECOND_MS, "a \033[31mmarker");
	tape_add(t, FRAME_SECRET, 60 * SECOND_MS, "2");
	tape_add(t, FRAME_OUT, 60 * SECOND_MS, "ex");
	tape_add(t, FRAME_OUT, 60 * SECOND_MS + 200, "it");
	tape_add(t, FRAME_SECRET, 90 * SECOND_MS, "1");
	tape_add(t, FRAME_OUT, 90 * SECOND_MS, "\r\n");
	tape_add(t, FRAME_EXIT, 100 * SECOND_MS, "0");
}

static void
other_fill(struct tape *t)
{
	buf_init(&t->bytes, 1 << 20);
	tape_add(t, FRAME_OUT, 0, "root@db1:~# ");
	tape_add(t, FRAME_OUT, 20 * SECOND_MS, "systemctl stop postgresql");
	tape_add(t, FRAME_SECRET, 22 * SECOND_MS, "1");
	tape_add(t, FRAME_OUT, 22 * SECOND_MS, "\r\n");
	tape_add(t, FRAME_EXIT, 40 * SECOND_MS, "0");
}

/* On the pty: a recording of 40x8, 100 s long, beside it another if two; as: "text", "follow". */
struct play { const char *as; bool two; };

static void
play(const void *arg)
{
	const struct play *how = arg;
	struct tape t[2] = { { .at = 0 }, { .at = 0 } };
	struct replay_tape tapes[2] = {
		{ .source = { .next = tape_next, .seek = tape_seek, .arg = &t[0], .length_ms = 100 * SECOND_MS, .cols = 40, .rows = 8 },
		  .info = { .id = "01M86TTT57ETWZ0HVKYXN3QJW6", .user = "alice", .login = "root", .host = "web1", .start = { 1795521600000000 } } },
		{ .source = { .next = tape_next, .seek = tape_seek, .arg = &t[1], .length_ms = 40 * SECOND_MS, .cols = 60, .rows = 20 },
		  .info = { .id = "01M86TV0V7ETWZ0HVKYXN3QJW7", .user = "bob", .login = "root", .host = "db1", .start = { 1795521610000000 } } },
	};
	struct replay_options o = { .speed = 1, .idle_ms = 0, .at_ms = 25 * SECOND_MS };

	(void)setenv("TERM", "xterm-256color", 1);
	tape_fill(&t[0]);
	other_fill(&t[1]);
	if (strcmp(how->as, "text") == 0) {
		(void)replay_text(&tapes[0].source, o.at_ms);
		_exit(0);
	}
	o.follow = strcmp(how->as, "follow") == 0;
	tapes[0].length = o.follow ? grows : NULL;
	_exit(replay_run(tapes, how->two ? 2 : 1, &o) == 0 ? 0 : 1);
}

static const struct {
	const char *name, *keys, *shows, *file;
	unsigned short cols, rows;
	bool looks;
	struct play how;
} cases[] = {
	{ "paused", " i", "pauses cut", "replay-80x24", 80, 24, false, { "", false } },
	{ "looks", " ", "paused", "replay-60x12-look", 60, 12, true, { "", false } },
	{ "at its end", "G", "the end", "replay-end", 80, 24, false, { "", false } },
	{ "wide", " i", "QJW6", "replay-120x14", 120, 14, false, { "", false } },
	{ "smaller than the recording", " ", "paused", "replay-30x7", 30, 7, false, { "", false } },
	{ "no room for a bar", " ", "paused", "replay-40x5", 40, 5, false, { "", false } },
	{ "help", " ?", "any key", "replay-help", 80, 24, false, { "", false } },
	{ "help scrolls", " ?\033[B\033[B", "other keys", "replay-help-40x8", 40, 8, false, { "", false } },
	{ "search", " /bo", "/bo", "replay-search", 60, 12, false, { "", false } },
	{ "not found", " /nothing\r", "not found", "replay-not-found", 60, 12, false, { "", false } },
	{ "a command", " c", "command (screen)", "replay-command", 60, 14, false, { "", false } },
	{ "no command before", " C", "no earlier command", "replay-no-command", 60, 14, false, { "", false } },
	{ "the commands", " l", "Enter goes", "replay-list", 60, 14, false, { "", false } },
	{ "one of them", " l\033[A\033[B\r", "1:30", "replay-listed", 60, 14, false, { "", false } },
	{ "back from them", " lx", "0:25", "replay-list-left", 60, 14, false, { "", false } },
	{ "a file", " f", "sftp get", "replay-file", 60, 14, false, { "", false } },
	{ "a change of size", " r", "resize", "replay-resize", 60, 14, false, { "", false } },
	{ "a marker", " m", "marker", "replay-marker", 60, 14, false, { "", false } },
	{ "events, there and back", " ]]][[", "sftp", "replay-event", 60, 14, false, { "", false } },
	{ "four times as fast", " >>", "4x", "replay-speed", 60, 14, false, { "", false } },
	{ "a quarter as fast, at most", " <<<<", "0.25x", "replay-slow", 60, 14, false, { "", false } },
	{ "a step", " .", "44x9", "replay-step", 60, 14, false, { "", false } },
	{ "a tenth, and back by ten seconds", " 6\033[B", "0:50", "replay-tenth", 60, 14, false, { "", false } },
	{ "two, by the clock", " i", "by the clock", "replay-two", 100, 16, false, { "", true } },
	{ "two, from their beginnings", " wi", "from their beginnings", "replay-two-begin", 100, 16, false, { "", true } },
	{ "the second of two", " \t/postgres\r", "postgresql", "replay-two-search", 80, 12, false, { "", true } },
	{ "two, looks", " ", "paused", "replay-two-look", 80, 12, true, { "", true } },
	{ "followed to its end", "", "the end", "replay-follow", 60, 14, false, { "follow", false } },
};

int
main(void)
{
	struct run r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_start(&r, cases[i].cols, cases[i].rows, play, &cases[i].how);
		ok(run_waits_for(&r, "help") && run_send(&r, cases[i].keys) && run_waits_for(&r, cases[i].shows), "%s", cases[i].name);
		run_golden(&r, cases[i].name, cases[i].file, cases[i].looks);
		ok(run_send(&r, "\003"), "%s: leaves", cases[i].name);
		ok(run_is_gone(&r, 0), "%s: it ends", cases[i].name);
		run_end(&r);
	}
	run_start(&r, 60, 12, play, &(struct play){ "text", false });
	ok(run_is_gone(&r, 0), "as text");
	run_golden(&r, "as text, at a time", "replay-text", false);
	run_end(&r);
	return tap_done();
}
