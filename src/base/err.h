/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* One failure as a person will read it: a negative errno and one sentence (what, why, what to do). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

struct err {
	int code;            /* 0 or a negative errno */
	char text[512];
};

/* Fills e (NULL is fine) and returns code, so that `return err_set(e, -EINVAL, …)` reads well.
 * Control bytes in the text are escaped. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before what is there; returns e's code. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
