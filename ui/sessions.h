/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The picker's screen of sessions that run: those that one may watch, and one's own; and of those that are over, which may be
 * replayed.  Keys look at them and hold them up; whether one may the gate says.  It sends nothing itself: what is wanted stands in
 * it, for the program to ask.
 */
#ifndef UI_SESSIONS_H
#define UI_SESSIONS_H

#include "msg/msg.h"
#include "ui/page.h"

#define SESSIONS_MAX 400

struct session_line {
	char id[32], user[66], where[134], command[130], held[100], start[20];
	char idle[16], bytes[16], viewers[12];         /* idle: of one that is over how long it took */
};

struct sessions {
	struct session_line rows[SESSIONS_MAX];
	size_t n, cursor, top;
	bool past;                         /* those that are over */
	bool open, known, help, sure;      /* known: rows have come; sure: the next key decides whether the session ends */
	char notice[300];
	struct page page;                  /* of the help */
	/* what is wanted, until the program takes it: rows anew, or an act (enum msg_live_op) on the selected one */
	bool ask;
	unsigned act, done;                /* done: the last one, which may not be answered yet */
	char act_id[32];
};

void sessions_open(struct sessions *s, bool past);
/* What the gate says. */
void sessions_rows(struct sessions *s, struct slice rows);
void sessions_done(struct sessions *s, const struct msg_live_done *m);
void sessions_draw(struct sessions *s);
void sessions_keys(struct sessions *s);           /* handles all keys that are there */

#endif
