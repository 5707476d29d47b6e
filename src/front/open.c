/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * From a permit to an open channel on the target: when the recording is open and the leg has logged in, the target's channel
 * is opened, given its environment and terminal, and started.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/back.h"
#include "front/held.h"
#include "front/late.h"
#include "front/steps.h"
#include "front/wish.h"

#define STEPS_FORWARD 2                /* of the steps that open a channel, what a stream takes */

/* What it may have besides is asked for the host and login that it goes to.  True: an answer is waited for. */
static bool
wishes_wait(struct channel *c)
{
	enum wish_kind wish = wish_next(c);

	if (c->ask.req == 0 && wish != WISHES && wish_ask(c, wish, c->leg->host, c->leg->login) != 0)
		channel_refuse(c, "denied", "the gate does not answer");
	return c->ask.req != 0 || wish != WISHES;
}

/* ---- the target's channel ---- */

static void
on_exit_status(ssh_session s, ssh_channel ch, int status, void *arg)
{
	(void)s, (void)ch;
	((struct channel *)arg)->exit_status = status;
}

static void
on_exit_signal(ssh_session s, ssh_channel ch, const char *name, int core, const char *msg, const char *lang, void *arg)
{
	static const struct { const char *name, *code; } stops[] = { { "DIGEST@staragent", "digest" }, { "TIMEOUT@staragent", HELD_TIMEOUT } };
	struct channel *c = arg;

	(void)s, (void)ch, (void)lang;
	(void)text_escaped(slice_from(name), c->exit_signal, sizeof(c->exit_signal));
	c->core = core != 0;
	for (size_t i = 0; c->leg->staragent && i < sizeof(stops) / sizeof(stops[0]); i++)
		if (strcmp(name, stops[i].name) == 0) {
			c->stopped_code = stops[i].code;
			(void)text_cleaned(slice_from(msg), c->stopped, sizeof(c->stopped));
		}
}

static int
on_data(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_stderr, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch, (void)data, (void)is_stderr;
	return wire_is_flooded(&c->leg->wire, n) ? (int)n : 0;
}

static void
target_watch(struct channel *c)
{
	c->target_callbacks = (struct ssh_channel_callbacks_struct){ .userdata = c, .channel_data_function = on_data,
		.channel_exit_status_function = on_exit_status, .channel_exit_signal_function = on_exit_signal };
	ssh_callbacks_init(&c->target_callbacks);
	(void)ssh_set_channel_callbacks(c->target, &c->target_callbacks);
}

/* ---- its opening ---- */

/* Has it lines, and may the policy watch for something in them? */
static bool
is_watchable(const struct channel *c)
{
	return c->session && strcmp(c->kind, "sftp") != 0;
}

bool
step_connect(struct channel *c)
{
	char text[400];

	if (c->record.refused) {
		(void)snprintf(text, sizeof(text), "this session cannot be recorded, so it cannot be: %.300s", c->record.why);
		channel_refuse(c, "not-recorded", text);
		return true;
	}
	if (record_waiting_ms(&c->record) > (int64_t)c->front->o->ack_timeout_s * 1000) {
		late_close(c, "the recorder did not answer");
		channel_refuse(c, "not-recorded", "the recorder does not answer, so this session cannot be: try again later");
		return true;
	}
	if (c->leg->state == LEG_DEAD) {
		late_close(c, c->leg->why);
		channel_refuse(c, c->leg->code, c->leg->why);
		return true;
	}
	if (wishes_wait(c) || c->leg->state != LEG_READY || !c->record.opened)
		return false;
	if (!c->back)
		c->target = ssh_channel_new(c->leg->wire.ssh);
	if (!c->back && c->target != NULL)
		target_watch(c);                 /* a staragent's answer may come with the channel */
	if (is_watchable(c))
		live_begun(c);
	c->looked_after = !is_watchable(c);
	c->open_step = c->env_sent = 0;
	c->state = CH_OPEN;
	return true;
}

static int
open_session(struct channel *c)
{
	if (c->back)
		return back_open(c);
	if (!c->session)
		return ssh_channel_open_forward(c->target, c->to_host, c->to_port, c->from_host, c->from_port);
	return ssh_channel_open_session(c->target);
}

/* Of a forwarded connection: an sshd opens the channel when it has connected, a staragent says so on it (agent/tunnel.h). */
static int
open_reach(struct channel *c)
{
	if (c->session || c->back || !c->leg->staragent)
		return SSH_OK;
	if (c->exit_status < 0)
		return ssh_channel_is_closed(c->target) ? SSH_ERROR : SSH_AGAIN;
	c->unreached = c->exit_status;
	c->exit_status = -1;
	return c->unreached == 0 ? SSH_OK : SSH_ERROR;
}

