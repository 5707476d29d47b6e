/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The player: what is on the screen when, there and back, and that a search finds what was shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"
#include "tests/tape.h"
#include "ui/deck.h"

static void
row_is(struct player *p, unsigned row, const char *want, const char *what)
{
	struct buf b;

	buf_init(&b, 4096);
	(void)screen_row(player_screen(p), row, &b);
	is(buf_cstr(&b), want, what);
	buf_done(&b);
}

static bool
stop_at_once(void *arg, uint64_t t_ms)
{
	(void)arg;
	(void)t_ms;
	return false;
}

/* An hour of a counter, one line a second, so that there are keyframes to go back to. */
static void
test_long(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { .next = tape_next, .seek = tape_seek, .arg = &t, .length_ms = 3600000, .cols = 20, .rows = 5 };
	struct player *p;
	char line[64];

	buf_init(&t.bytes, 1u << 20);
	for (unsigned s = 0; s <= 3600; s++) {
		(void)snprintf(line, sizeof(line), "\033[2J\033[H\033[3%um%s %u", s % 8, s == 1800 ? "half" : "tick", s);
		tape_add(&t, FRAME_OUT, (uint64_t)s * 1000, line);
	}
	p = player_new(&src);
	player_seek(p, 3599500);
	row_is(p, 0, "tick 3599", "an hour on");
	player_seek(p, 1234000);
	row_is(p, 0, "tick 1234", "back to the middle");
	player_seek(p, 0);
	row_is(p, 0, "tick 0", "back to the start");
	ok(player_search(p, "HALF") && player_time(p) == 1800000, "a search finds the place, in either case");
	player_seek(p, 3600000);
	ok(player_is_at_end(p), "at the end");
	ok(player_search_back(p, "half") && player_time(p) == 1800000, "and backwards");
	ok(player_search(p, "half") && player_time(p) == 1800000, "and round to the beginning");
	ok(!player_search(p, "third") && player_time(p) == 1800000, "what was never shown is not found");
	player_set_wait(p, stop_at_once, NULL);
	ok(!player_search(p, "third") && player_was_stopped(p) && player_time(p) == 1800000, "a search that is stopped leaves it where it was");
	ok(!player_search_back(p, "third") && player_was_stopped(p) && player_time(p) == 1800000, "back, too");
	player_seek(p, 3600000);
	ok(player_was_stopped(p) && player_time(p) < 3600000, "a seek that is stopped stays where it has got to");
	player_set_wait(p, NULL, NULL);
	player_seek(p, 1800000);
	ok(player_search(p, "half") && !player_was_stopped(p), "the next one is another");
	player_free(p);
	buf_done(&t.bytes);
}

static void
test_play(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { .next = tape_next, .seek = tape_seek, .arg = &t, .length_ms = 60000, .cols = 20, .rows = 5 };
	struct player *p;
	struct deck d;

	buf_init(&t.bytes, 65536);
	tape_add(&t, FRAME_OUT, 0, "one");
	tape_add(&t, FRAME_OUT, 1000, " two");
	tape_add(&t, FRAME_RESIZE, 1500, "30x6");
	tape_add(&t, FRAME_OUT, 60000, " \xe6\x94\xaf\033]52;c;aGk=\007\033[6n");
	tape_add(&t, FRAME_EXIT, 60000, "0");
	p = player_new(&src);
	d = (struct deck){ .players = { p }, .n = 1 };
	deck_play(&d, 500, 1, 2000);
	row_is(p, 0, "one", "half a second: the first");
	deck_play(&d, 250, 2, 2000);
	row_is(p, 0, "one two", "at double speed the second");
	deck_play(&d, 500, 1, 2000);
	deck_play(&d, 10, 1, 2000);
	ok(player_time(p) == 58000, "a long pause is shortened to its cap");
	ok(player_jump(p, PLAYER_RESIZE, true) && player_time(p) == 1500, "back to the new size");
	is(player_found(p), "resize: 30x6", "which is named");
	ok(!player_jump(p, PLAYER_RESIZE, true) && player_time(p) == 1500, "there is none before it");
	ok(player_jump(p, PLAYER_EVENT, false) && player_time(p) == 60000, "to the exit");
	row_is(p, 0, "one two \xe6\x94\xaf", "what would make a terminal act leaves no trace");
	player_free(p);
	buf_done(&t.bytes);
}

static void
test_plain(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { .next = tape_next, .seek = tape_seek, .arg = &t };
	struct player *p;

	buf_init(&t.bytes, 65536);
	tape_add(&t, FRAME_OUT, 0, "a\nb\n");
	tape_add(&t, FRAME_ERR, 0, "c");
	p = player_new(&src);
	player_seek(p, 0);
	row_is(p, 1, "b", "without a terminal, lines begin at the left");
	row_is(p, 2, "c", "and stderr is shown too");
	player_free(p);
	buf_done(&t.bytes);
}

