/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The kernel's audit log, as sshd and sudo write it, so that ausearch and aureport on the
 * bastion tell the same story as our own events.  libpam sends USER_AUTH, USER_ACCT,
 * CRED_* and its session records itself; those are not doubled here.
 */
#ifndef MONITOR_AUDIT_H
#define MONITOR_AUDIT_H

#include <stdbool.h>

#include "monitor/conf.h"
#include "msg/msg.h"

/* Opens the link and looks whether the kernel records at all (a send succeeds even when it does not).
 * 0, or -ENOTSUP with e when mode is required and the log does not take records. */
int audit_open_link(enum conf_kernel_audit mode, struct err *e);
void audit_close_link(void);
bool audit_is_recording(void);        /* as of now */
bool audit_may_login(void);           /* false only when required and not recording */

void audit_login(const char *user, const char *peer, bool ok);
void audit_logout(const char *user, const char *peer);
/* Session start and end, and commands, told by a front; user and peer are what the monitor knows itself. */
void audit_note(const struct msg_audit_note *n, const char *user, const char *peer);

#endif
