/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Whoever started the bastion: a shell that waits for it (--background), a service manager, a terminal that may go away. */
#ifndef MONITOR_STARTER_H
#define MONITOR_STARTER_H

#include "monitor/monitor.h"

/* Goes on in a process of its own whose stderr is STATE/log/fortress.log; the caller's process stays until starter_tell,
 * and exits by it.  0 or a negative code with e. */
int starter_leave(const char *state_dir, struct err *e);
/* Serving: the shell gets its prompt, the service manager its READY=1.  Once; later calls do nothing. */
void starter_tell(void);

/* Is there a terminal now, whose end shall be ours?  Not if SIGHUP is ignored, as nohup(1) does. */
bool starter_has_terminal(void);
bool starter_terminal_is_gone(void);

#endif
