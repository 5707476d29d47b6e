/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The picker's process: started on a pty of its own whenever a front wants a menu on screen. */
#ifndef MONITOR_MENU_H
#define MONITOR_MENU_H

#include "monitor/conn.h"

/* Answers MSG_MENU_STARTED with the pty's master and the menu's channel, or why not. */
void menu_start(struct conn *c, const struct msg_menu_start *msg);

#endif
