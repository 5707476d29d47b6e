/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include "ui/deck.h"

bool
deck_overlaps(const struct deck *d)
{
	int64_t from = d->starts_us[0], to = from + (int64_t)player_length(d->players[0]) * 1000;

	for (unsigned i = 1; i < d->n; i++) {
		int64_t begins = d->starts_us[i], ends = begins + (int64_t)player_length(d->players[i]) * 1000;

		from = begins > from ? begins : from;
		to = ends < to ? ends : to;
	}
	return from < to;
}

/* The others follow the active one, which is where it shall be. */
static void
follow_active(struct deck *d)
{
	d->now_ms = player_time(d->players[d->active]) + d->later_ms[d->active];
	for (unsigned i = 0; i < d->n; i++)
		if (i != d->active)
			player_seek(d->players[i], d->now_ms > d->later_ms[i] ? d->now_ms - d->later_ms[i] : 0);
}

void
deck_sync(struct deck *d, bool wall)
{
	int64_t first = d->starts_us[0];

	for (unsigned i = 1; i < d->n; i++)
		first = d->starts_us[i] < first ? d->starts_us[i] : first;
	for (unsigned i = 0; i < d->n; i++)
		d->later_ms[i] = wall ? (uint64_t)(d->starts_us[i] - first) / 1000 : 0;
	follow_active(d);
}

uint64_t
deck_length(const struct deck *d)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < d->n; i++) {
		uint64_t end = d->later_ms[i] + player_length(d->players[i]);

		most = end > most ? end : most;
	}
	return most;
}

bool
deck_is_at_end(const struct deck *d)
{
	for (unsigned i = 0; i < d->n; i++)
		if (!player_is_at_end(d->players[i]))
			return false;
	return true;
}

void
deck_seek(struct deck *d, uint64_t t_ms)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < d->n; i++) {
		uint64_t now;

		player_seek(d->players[i], t_ms > d->later_ms[i] ? t_ms - d->later_ms[i] : 0);
		now = player_time(d->players[i]) + d->later_ms[i];
		most = now > most ? now : most;
	}
	d->now_ms = t_ms < most ? t_ms : most;
}

/* When anything comes next, in any of them; UINT64_MAX: never. */
static uint64_t
next_time(const struct deck *d, unsigned *which)
{
	uint64_t least = UINT64_MAX;

	*which = d->active;
	for (unsigned i = 0; i < d->n; i++) {
		uint64_t t = player_next_time(d->players[i]);

		t = t < UINT64_MAX - d->later_ms[i] ? t + d->later_ms[i] : UINT64_MAX;
		if (t < least) {
			least = t;
			*which = i;
		}
	}
	return least;
}

void
deck_play(struct deck *d, uint64_t real_ms, double speed, uint64_t idle_ms)
{
	uint64_t t = d->now_ms + (uint64_t)((double)real_ms * speed + 0.5), next;
	unsigned which;

	next = next_time(d, &which);
	if (next != UINT64_MAX && idle_ms > 0 && next > d->now_ms + idle_ms && next - idle_ms > t)
		t = next - idle_ms;
	deck_seek(d, t);
}

bool
deck_step(struct deck *d)
{
	unsigned which;

	if (next_time(d, &which) == UINT64_MAX || !player_step(d->players[which]))
		return false;
	d->now_ms = player_time(d->players[which]) + d->later_ms[which];
	for (unsigned i = 0; i < d->n; i++)
		if (i != which && d->now_ms > d->later_ms[i] && player_time(d->players[i]) + d->later_ms[i] < d->now_ms)
			player_seek(d->players[i], d->now_ms - d->later_ms[i]);
	return true;
}

bool
deck_search(struct deck *d, const char *text, bool back)
{
	struct player *p = d->players[d->active];
	bool found = back ? player_search_back(p, text) : player_search(p, text);

	if (found)
		follow_active(d);
	return found;
}

bool
deck_jump(struct deck *d, enum player_what what, bool back)
{
	bool found = player_jump(d->players[d->active], what, back);

	if (found)
		follow_active(d);
	return found;
}
