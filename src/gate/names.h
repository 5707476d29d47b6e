/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What an SSH user name means here.  Pure, and fuzzed:
 *     user | user+host | user+login+host, each also with an enrolment code after the user: user+e-CODE
 * and, where the configuration switches them on, the forms of other bastions:
 *     user@login@host, user#login#host (a protocol, ssh or sftp, may stand before the login); user:host, user:login:host, user#host
 * The longest existing user for whom the rest makes sense wins where names hold a separator.
 */
#ifndef GATE_NAMES_H
#define GATE_NAMES_H

#include "base/buf.h"

#define NAMES_MAX  255          /* bytes of a raw name */
#define CODE_TEXT  18           /* "e-" and 16 characters */

/* Bits, in the order of the words of UserNameFormats. */
enum names_format { NAMES_JUMPSERVER = 1, NAMES_WARPGATE = 2 };

struct names { struct slice user, login, host, code; };    /* views into raw; empty where not named */

typedef bool names_is_user_fn(void *arg, struct slice user);

/* 0, -ENAMETOOLONG, or -EINVAL: control bytes, an empty part, too many parts, or a code that does not follow the user.
 * *ret only on success. */
int names_split(struct slice raw, unsigned formats, names_is_user_fn *is_user, void *arg, struct names *ret);
/* For logs: escaped, and what looks like an enrolment code is masked.  Returns out. */
const char *names_shown(struct slice raw, char *out, size_t size);

bool names_is_code(struct slice s);
/* A fresh code from the kernel's random bytes.  0 or -errno. */
int names_new_code(char code[CODE_TEXT + 1]);
/* Is `word` one of the comma-separated words of list? */
bool names_in_list(const char *list, struct slice word);

#endif
