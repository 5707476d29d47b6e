/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the user's client asks of a channel.  A request is only noted here and answered, the
 * channel's steps do the rest.  Answers carry no numbers: one that has to be waited for lets
 * the later ones wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/lack.h"
#include "front/letter.h"
#include "front/steps.h"
#include "front/verbs.h"
#include "msg/ocsf.h"

#define COMMAND_MAX 65536

enum answer { NO, YES, LATER };

static enum answer
on_pty(struct channel *c, ssh_message m)
{
	struct letter_pty p = letter_pty(m);

	if (c->state != CH_NEW || (c->front->limits & MSG_LIMIT_NO_PTY) != 0)
		return NO;
	c->pty = true;
	(void)text_escaped(slice_from(p.term), c->term, sizeof(c->term));
	c->cols = p.cols > 0 && p.cols <= 1000 ? (unsigned)p.cols : 80;
	c->rows = p.rows > 0 && p.rows <= 1000 ? (unsigned)p.rows : 24;
	return YES;
}

static enum answer
on_window(struct channel *c, ssh_message m)
{
	struct letter_pty p = letter_pty(m);

	if (p.cols <= 0 || p.rows <= 0 || p.cols > 1000 || p.rows > 1000)
		return NO;
	c->cols = (unsigned)p.cols;
	c->rows = (unsigned)p.rows;
	c->resized = true;
	return YES;
}

static bool
env_is_allowed(const char *name)
{
	return strcmp(name, "LANG") == 0 || strncmp(name, "LC_", 3) == 0 || strcmp(name, "GIT_PROTOCOL") == 0 ||
	    strcmp(name, "COLORTERM") == 0;
}

static enum answer
on_env(struct channel *c, ssh_message m)
{
	const char *name = ssh_message_channel_request_env_name(m), *value = ssh_message_channel_request_env_value(m);

	if (lack_env(c->front, name, value))
		return YES;
	if (!env_is_allowed(name) || c->env_n == CHANNEL_ENV_MAX || strlen(value) > 256)
		return NO;
	if (strcmp(name, "LANG") == 0)
		(void)snprintf(c->lang, sizeof(c->lang), "%.31s", value);
	c->env[c->env_n][0] = strdup(name);
	c->env[c->env_n][1] = strdup(value);
	if (c->env[c->env_n][0] == NULL || c->env[c->env_n][1] == NULL)
		return NO;
	c->env_n++;
	return YES;
}

static enum answer
on_shell(struct channel *c, ssh_message m)
{
	(void)m;
	if (c->state != CH_NEW)
		return NO;
	if (c->door->host[0] != '\0') {
		channel_go(c, "shell", c->door->host, c->door->login);
	} else if (c->pty) {
		(void)snprintf(c->kind, sizeof(c->kind), "shell");
		c->from_menu = true;
		c->state = CH_MENU_START;
	} else {
		c->state = CH_DECIDE;                    /* its step refuses: no host was named */
	}
	return YES;
}

/* "root@web1 uptime -p" → login, host, and the command that is left (may be empty).  The last "@" ends the login, which
 * may hold others; "root+web1" is taken too, since no name holds a "+". */
static bool
host_from_command(struct channel *c, char *host, size_t host_size, char *login, size_t login_size)
{
	char *word = c->command + strspn(c->command, " \t");
	size_t n = strcspn(word, " \t\n");
	const char *at = memchr(word, '+', n), *rest = word + n + strspn(word + n, " \t\n");
	struct slice name = slice_of(word, n), as = { 0 };

	if (at == NULL)
		at = memrchr(word, '@', n);
	if (at != NULL) {
		as = slice_of(word, (size_t)(at - word));
		name = slice_of(at + 1, n - as.n - 1);
	}
	if (slice_copy(name, host, host_size) != 0 || slice_copy(as, login, login_size) != 0)
		return false;
	memmove(c->command, rest, strlen(rest) + 1);
	return host[0] != '\0';
}

static void
exec_without_host(struct channel *c)
{
	char host[FRONT_NAME_MAX], login[FRONT_NAME_MAX];

	if (verb_take(c))
		return;
	if (!host_from_command(c, host, sizeof(host), login, sizeof(login)))
		c->state = CH_DECIDE;
	else
		channel_go(c, c->command[0] != '\0' ? "exec" : "shell", host, login);
}

