/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Requests for approval, from the bastion itself: list, say yes or no. */
#include <getopt.h>
#include <stdio.h>

#include "ctl/ask.h"

static const struct out_column columns[] = {
	{ "id", OUT_STRING, 0, OUT_WHOLE }, { "asked", OUT_TIME, 0 }, { "user", OUT_STRING, 0 }, { "verb", OUT_STRING, 0 }, { "host", OUT_STRING, 0 },
	{ "login", OUT_STRING, 0, 3 }, { "what", OUT_STRING, 0, 2 }, { "reason", OUT_STRING, 0 }, { "ticket", OUT_STRING, 0, 4 },
	{ "state", OUT_STRING, 0 }, { "source", OUT_STRING, 1 }, { "expires", OUT_TIME, 1 }, { "may", OUT_BOOL, 1 }, { NULL, 0, 0 },
};

static bool
row_seen(void *arg, unsigned type, const void *message)
{
	struct ask_rows *l = arg;
	const struct msg_approval_row *m = message;

	if (type != MSG_APPROVAL_ROW)
		return type == MSG_DIR_END;
	l->n++;
	out_text(l->out, m->id);
	out_time(l->out, (int64_t)m->asked_us);
	out_text(l->out, m->user);
	out_text(l->out, m->verb);
	out_text(l->out, m->host);
	out_text(l->out, m->login);
	out_text(l->out, m->what);
	out_text(l->out, m->reason);
	out_text(l->out, m->ticket);
	out_text(l->out, m->state);
	out_text(l->out, m->src);
	out_time(l->out, (int64_t)m->expires_us);
	out_bool(l->out, m->may != 0);
	return false;
}

static int
approval_ls(struct ctl *c, int argc, char **argv)
{
	struct msg_approval_list m = { .req = 1 };

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	return ask_print(c, columns, false, MSG_APPROVAL_LIST, &m, row_seen, "nobody has asked for approval since yesterday");
}

static int
say(struct ctl *c, int argc, char **argv, enum msg_say what)
{
	struct msg_approval_say m = { .req = 1, .say = what };
	const char *reason = "";

	if (ctl_valued(c, argc, argv, "reason", &reason, 1, 1) != CTL_OK)
		return CTL_USAGE;
	m.reason = slice_from(reason);
	m.id = slice_from(argv[optind]);
	return ask_put(c, MSG_APPROVAL_SAY, &m);
}

static int
approval_approve(struct ctl *c, int argc, char **argv)
{
	return say(c, argc, argv, MSG_SAY_YES);
}

static int
approval_reject(struct ctl *c, int argc, char **argv)
{
	return say(c, argc, argv, MSG_SAY_NO);
}

const struct command commands_approval[] = {
	{ "approval", "ls", "", "requests for approval since yesterday, newest first", approval_ls },
	{ "approval", "approve", "ID [--reason TEXT]", "say yes, if the policy names you for it", approval_approve },
	{ "approval", "reject", "ID [--reason TEXT]", "say no, or end what was approved", approval_reject },
	{ NULL, NULL, NULL, NULL, NULL },
};
