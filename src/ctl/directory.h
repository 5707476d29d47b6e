/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The directory as the gate sends it. */
#ifndef CTL_DIRECTORY_H
#define CTL_DIRECTORY_H

#include "ctl/ask.h"

/* Every row to fn, until fn returns true (at MSG_DIR_END).  0 or a negative code with c->e. */
int directory_load(struct ctl *c, ask_fn *fn, void *arg);

/* Reads a row and puts it, by fn, and does so again while somebody else was faster (c->e is -ESTALE).  What fn returned last. */
int directory_change(struct ctl *c, int (*fn)(struct ctl *c, void *arg), void *arg);
/* The state that MSG_DIR_END told.  0, or -ESTALE: it changed while it was read. */
int directory_state(struct ctl *c, uint64_t state);

/* text is no --expires.  CTL_USAGE. */
int directory_expiry_bad(const struct ctl *c, const char *text);

/* A user's row as it is, and what a command changes of it; NULL and -1: nothing. */
struct user_row { const char *name; bool found; struct msg_dir_user user; struct buf display, groups, attrs; uint64_t state; };
struct user_change { const char *display, *groups, *attrs; const uint64_t *expires_us; int disabled; };

/* Asks fn what shall change of a user that is there (its texts must live until this returns), and puts it.  CTL_*. */
typedef int user_edit_fn(struct ctl *c, void *arg, struct user_row *old, struct user_change *change);
int user_edit(struct ctl *c, const char *name, user_edit_fn *fn, void *arg);

#endif
