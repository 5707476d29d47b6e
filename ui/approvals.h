/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The picker's screen of requests for approval: one's own, and those that one may say yes or no to.  Whether one may the gate says.
 * It sends nothing itself: what is wanted stands in it, for the program to ask.
 */
#ifndef UI_APPROVALS_H
#define UI_APPROVALS_H

#include "msg/msg.h"
#include "ui/page.h"

#define APPROVALS_SHOWN 200

struct approval_line {
	char id[16], user[66], what[2000], reason[300], ticket[80], state[140], asked[20];
	bool may;
	bool cut;                          /* what is not all of it */
};

struct approvals_list { struct approval_line rows[APPROVALS_SHOWN]; size_t n; };

struct approvals_screen {
	struct approvals_list list, coming;      /* coming: until its end has come */
	size_t cursor, top;
	bool open, known, help;
	int sure;                          /* enum msg_say + 1 that the next key decides about; 0: none */
	char notice[300];
	struct page page;                  /* of the help, or of all about the selected one */
	/* what is wanted, until the program takes it: rows anew, or to say something */
	bool ask, says;
	uint32_t say;
	char say_id[16];
};

void approvals_open(struct approvals_screen *s);
/* What the gate says: rows, their end, and how it went. */
void approvals_row(struct approvals_screen *s, const struct msg_approval_row *m);
void approvals_end(struct approvals_screen *s);
void approvals_done(struct approvals_screen *s, const struct msg_dir_done *m);
void approvals_draw(struct approvals_screen *s);
void approvals_keys(struct approvals_screen *s);     /* handles all keys that are there */

#endif
