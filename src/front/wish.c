/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/channel.h"
#include "front/door.h"
#include "front/held.h"
#include "front/steps.h"

static const struct { const char *verb, *what; } wishes[WISHES] = {
	[WISH_AGENT] = { "agent-forward", "agent forwarding" }, [WISH_X11] = { "x11", "X11" },
};

static bool
is_open(const struct channel *c, const struct wish *w)
{
	return w->wanted && (!w->decided || (w->vague && w->granted && c->leg != NULL));
}

enum wish_kind
wish_next(const struct channel *c)
{
	unsigned k = 0;

	while (k < WISHES && !is_open(c, &c->wishes[k]))
		k++;
	return (enum wish_kind)k;
}

void
wish_again(struct channel *c)
{
	for (unsigned k = 0; k < WISHES; k++)
		c->wishes[k].decided = c->wishes[k].granted = false;
}

/* On a terminal a person reads; elsewhere a line on stderr might be taken for the command's. */
void
wish_refuse(struct channel *c, enum wish_kind kind, const char *code, const char *why)
{
	char line[900];
	int n = snprintf(line, sizeof(line), "fortress: no %s: %s [%s]\r\n", wishes[kind].what, why, code);

	c->wishes[kind].granted = false;
	door_say(c->door, line);
	if (c->pty && ssh_channel_is_open(c->ssh) && n > 0)
		(void)ssh_channel_write_stderr(c->ssh, line, (uint32_t)n);
}

static void
on_decision(void *arg, const struct msg_decision *d, int *agent)
{
	struct channel *c = arg;
	enum wish_kind kind = c->wish_asked;
	char why[600];

	(void)agent;
	c->wishes[kind].decided = true;
	c->wishes[kind].granted = d->permit == 1;
	if (d->permit != 1)
		wish_refuse(c, kind, "denied", text_escaped(d->reason, why, sizeof(why)));
}

bool
wish_revoked(struct channel *c, const char *code, const char *verb, const char *reason)
{
	bool found = false;

	for (unsigned k = 0; c->session && k < WISHES; k++)
		if (strcmp(wishes[k].verb, verb) == 0) {
			found = true;
			if (c->wishes[k].granted)
				wish_refuse(c, (enum wish_kind)k, code, reason);
			c->wishes[k].decided = true;
		}
	return found;
}

int
wish_ask(struct channel *c, enum wish_kind kind, const char *host, const char *login)
{
	struct msg_decide msg = { .verb = slice_from(wishes[kind].verb), .host = slice_from(host), .login = slice_from(login) };

	msg.hold = c->hold;
	c->wish_asked = kind;
	c->wishes[kind].vague = login[0] == '\0';
	return ask_gate(c->front, &c->ask, &msg, on_decision, c);
}
