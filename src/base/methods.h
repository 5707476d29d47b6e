/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * AuthenticationMethods: lists of what has to be proved, each in its order; the first list that is wholly proved lets
 * in.  "publickey,totp publickey,keyboard-interactive".  No list ("any"): one method of any kind.
 */
#ifndef BASE_METHODS_H
#define BASE_METHODS_H

#include <stdbool.h>

#include "base/err.h"

enum method {
	METHOD_PUBLICKEY = 1,          /* a key or a certificate */
	METHOD_CERTIFICATE = 2,        /* a certificate alone */
	METHOD_PASSWORD = 4,
	METHOD_INTERACTIVE = 8,        /* keyboard-interactive by PAM */
	METHOD_TOTP = 16,              /* a one-time code, asked for by keyboard-interactive too */
};

#define METHODS_LISTS_MAX 16
#define METHODS_LIST_MAX  6

struct methods {
	unsigned n;                    /* lists; 0: any */
	struct { unsigned char items[METHODS_LIST_MAX]; unsigned n; } lists[METHODS_LISTS_MAX];
};

/* 0, or -EINVAL with e: one sentence. */
int methods_parse(const char *text, struct methods *ret, struct err *e);
/* All methods that any list names. */
unsigned methods_all(const struct methods *m);
/* Those (bits) that may be proved next. */
unsigned methods_next(const struct methods *m);
/* The first list whose next method is among `wanted` decides: its bit, or 0. */
unsigned methods_first(const struct methods *m, unsigned wanted);
/* One of `proved` was proved (a certificate proves two bits).  1: that is enough, 0: more is needed, -EPERM: none of them
 * may come now. */
int methods_take(struct methods *m, unsigned proved);
/* Would it be enough if all of these were proved too? */
bool methods_would_do(const struct methods *m, unsigned bits);
/* The bit's word, "publickey"; of several the first. */
const char *methods_name(unsigned bits);

#endif
