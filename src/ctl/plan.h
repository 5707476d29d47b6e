/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What would change to bring the directory to what a file says: rows to add, to change and to remove, in an order in which
 * they can be taken.  A section that the file has not is left alone; of one that it has, rows that are not in it go; a member
 * that a row does not name stays as it is.
 */
#ifndef CTL_PLAN_H
#define CTL_PLAN_H

#include "ctl/state.h"

enum plan_action { PLAN_ADD, PLAN_CHANGE, PLAN_REMOVE, PLAN_ACTIONS };

struct change {
	enum plan_action action;
	enum state_kind kind;
	const struct state_item *item, *old;          /* item: as the file says; of a removal the one that goes */
};

struct plan {
	struct change *p;
	size_t n, cap, counts[PLAN_ACTIONS];
	char id[17];                   /* of what there is and what the file says: another one if either is another */
};

/* The items stay the states'.  0, or negative with e: something of a new one is not said, or no memory. */
int plan_make(const struct state *now, const struct state *wanted, const char *file, struct slice text, struct plan *ret, struct err *e);
void plan_done(struct plan *p);
/* One line for each change; or rows, where a program reads them.  0 or negative. */
int plan_show(struct ctl *c, const struct plan *p);
/* All of it as rows for MSG_DIR_APPLY, one for each change.  0 or negative with e. */
int plan_rows(const struct plan *p, struct buf *rows, struct err *e);

#endif
