/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A command, as far as a record tells of one.  Only that of an exec is what the bastion itself handed to the host; every other one
 * is what a host's output says, and a host can say anything: it is where to look, and no proof of what ran.
 */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include "base/buf.h"

#define COMMAND_TEXT_MAX 4096            /* bytes; a longer one ends in "…" */

/* In the index's file as numbers: a new one comes last. */
enum command_source { COMMAND_EXEC, COMMAND_MARK, COMMAND_SCREEN, COMMAND_SOURCES };
enum command_sure { COMMAND_NONE, COMMAND_LOW, COMMAND_MEDIUM, COMMAND_HIGH, COMMAND_SURE, COMMAND_SURES };

struct command_seen {
	uint64_t t_ms;                   /* since the recording began */
	enum command_source source;
	enum command_sure sure;          /* NONE: it was none after all */
	int exit;                        /* negative: not known */
	struct slice text;               /* UTF-8 without controls but newlines; not escaped */
};

const char *command_source_name(enum command_source source);      /* "exec", "osc133", "screen" */
const char *command_sure_name(enum command_sure sure);            /* "sure", "high", "medium", "low" */

#endif
