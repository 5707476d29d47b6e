/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What a host's row may say of its address and its names. */
#ifndef GATE_HOST_H
#define GATE_HOST_H

#include "gate/directory.h"

/* An IP address, a name, or unix:/path.  0 or -EINVAL with e. */
int host_check_address(struct slice addr, struct err *e);
/* Every name and alias means one host, and (when it is new) nothing that something else would be taken for.  0, -EEXIST or
 * -EINVAL with e. */
int host_check_names(const struct directory *d, const struct msg_dir_host *m, struct err *e);

#endif
