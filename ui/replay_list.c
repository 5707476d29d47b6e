/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curses.h>

#include "base/clock.h"
#include "base/text.h"
#include "ui/draw.h"
#include "ui/lines.h"
#include "ui/replay_list.h"

#define LINE_BYTES 1200

/* ---- what there is ---- */

static void
row_drop(struct replay_list *l)
{
	free(l->rows[--l->n].text);
}

static void
on_command(void *arg, const struct command_seen *c)
{
	struct replay_list *l = arg;
	char line[LINE_BYTES], text[1024], at[40];

	l->more = l->more || l->n == REPLAY_LIST_MAX;
	if (l->more)
		return;
	(void)snprintf(line, sizeof(line), "%s  %-6s  %s", clock_print_at(c->t_ms, at, sizeof(at)), command_source_name(c->source),
	    text_cleaned(c->text, text, sizeof(text)));
	l->rows[l->n] = (struct replay_row){ c->t_ms, strdup(line) };
	l->n += l->rows[l->n].text != NULL;
}

static void
on_better(void *arg, const struct command_seen *c)
{
	struct replay_list *l = arg;

	if (c->sure == COMMAND_NONE && l->n > 0 && l->rows[l->n - 1].t_ms == c->t_ms)
		row_drop(l);
}

bool
replay_list_fill(struct replay_list *l, struct player *p)
{
	const struct lines_sink sink = { .command = on_command, .better = on_better, .arg = l };
	uint64_t now = player_time(p);

	replay_list_done(l);
	l->rows = calloc(REPLAY_LIST_MAX, sizeof(*l->rows));
	if (l->rows == NULL || !player_hear(p, &sink) || l->n == 0) {
		replay_list_done(l);
		return false;
	}
	while (l->at + 1 < l->n && l->rows[l->at + 1].t_ms <= now)
		l->at++;
	return true;
}

void
replay_list_done(struct replay_list *l)
{
	while (l->n > 0)
		row_drop(l);
	free(l->rows);
	*l = (struct replay_list){ .n = 0 };
}

/* ---- on the screen ---- */

void
replay_list_draw(const struct replay_list *l)
{
	size_t height = LINES > 1 ? (size_t)LINES - 1 : 1, top = l->at < height / 2 ? 0 : l->at - height / 2;
	char foot[120];

	top = top + height > l->n ? (l->n > height ? l->n - height : 0) : top;
	for (size_t i = top; i < l->n && i < top + height; i++)
		(void)draw_text((int)(i - top), 1, COLS - 2, slice_from(l->rows[i].text), i == l->at ? A_REVERSE : A_NORMAL);
	(void)snprintf(foot, sizeof(foot), "%zu/%zu%s  Enter goes there, other keys go back", l->at + 1, l->n, l->more ? "+" : "");
	(void)draw_text(LINES - 1, 1, COLS - 1, slice_from(foot), A_BOLD);
	(void)move(LINES - 1, 0);
}

enum replay_list_way
replay_list_key(struct replay_list *l, int code)
{
	static const struct { int code; long rows; } moves[] = {
		{ KEY_UP, -1 }, { KEY_DOWN, 1 }, { 'k', -1 }, { 'j', 1 }, { KEY_PPAGE, -10 }, { KEY_NPAGE, 10 },
		{ KEY_HOME, -REPLAY_LIST_MAX }, { KEY_END, REPLAY_LIST_MAX }, { KEY_RESIZE, 0 }, { KEY_MOUSE, 0 },
	};

	if (code == '\r' || code == '\n' || code == KEY_ENTER)
		return REPLAY_LIST_GO;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		long to = (long)l->at + moves[i].rows;

		if (moves[i].code != code)
			continue;
		l->at = to < 0 ? 0 : (size_t)to < l->n ? (size_t)to : l->n - 1;
		return REPLAY_LIST_STAY;
	}
	return REPLAY_LIST_LEAVE;
}
