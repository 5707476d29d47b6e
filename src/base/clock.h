/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Wall time is for people, monotonic time for measuring; two types, so that they never mix. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <stddef.h>

typedef struct { int64_t us; } wall_t;    /* microseconds since 1970-01-01T00:00:00Z */
typedef struct { int64_t us; } mono_t;    /* microseconds of CLOCK_MONOTONIC */

wall_t clock_wall(void);
mono_t clock_mono(void);
int64_t clock_ms_since(mono_t then);
/* "2026-11-24T11:08:49.123456Z"; size at least 28. */
const char *clock_print(wall_t t, char *out, size_t size);
/* The first moment of a month, 1 to 12; 13 is the next year's first. */
wall_t clock_month(int64_t year, unsigned month);
/* "2026-11-24T11:08:49Z"; size at least 28. */
const char *clock_print_second(wall_t t, char *out, size_t size);
/* Where in a recording, "0:01:02.345": as fortress replay --at takes it; size at least 28. */
const char *clock_print_at(uint64_t ms, char *out, size_t size);
/* The kernel's boot id as 36 characters and a NUL, "" where /proc is not there. */
void clock_boot_id(char out[37]);

#endif
