/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What player.c (time) and player_find.c (places) share. */
#ifndef UI_PLAYER_MODEL_H
#define UI_PLAYER_MODEL_H

#include "ui/player.h"
#include "ui/stage.h"

struct keyframe {
	struct frame_screen key;           /* paint is its own */
	unsigned char *bytes;
};

/* Before the frame at pos, or behind off bytes of it. */
struct place {
	uint64_t pos;
	size_t off;
};

/* What is looked for while frames go by. */
struct goal {
	enum player_what what;
	const char *text;
	bool active, hit;
	bool was;                        /* the text stood there, unfinished, before this step */
};

struct player {
	struct replay_source src;
	struct stage stage;
	uint64_t now_ms;
	struct frame ahead;              /* read but not shown yet, or only its first off bytes */
	struct place place;
	bool have_ahead, ended, broken;
	struct keyframe *keys;
	size_t keys_n, keys_bytes;
	uint64_t key_ms, key_bytes, since_bytes;
	struct goal goal;
	player_wait_fn *wait;
	void *wait_arg;
	unsigned steps;
	bool stopped;
	char found[300];
};

bool player_peek(struct player *p);
/* Shows the next frame, or at most max bytes of it if it is output; false at the end. */
bool player_take(struct player *p, size_t max);
/* To the last keyframe before t_ms, or to the beginning. */
void player_go_back(struct player *p, uint64_t t_ms);
void player_go_start(struct player *p);

/* player_find.c: told by player_take and by the lines. */
void goal_frame(struct player *p, const struct frame *f);
void goal_line(void *arg, uint64_t t_ms, struct slice text);
void goal_command(void *arg, const struct command_seen *c);

#endif
