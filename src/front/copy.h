/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a command that copies files says of itself: the far ends of scp, rsync and git.  Only a command that is exactly
 * one of them counts; anything else, whatever it begins with, is just a command.  Pure.
 */
#ifndef FRONT_COPY_H
#define FRONT_COPY_H

#include "base/buf.h"

#define COPY_WORDS_MAX 128

struct copy {
	const char *tool, *op;           /* scp rsync git; get (from the host) or put */
	bool patterns;                   /* the host's shell completes the paths (* ? ~) */
	struct slice *paths;             /* none: rsync's are in its stream */
	size_t paths_n;
	struct slice words[COPY_WORDS_MAX];
	struct buf store;
};

/* 0, or -EINVAL: it is none of these.  After 0 copy_done is due. */
int copy_parse(struct slice command, struct copy *ret);
void copy_done(struct copy *c);

#endif
