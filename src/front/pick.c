/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Where to: the picker on a pty of its own, and the rows of hosts that it and the verbs ask for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/menu.h"
#include "front/steps.h"
#include "front/tty.h"
#include "front/verbs.h"

bool
step_menu_start(struct channel *c)
{
	if (c->req != 0)
		return false;
	listing_free(c);                         /* of a session that was looked at */
	free(c->command);
	c->command = NULL;
	c->req = ++c->front->last_req;
	if (menu_ask(c) != 0)
		channel_cut(c, "no-menu", "the picker cannot be started");
	return true;
}

void
channel_menu_started(struct front *f, struct chan_in *in)
{
	const struct msg_menu_started *msg = in->message;
	struct channel *c = f->channels, *oldest = NULL;
	char text[300];

	/* Answers come in the order of the questions. */
	for (; c != NULL; c = c->next)
		if (c->state == CH_MENU_START && c->req != 0 && (oldest == NULL || c->req < oldest->req))
			oldest = c;
	if (oldest == NULL)
		return;
	oldest->menu = msg->ok == 1 && in->nfds == 2 ? menu_new(oldest, in->fds) : NULL;
	if (oldest->menu != NULL) {
		oldest->state = CH_MENU;
		return;
	}
	(void)text_escaped(msg->text, text, sizeof(text));
	channel_cut(oldest, "no-menu", text[0] != '\0' ? text : "the picker cannot be started");
}

bool
channel_pick_again(struct channel *c, const char *notice)
{
	if (!c->session || !c->pty || c->from_menu || strcmp(c->kind, "shell") != 0)
		return false;
	(void)snprintf(c->notice, sizeof(c->notice), "%s", notice);
	(void)snprintf(c->query, sizeof(c->query), "%s", c->asked_host);
	(void)snprintf(c->wanted_login, sizeof(c->wanted_login), "%s", c->asked_login);
	c->from_menu = true;
	c->req = 0;
	c->state = CH_MENU_START;
	return true;
}

void
channel_picked(struct channel *c, const char *host, const char *login)
{
	c->wanted_login[0] = '\0';
	wish_again(c);
	channel_go(c, "shell", host, login);
	tty_wait_begin(c);
}

/* As if the verb had been typed; afterwards the picker is there again. */
static void
look_at(struct channel *c, const char *verb)
{
	free(c->command);
	c->command = strdup(verb);
	c->from_menu = true;
	if (c->command == NULL || !verb_take(c))
		channel_refuse(c, "denied", "that cannot be shown on this connection");
}

bool
step_menu(struct channel *c)
{
	const char *host, *login;
	char host_copy[FRONT_NAME_MAX], login_copy[FRONT_NAME_MAX], look[64];
	bool left, moved = menu_pump(c->menu);

	if (c->resized) {
		c->resized = false;
		menu_resize(c->menu, c->cols, c->rows);
	}
	if (ssh_channel_is_eof(c->ssh)) {
		menu_free(c->menu);
		c->menu = NULL;
		channel_say_end(c, 0);
		return true;
	}
	if (!menu_is_over(c->menu))
		return moved;
	host = menu_choice(c->menu, &login);
	(void)snprintf(host_copy, sizeof(host_copy), "%s", host != NULL ? host : "");
	(void)snprintf(login_copy, sizeof(login_copy), "%s", login);
	(void)snprintf(look, sizeof(look), "%s", menu_looks(c->menu) != NULL ? menu_looks(c->menu) : "");
	left = menu_was_left(c->menu);
	menu_free(c->menu);
	c->menu = NULL;
	if (look[0] == '\0')
		c->picked_id[0] = '\0';
	if (look[0] != '\0')
		look_at(c, look);
	else if (host_copy[0] != '\0')
		channel_picked(c, host_copy, login_copy);
	else if (left)
		channel_say_end(c, 0);
	else
		channel_cut(c, "no-picker", "the picker has died: name a host, ssh USER+HOST@bastion, or come again");
	return true;
}

/* Lists come one after another, in the order in which they were asked for.  One whose channel has gone meanwhile is
 * still on its way. */
struct asker {
	struct asker *next;
	struct channel *channel;
};

int
rows_ask(struct channel *c, enum msg_hosts which)
{
	struct msg_hosts_ask ask = { .which = which };
	struct asker *a = calloc(1, sizeof(*a)), **end = &c->front->askers;
	int r = a != NULL ? chan_send(c->front->gate, MSG_HOSTS_ASK, &ask) : -ENOMEM;

	if (r != 0) {
		free(a);
		return r;
	}
	a->channel = c;
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
	return 0;
}

void
rows_forget(struct channel *c)
{
	for (struct asker *a = c->front->askers; a != NULL; a = a->next)
		if (a->channel == c)
			a->channel = NULL;
}

void
channel_rows(struct front *f, const struct msg_host_rows *rows)
{
	struct asker *a = f->askers;
	struct slice left = rows->rows;
	struct msg_host_row row;
	struct channel *c = a != NULL ? a->channel : NULL;

	if (c != NULL && c->menu != NULL)
		menu_rows(c->menu, rows);
	if (c != NULL && c->listing != NULL) {
		while (msg_host_row_take(&left, &row) == 1)
			verb_row(c, &row);
		if (!rows->more)
			verb_rows_end(c);
	}
	if (a != NULL && !rows->more) {
		f->askers = a->next;
		free(a);
	}
}
