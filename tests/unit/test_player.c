/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The player: what is on the screen when, there and back, and that a search finds what was shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"
#include "ui/player.h"

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

static void
row_is(struct player *p, unsigned row, const char *want, const char *what)
{
	struct buf b;

	buf_init(&b, 4096);
	(void)screen_row(player_screen(p), row, &b);
	is(buf_cstr(&b), want, what);
	buf_done(&b);
}

/* An hour of a counter, one line a second, so that there are keyframes to go back to. */
static void
test_long(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { tape_next, tape_seek, &t, 3600000, 20, 5 };
	struct player *p;
	char line[64];

	buf_init(&t.bytes, 1u << 20);
	for (unsigned s = 0; s <= 3600; s++) {
		(void)snprintf(line, sizeof(line), "\033[2J\033[H\033[3%um%s %u", s % 8, s == 1800 ? "half" : "tick", s);
		add(&t, FRAME_OUT, (uint64_t)s * 1000, line);
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
	player_free(p);
	buf_done(&t.bytes);
}

static void
test_play(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { tape_next, tape_seek, &t, 60000, 20, 5 };
	struct player *p;

	buf_init(&t.bytes, 65536);
	add(&t, FRAME_OUT, 0, "one");
	add(&t, FRAME_OUT, 1000, " two");
	add(&t, FRAME_RESIZE, 1500, "30x6");
	add(&t, FRAME_OUT, 60000, " \xe6\x94\xaf\033]52;c;aGk=\007\033[6n");
	add(&t, FRAME_EXIT, 60000, "0");
	p = player_new(&src);
	player_play(p, 500, 1, 2000);
	row_is(p, 0, "one", "half a second: the first");
	player_play(p, 250, 2, 2000);
	row_is(p, 0, "one two", "at double speed the second");
	player_play(p, 500, 1, 2000);
	player_play(p, 10, 1, 2000);
	ok(player_time(p) == 58000, "a long pause is shortened to its cap");
	ok(player_next_of(p, "x"), "to the exit");
	row_is(p, 0, "one two \xe6\x94\xaf", "what would make a terminal act leaves no trace");
	player_free(p);
	buf_done(&t.bytes);
}

static void
test_plain(void)
{
	struct tape t = { .at = 0 };
	struct replay_source src = { tape_next, tape_seek, &t, 0, 0, 0 };
	struct player *p;

	buf_init(&t.bytes, 65536);
	add(&t, FRAME_OUT, 0, "a\nb\n");
	add(&t, FRAME_ERR, 0, "c");
	p = player_new(&src);
	player_seek(p, 0);
	row_is(p, 1, "b", "without a terminal, lines begin at the left");
	row_is(p, 2, "c", "and stderr is shown too");
	player_free(p);
	buf_done(&t.bytes);
}

int
main(void)
{
	test_long();
	test_play();
	test_plain();
	return tap_done();
}
