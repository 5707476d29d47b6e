/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What every help that fills the screen has in common: its last line, and keys that scroll it while there is more of it. */
#ifndef UI_HELP_H
#define UI_HELP_H

#include "ui/page.h"

void help_draw_foot(const struct page *p);
/* Scrolls, if the key does; false: any other key, which closes it. */
bool help_key(struct page *p, int code);

#endif
