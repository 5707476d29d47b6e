/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Is there what a value of the configuration names: an address, a file, an account? */
#ifndef MONITOR_CONF_CHECK_H
#define MONITOR_CONF_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Looks at a value whose form is good already.  live: files and accounts may be looked at; relative paths begin in
 * state_dir.  True, or false with a phrase that says what is wrong and what to do. */
bool conf_check(const char *keyword, const char *value, const char *state_dir, bool live, char *why, size_t size);

#endif
