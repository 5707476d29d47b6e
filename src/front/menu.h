/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The picker, seen from the front: a pty that the monitor opened, and the menu's own channel. */
#ifndef FRONT_MENU_H
#define FRONT_MENU_H

#include "front/channel.h"

struct menu;

/* Asks the monitor for one; the answer comes to menu_started.  0 or chan_send's codes. */
int menu_ask(struct channel *c);
/* Takes the two descriptors.  NULL when out of memory. */
struct menu *menu_new(struct channel *c, int fds[2]);
void menu_rows(struct menu *m, const struct msg_host_rows *rows);
bool menu_pump(struct menu *m);              /* pty ⇄ user's channel; true if something moved */
void menu_resize(struct menu *m, unsigned cols, unsigned rows);
bool menu_is_over(const struct menu *m);     /* the program has ended and its last bytes are delivered */
/* What was chosen before it ended, or NULL: the user left. */
const char *menu_choice(const struct menu *m, const char **login);
/* The gate's answer about sessions or approvals, if it is this menu's. */
bool menu_take(struct menu *m, unsigned type, uint32_t req, const void *message);
/* After menu_choice: has the user left it?  If not, and nothing was picked, it has died. */
bool menu_was_left(const struct menu *m);
/* After menu_choice: the verb for a session that was picked instead, or NULL. */
const char *menu_looks(const struct menu *m);
void menu_free(struct menu *m);

#endif
