/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Looking at a session takes two answers, in either order: the gate's, which is no or yes, and after a yes the monitor's,
 * with the terminal of the program that draws.  Neither the session's bytes nor the way to it come through here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/text.h"
#include "front/held.h"
#include "front/menu.h"
#include "front/replay.h"
#include "front/screen.h"
#include "front/splice.h"
#include "front/steps.h"
#include "front/tty.h"

static const struct { const char *words; enum msg_live_op op; } ops[] = {
	{ "watch", MSG_LIVE_WATCH }, { "join", MSG_LIVE_JOIN }, { "session watch", MSG_LIVE_WATCH }, { "session join", MSG_LIVE_JOIN },
	{ "session pause", MSG_LIVE_PAUSE }, { "session resume", MSG_LIVE_RESUME }, { "session lock", MSG_LIVE_LOCK },
	{ "session unlock", MSG_LIVE_UNLOCK }, { "session hand", MSG_LIVE_HAND }, { "session end", MSG_LIVE_END },
};

static enum msg_live_op
op_of(const char *command)
{
	size_t n;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		n = strlen(ops[i].words);
		if (strncmp(command, ops[i].words, n) == 0 && command[n] == ' ')
			return ops[i].op;
	}
	return 0;
}

static void
ask(struct channel *c, unsigned type, const void *message)
{
	if (chan_send(c->front->gate, type, message) != 0)
		verb_refuse(c, "no-gate", "the gate does not answer");
}

/* ---- verbs ---- */

void
screen_list(struct channel *c, const char *args)
{
	struct msg_live_ask msg = { .req = c->listing->req = ++c->front->last_req };

	(void)args;
	ask(c, MSG_LIVE_ASK, &msg);
}

void
screen_do(struct channel *c, const char *args)
{
	size_t n = strcspn(args, " ");
	const char *rest = args + n + strspn(args + n, " ");
	struct msg_live_do msg = { .op = op_of(c->command), .session = slice_of(args, n), .term = slice_from(c->term),
		.lang = slice_from(c->lang), .cols = c->cols, .rows = c->rows };

	if (msg.op <= MSG_LIVE_JOIN && !c->pty) {
		verb_refuse(c, "no-terminal", "a session is looked at in a terminal: ssh -t USER@bastion watch ID");
		return;
	}
	if (msg.op == MSG_LIVE_HAND)
		msg.to = slice_from(rest);
	else
		msg.reason = slice_from(rest);
	c->hold = msg.op <= MSG_LIVE_JOIN ? held_new(c->front) : 0;
	msg.hold = c->hold;
	msg.req = c->listing->req = ++c->front->last_req;
	ask(c, MSG_LIVE_DO, &msg);
}

/* ---- the gate's answers ---- */

static void
row_line(struct buf *b, const struct msg_live_row *r)
{
	const struct slice texts[] = { r->id, r->user, r->login, r->host, r->channel };
	char at[40];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)text_escape(b, texts[i]);
		(void)buf_text(b, "\t");
	}
	(void)clock_print((wall_t){ (int64_t)r->start_us }, at, sizeof(at));
	(void)buf_printf(b, "%.10s %.8s\t%llu\t%llu\t%u\t", at, at + 11, (unsigned long long)(r->idle_ms / 1000),
	    (unsigned long long)r->bytes, r->viewers);
	(void)text_escape(b, r->state);
	(void)buf_text(b, "\t");
	(void)text_escape(b, r->command);
	(void)buf_text(b, "\n");
}

