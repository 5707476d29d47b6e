/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Which host a text means.  The best kind of fit decides: the name as it is written; an alias, or the name in other
 * letters' case; the address as filed, alone or with its port (10.0.0.1:2222, [2001:db8::1]:22); the beginning of a name
 * or alias.  Several hosts of that kind are no host.
 */
#ifndef GATE_MATCH_H
#define GATE_MATCH_H

#include "gate/directory.h"

#define MATCH_SOME 5

struct match {
	struct dir_host *host;               /* NULL: none, or several */
	size_t count;                        /* how many it fits; 0: none */
	struct dir_host *some[MATCH_SOME];   /* the first of several; of none those that look alike */
	size_t some_n;
};

void match_host(const struct directory *d, struct slice text, struct match *ret);
/* For a match without a host: what is wrong and what might be meant, one clause. */
const char *match_say(const struct match *m, struct slice text, char *out, size_t size);

#endif
