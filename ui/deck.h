/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * One clock for one player or two that are seen side by side: both begin together, or each when it did.
 * Time is in ms since the deck's beginning.
 */
#ifndef UI_DECK_H
#define UI_DECK_H

#include "ui/player.h"

#define DECK_MAX 2

struct deck {
	struct player *players[DECK_MAX];
	int64_t starts_us[DECK_MAX];         /* when each recording began */
	uint64_t later_ms[DECK_MAX];         /* how much later than the deck each begins */
	unsigned n, active;                  /* active: searches and jumps are in this one */
	uint64_t now_ms;
};

/* wall: each begins when it did; false: both at once.  The position stays that of the active one. */
void deck_sync(struct deck *d, bool wall);
/* Do they share any time? */
bool deck_overlaps(const struct deck *d);
uint64_t deck_length(const struct deck *d);
bool deck_is_at_end(const struct deck *d);
void deck_seek(struct deck *d, uint64_t t_ms);
/* On by real_ms times speed; a pause of all of them that is longer than idle_ms (0: no cap) is shortened to it. */
void deck_play(struct deck *d, uint64_t real_ms, double speed, uint64_t idle_ms);
bool deck_step(struct deck *d);              /* the next frame of any that shows something */
bool deck_search(struct deck *d, const char *text, bool back);
bool deck_jump(struct deck *d, enum player_what what, bool back);

#endif
