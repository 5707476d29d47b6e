/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A fuzzer's input as a file, for readers that want a path. */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include "base/buf.h"

#define FILE_PATH 32

/* In memory; the descriptor, which closes it.  path: where it can be opened meanwhile. */
int file_open(struct slice bytes, char path[FILE_PATH]);

#endif
