/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What an SSH user name means here.  Pure, and fuzzed:
 *     user | user+host | user+login+host, each also with an enrolment code after the user: user+e-CODE
 * The longest existing user wins where names hold a separator; an unknown user ends at the first one.
 */
#ifndef GATE_NAMES_H
#define GATE_NAMES_H

#include "base/buf.h"

#define NAMES_MAX  255          /* bytes of a raw name */
#define CODE_TEXT  18           /* "e-" and 16 characters */

struct names { struct slice user, login, host, code; };    /* views into raw; empty where not named */

typedef bool names_is_user_fn(void *arg, struct slice user);

/* 0, -ENAMETOOLONG, or -EINVAL: control bytes, an empty part, or too many parts.  *ret only on success. */
int names_split(struct slice raw, names_is_user_fn *is_user, void *arg, struct names *ret);

bool names_is_code(struct slice s);
/* A fresh code from the kernel's random bytes.  0 or -errno. */
int names_new_code(char code[CODE_TEXT + 1]);
/* Is `word` one of the comma-separated words of list? */
bool names_in_list(const char *list, struct slice word);
/* Takes the next word from the front of a comma-separated list; false at the end.  Empty words are skipped. */
bool names_next(struct slice *list, struct slice *word);

#endif