/* What a staragent keeps.  Only it can: a host that is called one and is none refuses them, and gets nothing to run. */
static int
open_limits(struct channel *c)
{
	struct buf text;
	int r;

	if (!c->leg->staragent)
		return limits_take_agent(&c->limits) ? SSH_ERROR : SSH_OK;
	buf_init(&text, LIMITS_TEXT_MAX);
	r = limits_print(&text, &c->limits) == 0 ? SSH_OK : SSH_ERROR;
	if (r == SSH_OK && text.len > 0)
		r = ssh_channel_request_env(c->target, LIMITS_ENV, buf_cstr(&text));
	buf_done(&text);
	return r;
}

static int
open_env(struct channel *c)
{
	int r = SSH_OK;

	/* A target that refuses a variable is no failure, as with ssh itself. */
	while (c->env_sent < c->env_n && r != SSH_AGAIN) {
		r = ssh_channel_request_env(c->target, c->env[c->env_sent][0], c->env[c->env_sent][1]);
		c->env_sent += r != SSH_AGAIN;
	}
	return r == SSH_AGAIN ? r : SSH_OK;
}

static int
open_pty(struct channel *c)
{
	return c->pty ? ssh_channel_request_pty_size(c->target, c->term, (int)c->cols, (int)c->rows) : SSH_OK;
}

/* Without an answer: whether the target does so is seen when it asks for the agent. */
static int
open_agent(struct channel *c)
{
	return c->wishes[WISH_AGENT].granted ? ssh_channel_request_auth_agent(c->target) : SSH_OK;
}

static int
open_x11(struct channel *c)
{
	int r = SSH_OK;

	if (c->wishes[WISH_X11].granted)
		r = ssh_channel_request_x11(c->target, c->x11.single, c->x11.protocol, c->x11.cookie, c->x11.screen);
	if (r == SSH_OK || r == SSH_AGAIN)
		return r;
	wish_refuse(c, WISH_X11, "target-refused", "the host does not forward it");
	return SSH_OK;
}

/* Nothing is started before what looks at its lines is there: the gate has been asked since the leg was ready. */
static int
open_looked_after(struct channel *c)
{
	return c->looked_after ? SSH_OK : SSH_AGAIN;
}

static int
open_start(struct channel *c)
{
	if (strcmp(c->kind, "exec") == 0 && c->words.len > 0)
		return ssh_channel_request_subsystem(c->target, "argv@staragent");
	if (strcmp(c->kind, "exec") == 0)
		return ssh_channel_request_exec(c->target, c->command);
	if (strcmp(c->kind, "sftp") == 0)
		return ssh_channel_request_subsystem(c->target, "sftp");
	return ssh_channel_request_shell(c->target);
}

static int
open_words(struct channel *c)
{
	int n = 0;

	while (c->words.len > 0 && wire_is_writable(&c->leg->wire) && n >= 0) {
		n = ssh_channel_write(c->target, c->words.p, (uint32_t)c->words.len);
		if (n == 0)
			return SSH_AGAIN;        /* the window is shut */
		if (n > 0)
			buf_consume(&c->words, (size_t)n);
	}
	return n < 0 ? SSH_ERROR : c->words.len > 0 ? SSH_AGAIN : SSH_OK;
}

/* In their order, and what it is that a host refuses. */
static const struct { int (*step)(struct channel *); const char *what; } open_steps[] = {
	{ open_session, "a session" }, { open_reach, "it" }, { open_limits, "the limits of its permit, which only a staragent keeps" }, { open_env, "its environment" },
	{ open_pty, "a terminal" }, { open_agent, "the agent" }, { open_x11, "X11" }, { open_looked_after, "it" },
	{ open_start, "to start it" }, { open_words, "its words" },
};

static void
open_refused(struct channel *c)
{
	const char *refused = c->session ? open_steps[c->open_step].what : c->command != NULL ? c->command : c->kind;
	char error[200], text[600];

	if (c->unreached > 0)
		(void)snprintf(error, sizeof(error), "%s", c->unreached == ENOENT ? "it knows no such host" : strerror(c->unreached));
	else
		(void)text_escaped(slice_from(ssh_get_error(c->back ? c->door->wire.ssh : c->leg->wire.ssh)), error, sizeof(error));
	(void)snprintf(text, sizeof(text), "%s refused %s: %s", c->back ? "the client" : c->leg->host, refused, error);
	late_close(c, text);
	channel_refuse(c, "target-refused", text);
}

bool
step_open(struct channel *c)
{
	int r;

	if (c->leg->state == LEG_DEAD || c->target == NULL) {
		late_close(c, "the target closed the connection");
		channel_refuse(c, "target-gone", "the target closed the connection");
		return true;
	}
	r = open_steps[c->open_step].step(c);
	if (r == SSH_AGAIN)
		return false;
	if (r != SSH_OK) {
		open_refused(c);
		return true;
	}
	if (c->open_step == 0 && c->back)
		target_watch(c);
	if (++c->open_step < (c->session ? sizeof(open_steps) / sizeof(open_steps[0]) : STEPS_FORWARD))
		return true;
	if (channel_open_answer(c) == 0)
		session_start(c);
	else
		channel_cut(c, "protocol", "the connection cannot be opened");
	return true;
}
