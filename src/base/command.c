/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <assert.h>

#include "base/command.h"

static const char *const source_names[COMMAND_SOURCES] = { "exec", "osc133", "screen" };
static const char *const sure_names[COMMAND_SURES] = { "none", "low", "medium", "high", "sure" };

const char *
command_source_name(enum command_source source)
{
	assert(source < COMMAND_SOURCES);
	return source_names[source];
}

const char *
command_sure_name(enum command_sure sure)
{
	assert(sure < COMMAND_SURES);
	return sure_names[sure];
}
