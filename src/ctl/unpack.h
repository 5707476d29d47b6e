/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Reading an export: its files one after another, as they lie in the directory or archive, in pieces.  Nothing in it is
 * trusted, and nothing of it is written anywhere.
 */
#ifndef CTL_UNPACK_H
#define CTL_UNPACK_H

#include "base/buf.h"
#include "base/err.h"

struct unpack;

struct unpack *unpack_open(const char *path, struct err *e);
void unpack_close(struct unpack *u);                     /* NULL is fine */

/* What looks at the files.  The first negative code ends the walk, and is returned. */
struct unpack_visit {
	void *arg;
	int (*begin)(void *arg, const char *name);       /* 1: its bytes are wanted, 0: the next file */
	int (*bytes)(void *arg, struct slice bytes);
	int (*end)(void *arg);
};

/* May be called again: each walk begins anew.  -EBADMSG: the archive is damaged; what cannot be read is its own code. */
int unpack_walk(struct unpack *u, const struct unpack_visit *v, struct err *e);

#endif
