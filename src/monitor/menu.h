/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Programs on a pty of their own: the picker whenever a front wants one on screen, and what looks at a session. */
#ifndef MONITOR_MENU_H
#define MONITOR_MENU_H

#include "monitor/conn.h"

/* Answers MSG_MENU_STARTED with the pty's master and the menu's channel, or why not. */
void menu_start(struct conn *c, const struct msg_menu_start *msg);
/* The gate has permitted it; way: to the session, or from the reader of a recording to the gate; it stays the caller's.  Answers
 * MSG_SCREEN_STARTED to the front, and when it has ended MSG_SCREEN_ENDED. */
void screen_start(struct monitor *m, const struct msg_screen_start *msg, int way);
/* What looks, for the gate, for what is watched: fds, which stay the caller's, are the ways to the session and to the gate.
 * That it could not be started the gate sees by the second. */
void sentry_start(struct monitor *m, const struct msg_sentry_start *msg, const int fds[2]);

#endif
