/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Labels of hosts and attributes of users: "env=prod tier=db", as people edit them, word by word. */
#ifndef CTL_PAIRS_H
#define CTL_PAIRS_H

#include "ctl/ctl.h"

/* Can it stand in such a list: KEY=VALUE without spaces, commas, quotes? */
bool pairs_is_good(const char *word);
/* old with each word's change: KEY=VALUE in place of what KEY was, KEY- without it.  CTL_OK, or says what is wrong: CTL_USAGE. */
int pairs_edit(const struct ctl *c, const char *old, char **words, struct buf *ret);

#endif
