/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who is this: PAM's conversation, account and session phases, each login in a child of its own. */
#ifndef MONITOR_AUTH_H
#define MONITOR_AUTH_H

#include "monitor/conn.h"

/* Front's messages.  Answers go to its channel.  Negative: more conversations than anybody has. */
int auth_start(struct conn *c, const struct msg_pam_start *msg);
void auth_answer(struct conn *c, const struct msg_pam_answer *msg);
/* The gate has heard that PAM let the connection's user in: now its front may. */
void auth_vouched(struct conn *c);
/* After authentication by whatever method, once the front asks for it and the gate has let that user in: PAM's account and
 * session phases where UsePAM says so, the kernel's audit record, MSG_LOGIN_OPENED.  Negative: a front that asks twice, or for
 * nobody. */
int auth_login(struct conn *c, const struct msg_login_open *msg);
void auth_admitted(struct conn *c, struct slice user);
/* The connection is over: the PAM child closes its session and ends. */
void auth_close(struct conn *c);

#endif
