/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress host and hosts, and what public keys are called. */
#ifndef CTL_HOSTS_H
#define CTL_HOSTS_H

#include "ctl/ctl.h"

int host_list(struct ctl *c, int argc, char **argv);
int host_add(struct ctl *c, int argc, char **argv);
int host_set(struct ctl *c, int argc, char **argv);
int host_label(struct ctl *c, int argc, char **argv);
int host_del(struct ctl *c, int argc, char **argv);
int hosts_reach(struct ctl *c, int argc, char **argv);

/* "SHA256:…" as ssh-keygen prints it.  Returns out. */
const char *hosts_fingerprint(struct slice blob, char out[64]);

#endif
