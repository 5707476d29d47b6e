/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Starting a sibling program with exactly these descriptors and nothing else. */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <sys/types.h>

#include "base/err.h"

#define SPAWN_FDS_MAX 16

struct spawn {
	const char *path;                /* absolute */
	char *const *argv;               /* argv[0] is what ps shows */
	char *const *envp;               /* NULL: an environment of LANG=C.UTF-8 and PATH alone */
	int fds[SPAWN_FDS_MAX];          /* become 3, 4, 5 … in the child */
	int nfds;
	int stdio[3];                    /* 0, 1, 2; -1: /dev/null for 0 and 1, inherited for 2 */
	int setsid;                      /* also takes stdio[0] as controlling terminal if it is one */
};

/* All other descriptors are closed in the child, signals are reset.  The child's pid or a negative code. */
pid_t spawn_start(const struct spawn *s, struct err *e);
/* Where our programs lie: FORTRESS_LIBEXEC from a build tree, else PKGLIBEXECDIR.  0 or -ENAMETOOLONG. */
int spawn_path(const char *program, char *out, size_t size);

#endif
