/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A lines_sink that writes commands into a buffer, "60 osc133 high: ls|exit 0|", to be compared. */
#ifndef TESTS_UNIT_NOTED_H
#define TESTS_UNIT_NOTED_H

#include "base/text.h"
#include "ui/lines.h"

static void
note_command(void *arg, const struct command_seen *c)
{
	(void)buf_printf(arg, "%llu %s %s: ", (unsigned long long)c->t_ms, command_source_name(c->source), command_sure_name(c->sure));
	(void)text_escape(arg, c->text);
	(void)buf_text(arg, "|");
}

static void
note_better(void *arg, const struct command_seen *c)
{
	if (c->exit >= 0)
		(void)buf_printf(arg, "exit %d|", c->exit);
	else
		(void)buf_printf(arg, "%s|", command_sure_name(c->sure));
}

#endif
