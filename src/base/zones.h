/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The system's time zones in memory: for a process that will not see the files any more.  About 700 kB. */
#ifndef BASE_ZONES_H
#define BASE_ZONES_H

#include "base/buf.h"

#define ZONES_DIR "/usr/share/zoneinfo"

struct zones;

/* Reads all of dir that are files of tzfile(5), without right/ (those count leap seconds) and posix/.  What cannot be read, and
 * what is too much (4 MiB, 2,048 names), is not there.  NULL when out of memory. */
struct zones *zones_load(const char *dir);
void zones_free(struct zones *z);
/* Appends the bytes of the zone of this name, "Asia/Shanghai".  0, -ENOENT, or buf_append's codes. */
int zones_get(const struct zones *z, const char *name, struct buf *out);

#endif
