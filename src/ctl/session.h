/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One recording by the id that a person typed. */
#ifndef CTL_SESSION_H
#define CTL_SESSION_H

#include "base/id.h"
#include "ctl/ctl.h"
#include "db/db.h"

/* By id or a unique beginning of one.  0, or a negative code with c->e. */
int session_find(struct ctl *c, struct db *db, const char *text, unsigned char id[ID_BYTES], char whole[ID_TEXT]);
int session_print(struct ctl *c, int argc, char **argv);

#endif
