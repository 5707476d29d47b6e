/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The replay's list of commands, over its whole window. */
#ifndef UI_REPLAY_LIST_H
#define UI_REPLAY_LIST_H

#include "ui/player.h"

#define REPLAY_LIST_MAX 10000            /* those beyond are left out, which is said */

struct replay_list {
	struct replay_row { uint64_t t_ms; char *text; } *rows;
	size_t n, at;                    /* at: the selected one */
	bool more;
};

/* Goes through the whole recording; the player stays where it is.  False: there are none, or it was stopped. */
bool replay_list_fill(struct replay_list *l, struct player *p);
void replay_list_done(struct replay_list *l);
void replay_list_draw(const struct replay_list *l);
/* What a key does: it moves in the list, goes to the selected command, or leaves the list. */
enum replay_list_way { REPLAY_LIST_STAY, REPLAY_LIST_GO, REPLAY_LIST_LEAVE };
enum replay_list_way replay_list_key(struct replay_list *l, int code);

#endif
