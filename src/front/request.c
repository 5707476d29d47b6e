/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the user's client asks of a session channel.  libssh calls these while it reads; a
 * request is only noted here and answered, the channel's steps do the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/steps.h"
#include "front/verbs.h"

#define COMMAND_MAX 65536

static int
on_pty(ssh_session s, ssh_channel ch, const char *term, int cols, int rows, int px, int py, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch, (void)px, (void)py;
	if (c->state != CH_NEW)
		return -1;
	c->pty = true;
	(void)text_escaped(slice_from(term), c->term, sizeof(c->term));
	c->cols = cols > 0 && cols <= 1000 ? (unsigned)cols : 80;
	c->rows = rows > 0 && rows <= 1000 ? (unsigned)rows : 24;
	return 0;
}

static int
on_window(ssh_session s, ssh_channel ch, int cols, int rows, int px, int py, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch, (void)px, (void)py;
	if (cols <= 0 || rows <= 0 || cols > 1000 || rows > 1000)
		return -1;
	c->cols = (unsigned)cols;
	c->rows = (unsigned)rows;
	c->resized = true;
	return 0;
}

static bool
env_is_allowed(const char *name)
{
	return strcmp(name, "LANG") == 0 || strncmp(name, "LC_", 3) == 0 || strcmp(name, "GIT_PROTOCOL") == 0 ||
	    strcmp(name, "COLORTERM") == 0;
}

static int
on_env(ssh_session s, ssh_channel ch, const char *name, const char *value, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (!env_is_allowed(name) || c->env_n == CHANNEL_ENV_MAX || strlen(value) > 256)
		return -1;
	if (strcmp(name, "LANG") == 0)
		(void)snprintf(c->lang, sizeof(c->lang), "%.31s", value);
	c->env[c->env_n][0] = strdup(name);
	c->env[c->env_n][1] = strdup(value);
	if (c->env[c->env_n][0] == NULL || c->env[c->env_n][1] == NULL)
		return -1;
	c->env_n++;
	return 0;
}

static int
on_shell(ssh_session s, ssh_channel ch, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state != CH_NEW)
		return 1;
	if (c->door->host[0] != '\0') {
		channel_go(c, "shell", c->door->host, c->door->login);
	} else if (c->pty) {
		(void)snprintf(c->kind, sizeof(c->kind), "shell");
		c->from_menu = true;
		c->state = CH_MENU_START;
	} else {
		c->state = CH_DECIDE;                    /* its step refuses: no host was named */
	}
	return 0;
}

/* "root@web1 uptime -p" → login, host, and the command that is left (may be empty). */
static bool
host_from_command(struct channel *c, char *host, size_t host_size, char *login, size_t login_size)
{
	size_t n = strcspn(c->command, " ");
	const char *at = memchr(c->command, '@', n);
	const char *rest = c->command + n + strspn(c->command + n, " ");

	if (slice_copy(slice_of(at != NULL ? at + 1 : c->command, n - (at != NULL ? (size_t)(at + 1 - c->command) : 0)),
	    host, host_size) != 0)
		return false;
	if (slice_copy(slice_of(c->command, at != NULL ? (size_t)(at - c->command) : 0), login, login_size) != 0)
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

static int
on_exec(ssh_session s, ssh_channel ch, const char *command, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state != CH_NEW || strlen(command) > COMMAND_MAX || (c->command = strdup(command)) == NULL)
		return 1;
	if (c->door->host[0] != '\0')
		channel_go(c, "exec", c->door->host, c->door->login);
	else
		exec_without_host(c);
	return 0;
}

static int
on_subsystem(ssh_session s, ssh_channel ch, const char *name, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state != CH_NEW)
		return 1;
	if (strcmp(name, "sftp") != 0) {
		front_event(c->front, 4007, 5, 2, false, "a subsystem other than sftp was refused", "");
		return 1;
	}
	channel_go(c, "sftp", c->door->host, c->door->login);
	return 0;
}

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
request_take(struct channel *c)
{
	struct ssh_channel_callbacks_struct *on = &c->callbacks;

	on->channel_pty_request_function = on_pty;
	on->channel_pty_window_change_function = on_window;
	on->channel_env_request_function = on_env;
	on->channel_shell_request_function = on_shell;
	on->channel_exec_request_function = on_exec;
	on->channel_subsystem_request_function = on_subsystem;
	on->channel_signal_function = on_signal;
}