/* Commands, files and lines that scroll by inside of one frame: there and back. */
static void
test_places(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { .next = tape_next, .seek = tape_seek, .arg = &t, .length_ms = 100000, .cols = 20, .rows = 5 };
	struct player *p;
	struct buf many;

	buf_init(&t.bytes, 1u << 20);
	buf_init(&many, 65536);
	for (unsigned i = 0; i < 1000; i++)
		(void)buf_printf(&many, "row %u\r\n", i);
	tape_add(&t, FRAME_OUT, 0, "me$ ");
	tape_add(&t, FRAME_SECRET, 4900, "8");
	tape_add(&t, FRAME_OUT, 5000, "cat rows");
	tape_add(&t, FRAME_SECRET, 6000, "1");
	tape_add(&t, FRAME_OUT, 6000, "\r\n");
	tape_add(&t, FRAME_OUT, 6010, buf_cstr(&many));
	tape_add(&t, FRAME_MARK, 30000, "sftp get /etc/passwd: 10 bytes, whole: ok");
	tape_add(&t, FRAME_MARK, 40000, "a remark");
	tape_add(&t, FRAME_OUT, 50000, "me$ exi");
	tape_add(&t, FRAME_OUT, 50100, "t");
	tape_add(&t, FRAME_SECRET, 51000, "1");
	tape_add(&t, FRAME_OUT, 51000, "\r\n");
	tape_add(&t, FRAME_EXIT, 60000, "0");
	p = player_new(&src);
	ok(player_search(p, "row 500"), "what scrolled by inside of a frame is found");
	ok(screen_shows(player_screen(p), "row 500") && player_time(p) == 6010, "and stands on the screen");
	ok(!player_search(p, "row 1001") && screen_shows(player_screen(p), "row 500"), "a search for what is not there leaves it there");
	ok(player_jump(p, PLAYER_COMMAND, false) && player_time(p) == 51000, "the next command");
	is(player_found(p), "command (screen): exit", "its words");
	ok(player_jump(p, PLAYER_COMMAND, true) && player_time(p) == 6000, "the one before");
	is(player_found(p), "command (screen): cat rows", "its words");
	ok(!player_jump(p, PLAYER_COMMAND, true), "there is none before");
	ok(player_jump(p, PLAYER_FILE, false) && player_time(p) == 30000, "to the file");
	ok(player_jump(p, PLAYER_MARK, false) && player_time(p) == 40000, "to the marker, which a file is not");
	ok(player_search_back(p, "row 999") && player_time(p) == 6010, "back into the frame");
	ok(player_search_back(p, "row 998") && screen_shows(player_screen(p), "row 998"), "one line back in it");
	ok(player_search(p, "row 999") && screen_shows(player_screen(p), "row 999"), "and on again");
	player_free(p);
	buf_done(&t.bytes);
	buf_done(&many);
}

/* What grows behind the end; a source with keyframes of its own; two with one clock. */
static bool
one_key(void *arg, uint64_t t_ms, struct frame_screen *key)
{
	struct tape *t = arg;

	if (t_ms < 500000)
		return false;
	*key = (struct frame_screen){ 500000, t->bytes.len / 2, 20, 5, slice_from("kept") };
	return true;
}

static void
test_source(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { tape_next, tape_seek, one_key, &t, 1000000, 20, 5 };
	struct deck d = { .n = 2, .starts_us = { 0, 60000000 } };

	buf_init(&t.bytes, 65536);
	for (unsigned i = 0; i < 2; i++)
		tape_add(&t, FRAME_OUT, (i + 1) * 500000, "x");
	d.players[0] = player_new(&src);
	player_seek(d.players[0], 600000);
	row_is(d.players[0], 0, "kept", "a seek begins at the source's keyframe");
	player_seek(d.players[0], 1000000);
	row_is(d.players[0], 0, "keptx", "and goes on from there");
	ok(player_is_at_end(d.players[0]), "at the end");
	tape_add(&t, FRAME_OUT, 2000000, "y");
	ok(player_is_at_end(d.players[0]), "it is not asked for more by itself");
	player_poll(d.players[0], 2000000);
	ok(!player_is_at_end(d.players[0]) && player_step(d.players[0]), "but when told to");
	row_is(d.players[0], 0, "keptxy", "what came later is shown");
	player_free(d.players[0]);

	src.key = NULL;
	t.at = 0;
	d.players[0] = player_new(&src);
	d.players[1] = player_new(&src);
	ok(deck_overlaps(&d), "two that share time");
	deck_sync(&d, true);
	ok(deck_length(&d) == 1060000, "the deck ends with the last");
	player_free(d.players[0]);
	player_free(d.players[1]);
	buf_done(&t.bytes);
}

static void
test_deck(void)
{
	struct tape t[2] = { { .at = 0 }, { .at = 0 } };
	struct deck d = { .n = 2, .starts_us = { 1000000, 11000000 } };

	for (int i = 0; i < 2; i++) {
		struct replay_source src = { .next = tape_next, .seek = tape_seek, .arg = &t[i], .length_ms = 20000, .cols = 20, .rows = 5 };

		buf_init(&t[i].bytes, 65536);
		tape_add(&t[i], FRAME_OUT, 5000, i == 0 ? "left" : "right");
		tape_add(&t[i], FRAME_OUT, 20000, "!");
		d.players[i] = player_new(&src);
	}
	deck_seek(&d, 6000);
	row_is(d.players[1], 0, "right", "both begin at once");
	deck_sync(&d, true);
	row_is(d.players[0], 0, "left", "by the clock on the wall the first stays");
	row_is(d.players[1], 0, "", "and the second has not got there");
	d.active = 1;
	ok(deck_search(&d, "right", false) && d.now_ms == 15000, "a search in the second");
	ok(deck_step(&d) && d.now_ms == 20000, "a step is that of whoever comes next");
	row_is(d.players[0], 0, "left!", "here the first");
	deck_play(&d, 10, 1, 1000);
	ok(d.now_ms == 29000, "a pause of both is shortened (%llu)", (unsigned long long)d.now_ms);
	deck_seek(&d, 1000000);
	ok(deck_is_at_end(&d) && d.now_ms == 30000, "the end is that of the last");
	for (int i = 0; i < 2; i++) {
		player_free(d.players[i]);
		buf_done(&t[i].bytes);
	}
}

int
main(void)
{
	test_places();
	test_source();
	test_deck();
	test_long();
	test_play();
	test_plain();
	return tap_done();
}
