/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A command line as words, as a POSIX shell would split it, as long as it takes no shell to know what it does. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/buf.h"

/* The next word of a line, up to a blank, tab or carriage return, and moves behind it; empty at the end. */
struct slice words_next(struct slice *line);

/* Words found (they point into store), or -EINVAL: more than max, or not a simple command.  Quotes and backslashes are
 * understood; patterns (* ? [ ] { } ~ outside quotes), and what other shells than a POSIX one read otherwise (a backslash inside
 * quotes, ^, a word that begins with =), make it no simple command if patterns is NULL, else they stay as they are and *patterns
 * says whether there were any patterns. */
int words_split(struct slice command, struct buf *store, struct slice *words, size_t max, bool *patterns);

#endif
