/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The test protocol: every test program prints TAP (testanything.org), automake counts it. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>

bool tap_ok(bool cond, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool tap_is(const char *got, const char *want, const char *file, int line, const char *what);
void tap_skip(const char *why);
int tap_done(void);                   /* prints the plan; main returns its result */

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is(got, want, what) tap_is((got), (want), __FILE__, __LINE__, (what))

#endif
