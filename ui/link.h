/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Between the two halves of the replay program.  The reader (reader.c) has the database and the recordings' files and
 * looks at none of their bytes but changes of size (LINK_TAIL); this half renders them and has nothing but this link and
 * its terminal.
 *
 *     request  u8 what | u8 which | u64 arg
 *     answer   u32 status | u32 length | bytes          (little-endian)
 */
#ifndef UI_LINK_H
#define UI_LINK_H

#include "base/clock.h"
#include "ui/player.h"

#define LINK_REQUEST  10
#define LINK_MAX      ((size_t)SCREEN_PAINT_MAX + 65536)      /* bytes of an answer */
#define LINK_CHUNK    262144                                 /* the reader stops taking frames from here on */

enum { LINK_FACTS = 'i', LINK_FRAMES = 'f', LINK_KEY = 'k', LINK_LENGTH = 'l', LINK_TAIL = 't' };
enum { LINK_OK = 0, LINK_NONE = 1, LINK_BROKEN = 2 };

/* What is known of a session, in this order: each u8 kind ('t' text, 'n' number) | u32 length | name | u32 length | value. */
struct facts {
	struct buf bytes;
};

/* One session behind a link; a source for a player, whose arg it is. */
struct link {
	int fd;                          /* not its own: two sessions share one */
	uint8_t which;
	struct facts facts;
	struct buf chunk, key;           /* chunk: LINK_FRAMES' answer */
	uint64_t base;                   /* position of its first byte */
	size_t at;
	char broken[200];                /* why the reader could not go on */
};

int link_init(struct link *k, int fd, uint8_t which);         /* asks for the facts; 0, -EPROTO, -EIO */
void link_done(struct link *k);
void link_source(struct link *k, struct replay_source *ret);
/* Asks anew for the length and whether the session is open.  0 or negative. */
int link_length(struct link *k, uint64_t *length_ms, bool *open);

/* Of a recording that is at least four times so long: where about its last `bytes` begin, with the size that the terminal had
 * there and an empty screen.  False: it is not. */
bool link_tail(struct link *k, uint64_t bytes, struct frame_screen *key);

/* A fact as text, "" when there is none; valid as long as the link.  As a number, 0 when it is none. */
const char *facts_text(const struct facts *f, const char *name);
uint64_t facts_number(const struct facts *f, const char *name);
/* One after the other: *at is 0 at first; false at the end. */
bool facts_next(const struct facts *f, size_t *at, const char **name, const char **value, bool *number);
int facts_add(struct facts *f, const char *name, const char *value, bool number);     /* 0 or buf_append's codes */

#endif