static void
row_json(struct buf *b, const struct msg_live_row *r)
{
	const struct { const char *key; struct slice value; } pairs[] = {
		{ "id", r->id }, { "user", r->user }, { "login", r->login }, { "host", r->host }, { "channel", r->channel },
		{ "command", r->command }, { "source", r->src }, { "held", r->state },
	};
	char at[40];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		(void)buf_printf(b, "%s\"%s\":", i == 0 ? "{" : ",", pairs[i].key);
		(void)text_json(b, pairs[i].value);
	}
	(void)buf_printf(b, ",\"start\":\"%s\",\"idle\":%llu,\"bytes\":%llu,\"watchers\":%u}\n",
	    clock_print((wall_t){ (int64_t)r->start_us }, at, sizeof(at)), (unsigned long long)(r->idle_ms / 1000),
	    (unsigned long long)r->bytes, r->viewers);
}

static void
rows_come(struct channel *c, const struct msg_live_rows *m)
{
	struct slice left = m->rows;
	struct msg_live_row row;
	bool json = strstr(c->command, "--json") != NULL;

	while (msg_live_row_take(&left, &row) == 1) {
		if (json)
			row_json(&c->listing->out, &row);
		else
			row_line(&c->listing->out, &row);
	}
	c->listing->over = true;
}

/* A yes to one who looks is followed by the monitor's word. */
static void
done_comes(struct channel *c, const struct msg_live_done *m)
{
	char text[500];

	(void)text_cleaned(m->text, text, sizeof(text));
	if (m->ok != 1) {
		(void)snprintf(c->why, sizeof(c->why), "%s", text);
		verb_refuse(c, "denied", c->why);
	} else if (op_of(c->command) > MSG_LIVE_JOIN) {
		(void)buf_printf(&c->listing->out, "%s\n", text);
		c->listing->over = true;
	}
}

bool
screen_take(struct front *f, const struct chan_in *in)
{
	const struct msg_live_rows *rows = in->message;
	struct channel *c;

	/* Each begins with its req. */
	if (in->type != MSG_LIVE_ROWS && in->type != MSG_LIVE_DONE)
		return false;
	for (c = f->channels; c != NULL; c = c->next)
		if (menu_take(c->menu, in->type, rows->req, in->message))
			return true;
	c = listing_find(f, rows->req);
	if (c != NULL && in->type == MSG_LIVE_ROWS)
		rows_come(c, rows);
	else if (c != NULL)
		done_comes(c, in->message);
	return true;
}

/* ---- on screen ---- */

void
screen_started(struct front *f, const struct msg_screen_started *m, int *fd)
{
	struct channel *c = listing_find(f, m->req);
	char text[300];

	if (c == NULL)
		c = replay_of(f, m->req);
	if (c == NULL)
		return;
	if (m->ok != 1 || *fd < 0 || (c->screen = calloc(1, sizeof(*c->screen))) == NULL ||
	    splice_open(c->screen, f->loop, *fd, c->ssh, &c->door->wire) != 0) {
		free(c->screen);
		c->screen = NULL;
		(void)snprintf(c->why, sizeof(c->why), "it cannot be shown: %s", text_cleaned(m->text, text, sizeof(text)));
		verb_refuse(c, "no-screen", c->why);
		return;
	}
	*fd = -1;
	tty_wait_end(c, &c->screen->in);         /* it may have waited for what was lacking */
	listing_free(c);
	c->resized = true;
	c->state = CH_SCREEN;
}

bool
step_screen(struct channel *c)
{
	struct winsize ws = { .ws_col = (unsigned short)c->cols, .ws_row = (unsigned short)c->rows };
	bool moved = splice_pump(c->screen);

	if (c->resized && c->pty)
		(void)ioctl(c->screen->fd, TIOCSWINSZ, &ws);
	c->resized = false;
	if (!splice_is_over(c->screen) && !(c->pty && ssh_channel_is_eof(c->ssh)))
		return moved;
	if (c->wanted != NULL)
		return replay_end(c) || moved;
	screen_free(c);
	channel_end_or_menu(c, 0);
	return true;
}

void
screen_free(struct channel *c)
{
	if (c->screen == NULL)
		return;
	splice_close(c->screen);
	free(c->screen);
	c->screen = NULL;
}
