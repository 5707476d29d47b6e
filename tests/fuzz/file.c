/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "tests/fuzz/file.h"

int
file_open(struct slice bytes, char path[FILE_PATH])
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	assert(fd >= 0 && fd_write_full(fd, bytes.p, bytes.n) == 0);
	(void)snprintf(path, FILE_PATH, "/proc/self/fd/%d", fd);
	return fd;
}