static enum answer
on_exec(struct channel *c, ssh_message m)
{
	const char *command = ssh_message_channel_request_command(m);

	if (c->state != CH_NEW || strlen(command) > COMMAND_MAX || (c->command = strdup(command)) == NULL)
		return NO;
	if (verb_is_mosh(c->command))
		verb_refuse_mosh(c);
	else if (c->door->host[0] != '\0')
		channel_go(c, "exec", c->door->host, c->door->login);
	else
		exec_without_host(c);
	return YES;
}

/* What is named once for all by the door is asked at once; else when a host is known. */
static enum answer
on_x11(struct channel *c, ssh_message m)
{
	struct wish *w = &c->wishes[WISH_X11];
	struct letter_x11 x = letter_x11(m);

	if (w->decided)
		return w->granted ? YES : NO;
	if (w->wanted && c->ask.req != 0)
		return LATER;
	if (c->state != CH_NEW || w->wanted || strlen(x.protocol) >= sizeof(c->x11.protocol) ||
	    strlen(x.cookie) >= sizeof(c->x11.cookie))
		return NO;
	(void)snprintf(c->x11.protocol, sizeof(c->x11.protocol), "%s", x.protocol);
	(void)snprintf(c->x11.cookie, sizeof(c->x11.cookie), "%s", x.cookie);
	c->x11.screen = x.screen;
	c->x11.single = x.single;
	w->wanted = true;
	if (c->door->host[0] == '\0')
		return YES;
	return wish_ask(c, WISH_X11, c->door->host, c->door->login) == 0 ? LATER : NO;
}

static enum answer
on_subsystem(struct channel *c, ssh_message m)
{
	if (c->state != CH_NEW)
		return NO;
	if (strcmp(ssh_message_channel_request_subsystem(m), "sftp") != 0) {
		front_event(c->front, OCSF_SSH, 5, 2, false, "a subsystem other than sftp was refused", "");
		return NO;
	}
	channel_go(c, "sftp", c->door->host, c->door->login);
	return YES;
}

static const struct {
	int kind;
	enum answer (*fn)(struct channel *c, ssh_message m);
} requests[] = {
	{ SSH_CHANNEL_REQUEST_PTY, on_pty },     { SSH_CHANNEL_REQUEST_WINDOW_CHANGE, on_window },
	{ SSH_CHANNEL_REQUEST_ENV, on_env },     { SSH_CHANNEL_REQUEST_SHELL, on_shell },
	{ SSH_CHANNEL_REQUEST_EXEC, on_exec },   { SSH_CHANNEL_REQUEST_SUBSYSTEM, on_subsystem },
	{ SSH_CHANNEL_REQUEST_X11, on_x11 },
};

static enum answer
handle(struct channel *c, ssh_message m)
{
	for (size_t i = 0; c->session && i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].kind == ssh_message_subtype(m))
			return requests[i].fn(c, m);
	return NO;
}

bool
request_step(struct channel *c)
{
	bool moved = false;
	enum answer a;

	while (c->letters_n > 0 && (a = handle(c, c->letters[0])) != LATER) {
		if (a == YES)
			letter_accept(c->letters[0]);
		else
			letter_refuse(c->letters[0]);
		memmove(c->letters, c->letters + 1, --c->letters_n * sizeof(c->letters[0]));
		moved = true;
	}
	return moved;
}

void
request_take(struct channel *c, ssh_message m)
{
	if (c->letters_n == CHANNEL_LETTERS_MAX) {
		ssh_message_free(m);
		channel_cut(c, "protocol", "more requests at once than anybody needs");
		return;
	}
	c->letters[c->letters_n++] = m;
	if (c->letters_n == 1)
		(void)request_step(c);
}

/* libssh says yes whatever becomes of it. */
static void
on_agent(ssh_session s, ssh_channel ch, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state == CH_NEW)
		c->wishes[WISH_AGENT].wanted = true;
}

/* libssh hands signals over at once. */
static void
on_signal(ssh_session s, ssh_channel ch, const char *name, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state != CH_RELAY || strlen(name) > 20 || !wire_is_writable(&c->leg->wire))
		return;
	(void)record_add(&c->record, FRAME_SIGNAL, slice_from(name));
	(void)ssh_channel_request_send_signal(c->target, name);
}

void
request_begin(struct channel *c)
{
	c->callbacks.channel_signal_function = on_signal;
	c->callbacks.channel_auth_agent_req_function = on_agent;
}
