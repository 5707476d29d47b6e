/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The PAM child: one login, one process, because PAM modules keep state and a session has one owner. */
#ifndef MONITOR_PAM_H
#define MONITOR_PAM_H

#include <stdbool.h>

struct pam_options {
	const char *service, *user, *rhost;
	bool authenticate;           /* false: the front has done it (publickey) */
};

/* Serves one login over fd (LINK_PAM_OF_MONITOR) until the peer closes; the exit status. */
int pam_serve(const struct pam_options *o, int fd);

#endif
