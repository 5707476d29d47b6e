/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The commands of sessions: of an exec what the record itself says, of terminals what the index of texts has found. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/ctl.h"
#include "ctl/evidence.h"

/* The sheets "commands" and "commands-missing", from the index as it is. */
int commands_sheets(struct evidence *v, struct err *e);
int session_commands(struct ctl *c, int argc, char **argv);

#endif
