/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Sessions that run: who is in, looking at one, typing into it, holding it up. */
#ifndef CTL_LIVE_H
#define CTL_LIVE_H

#include "ctl/ctl.h"

int live_ls(struct ctl *c);
/* Functions of commands, as ctl.h has them. */
int live_watch(struct ctl *c, int argc, char **argv);
int live_join(struct ctl *c, int argc, char **argv);
int live_pause(struct ctl *c, int argc, char **argv);
int live_resume(struct ctl *c, int argc, char **argv);
int live_lock(struct ctl *c, int argc, char **argv);
int live_unlock(struct ctl *c, int argc, char **argv);
int live_hand(struct ctl *c, int argc, char **argv);

#endif
