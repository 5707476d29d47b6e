/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Rows sorted by name: a binary search finds one, the neighbours of a place answer "which begin with", and lists come out
 * in order.  Every row begins with its name, so that one search serves all kinds; the rows stay the owner's.
 */
#ifndef GATE_SORTED_H
#define GATE_SORTED_H

#include <stdbool.h>

#include "base/buf.h"

struct named { char *name; };
/* While many are added a second run of names, itself in order, stands behind the first from `second` on. */
struct sorted { struct named **p; size_t n, cap, max, second; bool many; };       /* free(p) at the end */

/* Where name is, or would go. */
size_t sorted_place(const struct sorted *a, struct slice name, bool *found);
int sorted_insert(struct sorted *a, size_t place, struct named *row);        /* 0, -ENOSPC above max, -ENOMEM */
void sorted_remove(struct sorted *a, size_t place);

/* Rows that come in order are added fast from now on, until sorted_settle; meanwhile places have no order. */
void sorted_begin(struct sorted *a);
int sorted_settle(struct sorted *a);                 /* 0 or -ENOMEM */

#endif
