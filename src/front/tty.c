/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The sequences are of xterm and its like; others do not know them and ignore them.  In the main screen leaving the
 * alternate one would move the cursor to where entering it last saved it: so it is entered first, which saves nothing
 * where a program is in it already (tmux keeps that place apart from the one that ESC 7 saves).  An unset scroll
 * region moves the cursor home: it is saved just before.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/late.h"
#include "front/steps.h"
#include "front/tty.h"

#define RESET "\0337\033[r\0338" "\033[?1049h\033[?1049l" "\033[?1l\033>\033[?7h\033[?25h" \
    "\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l\033[?2004l" "\033[0m\033(B\017"
#define TYPED_MAX 65536
#define CTRL_C    3

static bool
is_dumb(const struct channel *c)
{
	return c->term[0] == '\0' || strcmp(c->term, "dumb") == 0 || strcmp(c->term, "unknown") == 0;
}

const char *
tty_reset(const struct channel *c)
{
	return c->pty && !is_dumb(c) ? RESET : "";
}

static void
put(struct channel *c, const char *text)
{
	if (ssh_channel_is_open(c->ssh) && !c->door->wire.dead)
		(void)ssh_channel_write(c->ssh, text, (uint32_t)strlen(text));
}

void
tty_wait_begin(struct channel *c)
{
	char host[FRONT_NAME_MAX], login[FRONT_NAME_MAX], line[2 * FRONT_NAME_MAX + 64];
	bool as = c->asked_login[0] != '\0';

	(void)snprintf(line, sizeof(line), "connecting to %s%s%s ... Ctrl-C cancels",
	    text_escaped(slice_from(c->asked_host), host, sizeof(host)), as ? " as " : "",
	    text_escaped(slice_from(c->asked_login), login, sizeof(login)));
	if (strlen(line) >= c->cols && c->cols > 0)
		(void)snprintf(line, sizeof(line), "%.*s", (int)c->cols - 1, "connecting ... Ctrl-C cancels");
	c->waiting = true;
	put(c, line);
}

void
tty_wait_for(struct channel *c)
{
	c->waiting = true;
}

void
tty_wait_end(struct channel *c, struct intake *to)
{
	if (!c->waiting)
		return;
	c->waiting = false;
	put(c, is_dumb(c) ? "\r\n" : "\r\033[K");
	if (to == NULL) {
		intake_done(&c->typed);
		return;
	}
	*to = c->typed;
	c->typed = (struct intake){ 0 };
}

/* Reports of the mouse that were on their way when the picker turned it off are nothing that somebody typed. */
static void
drop_clicks(struct intake *in)
{
	unsigned char *p = in->p + in->off, *end = in->p + in->len, *at;

	while ((at = memmem(p, (size_t)(end - p), "\033[<", 3)) != NULL) {
		unsigned char *last = at + 3;

		while (last < end && strchr("0123456789;", *last) != NULL && *last != '\0')
			last++;
		if (last < end && (*last == 'M' || *last == 'm')) {
			memmove(at, last + 1, (size_t)(end - last - 1));
			end -= last + 1 - at;
			p = at;
		} else {
			p = at + 3;
		}
	}
	in->len = (size_t)(end - in->p);
}

static void
cancel(struct channel *c)
{
	struct leg *leg = c->leg;
	char text[400];

	(void)snprintf(text, sizeof(text), "%s: cancelled", c->asked_host);
	if (c->recording && !c->record.refused)
		late_close(c, "the user cancelled it before it began");
	channel_refuse(c, "cancelled", text);
	if (leg != NULL)
		leg_give_up(leg);
	tty_drop_typed(c);
}

bool
tty_wait_step(struct channel *c)
{
	if (!c->waiting || intake_more(&c->typed, c->ssh, TYPED_MAX) <= 0)
		return false;
	if (memchr(c->typed.p + c->typed.off, CTRL_C, intake_left(&c->typed)) != NULL)
		cancel(c);
	else
		drop_clicks(&c->typed);
	return true;
}

void
tty_notice(struct channel *c, const char *text)
{
	char line[1300];
	int n = snprintf(line, sizeof(line), "%sfortress: %s%s\n", c->pty ? "\r\n" : "", text, c->pty ? "\r" : "");

	if (c->session && ssh_channel_is_open(c->ssh) && !c->door->wire.dead && n > 0)
		(void)ssh_channel_write_stderr(c->ssh, line, (uint32_t)n);
}

void
tty_drop_typed(struct channel *c)
{
	struct intake in = { 0 };

	while (intake_fill(&in, c->ssh, false) > 0)
		(void)intake_take(&in, intake_left(&in));
	intake_done(&in);
}
