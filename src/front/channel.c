/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A channel's life is the table at the end of this file: a state, and the function that
 * steps it.  Requests of the user only note what was asked for (libssh sends its reply
 * after the callback returns); everything else happens in steps.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "front/channel.h"
#include "front/menu.h"

#define COMMAND_MAX 65536

/* What must be permitted before a channel of this kind reaches a target. */
static const struct {
	const char *kind, *verbs[3];
} needs[] = {
	{ "shell", { "shell", NULL } },
	{ "exec", { "exec", NULL } },
	{ "sftp", { "get", "put", NULL } },
};

static const char *
verb_of(const struct channel *c, unsigned i)
{
	for (size_t k = 0; k < sizeof(needs) / sizeof(needs[0]); k++)
		if (strcmp(needs[k].kind, c->kind) == 0)
			return needs[k].verbs[i];
	return NULL;
}

/* ---- requests of the user ---- */

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

static void
go_to_host(struct channel *c, const char *kind, const char *host, const char *login)
{
	(void)snprintf(c->kind, sizeof(c->kind), "%s", kind);
	(void)snprintf(c->asked_host, sizeof(c->asked_host), "%s", host);
	(void)snprintf(c->asked_login, sizeof(c->asked_login), "%s", login);
	c->verb = 0;
	c->req = 0;
	c->state = CH_DECIDE;
}

static int
on_shell(ssh_session s, ssh_channel ch, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state != CH_NEW)
		return 1;
	if (c->front->host[0] != '\0') {
		go_to_host(c, "shell", c->front->host, c->front->login);
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
	struct msg_hosts_ask ask = { 0 };

	if (strcmp(c->command, "hosts") == 0 || strcmp(c->command, "hosts --json") == 0) {
		c->json = strcmp(c->command, "hosts") != 0;
		c->state = CH_LISTING;
		(void)chan_send(c->front->gate, MSG_HOSTS_ASK, &ask);
		return;
	}
	if (!host_from_command(c, host, sizeof(host), login, sizeof(login)))
		c->state = CH_DECIDE;
	else
		go_to_host(c, c->command[0] != '\0' ? "exec" : "shell", host, login);
}

static int
on_exec(ssh_session s, ssh_channel ch, const char *command, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state != CH_NEW || strlen(command) > COMMAND_MAX || (c->command = strdup(command)) == NULL)
		return 1;
	if (c->front->host[0] != '\0')
		go_to_host(c, "exec", c->front->host, c->front->login);
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
	go_to_host(c, "sftp", c->front->host, c->front->login);
	return 0;
}

static void
on_signal(ssh_session s, ssh_channel ch, const char *name, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	if (c->state != CH_RELAY || strlen(name) > 20)
		return;
	(void)record_add(&c->record, FRAME_SIGNAL, slice_from(name));
	(void)ssh_channel_request_send_signal(c->target, name);
}

ssh_channel
channel_accept(struct front *f)
{
	struct channel *c;

	if (!f->logged_in || f->ending || f->channels_n >= f->o->channels_max || (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->front = f;
	c->ssh = ssh_channel_new(f->wire.ssh);
	if (c->ssh == NULL) {
		free(c);
		return NULL;
	}
	c->callbacks = (struct ssh_channel_callbacks_struct){ .userdata = c, .channel_pty_request_function = on_pty,
		.channel_pty_window_change_function = on_window, .channel_env_request_function = on_env,
		.channel_shell_request_function = on_shell, .channel_exec_request_function = on_exec,
		.channel_subsystem_request_function = on_subsystem, .channel_signal_function = on_signal };
	ssh_callbacks_init(&c->callbacks);
	(void)ssh_set_channel_callbacks(c->ssh, &c->callbacks);
	c->exit_status = -1;
	c->next = f->channels;
	f->channels = c;
	f->channels_n++;
	return c->ssh;
}

/* ---- ends ---- */

static void
leave_target(struct channel *c)
{
	leg_release(c->leg);
	c->leg = NULL;
	if (c->target != NULL) {
		ssh_remove_channel_callbacks(c->target, &c->target_callbacks);
		ssh_channel_free(c->target);
	}
	c->target = NULL;
	flow_done(&c->in);
	flow_done(&c->out);
	flow_done(&c->err);
	if (c->recording)
		record_done(&c->record);
	c->recording = false;
}

/* Exit status, EOF, close: in this order, and nothing after. */
static void
say_end(struct channel *c, int status)
{
	if (ssh_channel_is_open(c->ssh)) {
		if (c->exit_signal[0] != '\0')
			(void)ssh_channel_request_send_exit_signal(c->ssh, c->exit_signal, c->core, "", "");
		else
			(void)ssh_channel_request_send_exit_status(c->ssh, status);
		(void)ssh_channel_send_eof(c->ssh);
		(void)ssh_channel_close(c->ssh);
	}
	c->state = CH_ENDED;
}

/* Back to the picker with one line about what was, or the channel's end. */
static void
end_or_menu(struct channel *c, int status)
{
	leave_target(c);
	if (c->from_menu && !c->front->ending && ssh_channel_is_open(c->ssh) && !ssh_channel_is_eof(c->ssh)) {
		c->exited = true;
		c->state = CH_MENU_START;
		c->req = 0;
		return;
	}
	say_end(c, status);
}

void
channel_refuse(struct channel *c, const char *code, const char *reason)
{
	char line[900];
	int n;

	(void)snprintf(c->notice, sizeof(c->notice), "%s", reason);
	if (!c->from_menu) {
		n = snprintf(line, sizeof(line), "fortress: %s [%s]%s\n", reason, code, c->pty ? "\r" : "");
		if (ssh_channel_is_open(c->ssh) && n > 0)
			(void)ssh_channel_write_stderr(c->ssh, line, (uint32_t)n);
	}
	c->exit_signal[0] = '\0';
	end_or_menu(c, 255);
}

void
channel_cut(struct channel *c, const char *code, const char *reason)
{
	if (c->state == CH_ENDED || c->cut)
		return;
	c->cut = true;
	c->from_menu = false;
	(void)snprintf(c->why, sizeof(c->why), "%s", reason);
	if (c->recording && c->record.opened && !c->record.closing) {
		(void)record_add(&c->record, FRAME_NOTICE, slice_from(reason));
		(void)record_close(&c->record, reason, "");
	}
	menu_free(c->menu);
	c->menu = NULL;
	channel_refuse(c, code, reason);
}

void
channel_drop(struct channel *c)
{
	struct channel **at = &c->front->channels;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->front->channels_n--;
	menu_free(c->menu);
	leave_target(c);
	ssh_remove_channel_callbacks(c->ssh, &c->callbacks);
	ssh_channel_free(c->ssh);
	for (unsigned i = 0; i < c->env_n; i++) {
		free(c->env[i][0]);
		free(c->env[i][1]);
	}
	free(c->command);
	free(c);
}

/* ---- menu and list ---- */

static bool
step_menu_start(struct channel *c)
{
	if (c->req != 0)
		return false;
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

void
channel_picked(struct channel *c, const char *host, const char *login)
{
	go_to_host(c, "shell", host, login);
}

static bool
step_menu(struct channel *c)
{
	const char *host, *login;
	char host_copy[FRONT_NAME_MAX], login_copy[FRONT_NAME_MAX];
	bool moved = menu_pump(c->menu);

	if (c->resized) {
		c->resized = false;
		menu_resize(c->menu, c->cols, c->rows);
	}
	if (ssh_channel_is_eof(c->ssh)) {
		menu_free(c->menu);
		c->menu = NULL;
		say_end(c, 0);
		return true;
	}
	if (!menu_is_over(c->menu))
		return moved;
	host = menu_choice(c->menu, &login);
	(void)snprintf(host_copy, sizeof(host_copy), "%s", host != NULL ? host : "");
	(void)snprintf(login_copy, sizeof(login_copy), "%s", login);
	menu_free(c->menu);
	c->menu = NULL;
	if (host_copy[0] == '\0')
		say_end(c, 0);
	else
		channel_picked(c, host_copy, login_copy);
	return true;
}

static void
list_row(struct channel *c, const struct msg_host_row *row)
{
	struct buf b;

	buf_init(&b, 65536);
	if (c->json) {
		(void)buf_text(&b, "{\"name\":");
		(void)text_json(&b, row->name);
		(void)buf_text(&b, ",\"logins\":");
		(void)text_json(&b, row->logins);
		(void)buf_text(&b, ",\"labels\":");
		(void)text_json(&b, row->labels);
		(void)buf_printf(&b, ",\"allowed\":%s,\"why\":", row->allowed ? "true" : "false");
		(void)text_json(&b, row->why);
		(void)buf_text(&b, "}\n");
	} else if (row->allowed) {
		(void)text_escape(&b, row->name);
		(void)buf_text(&b, "\t");
		(void)text_escape(&b, row->logins);
		(void)buf_text(&b, "\t");
		(void)text_escape(&b, row->labels);
		(void)buf_text(&b, "\n");
	}
	(void)ssh_channel_write(c->ssh, b.p, (uint32_t)b.len);
	buf_done(&b);
}

void
channel_rows(struct front *f, const struct msg_host_rows *rows)
{
	struct slice left = rows->rows;
	struct msg_host_row row;
	struct channel *next;

	for (struct channel *c = f->channels; c != NULL; c = next) {
		next = c->next;
		if (c->menu != NULL)
			menu_rows(c->menu, rows);
		if (c->state != CH_LISTING)
			continue;
		for (left = rows->rows; msg_host_row_take(&left, &row) == 1;)
			list_row(c, &row);
		if (!rows->more)
			say_end(c, 0);
	}
}

/* ---- decision and connection ---- */

static bool
step_decide(struct channel *c)
{
	struct front *f = c->front;
	struct msg_decide msg = { .host = slice_from(c->asked_host), .login = slice_from(c->asked_login) };
	const char *verb = verb_of(c, c->verb);

	if (c->req != 0)
		return false;
	if (c->asked_host[0] == '\0' || verb == NULL) {
		channel_refuse(c, "no-host", "name a host: ssh USER+HOST@bastion, or connect with a terminal for the picker");
		return true;
	}
	msg.req = c->req = ++f->last_req;
	msg.verb = slice_from(verb);
	msg.command = slice_from(c->command);
	msg.dial = verb_of(c, c->verb + 1) == NULL && leg_find(f, c->asked_host, c->asked_login) == NULL;
	if (chan_send(f->gate, MSG_DECIDE, &msg) != 0)
		channel_refuse(c, "denied", "the gate does not answer");
	return true;
}

static void
open_recording(struct channel *c, const struct msg_decision *d)
{
	struct front *f = c->front;
	struct msg_rec_open msg = { .conn = f->conn, .user = slice_from(f->user), .login = d->login, .host = d->host,
		.addr = d->addr, .src = slice_from(f->peer), .method = slice_from(f->method),
		.channel = slice_from(c->kind), .command = slice_from(c->command),
		.term = slice_from(c->pty ? c->term : ""), .cols = c->pty ? c->cols : 0, .rows = c->pty ? c->rows : 0,
		.rule = d->rule, .policy_hash = d->policy_hash };
	int r = record_open(&c->record, f->store, ++f->last_rec, f->o->window, f->o->strict, &msg);

	c->recording = true;
	if (r != 0)
		c->record.refused = true;
}

static void
decided(struct channel *c, const struct msg_decision *d, int *agent)
{
	struct leg *leg;

	c->verb++;
	c->req = 0;
	if (verb_of(c, c->verb) != NULL)
		return;
	leg = leg_find(c->front, c->asked_host, c->asked_login);
	if (leg == NULL && *agent >= 0) {
		leg = leg_new(c->front, d, c->asked_host, c->asked_login, *agent);
		if (leg != NULL)
			*agent = -1;
	}
	if (leg == NULL) {
		channel_refuse(c, "target-gone", "the connection to the host has just ended: try again");
		return;
	}
	c->leg = leg;
	leg->users++;
	open_recording(c, d);
	c->state = CH_CONNECT;
}

void
channel_decision(struct front *f, const struct msg_decision *d, int *agent)
{
	struct channel *c = f->channels;
	char reason[600];

	while (c != NULL && (c->state != CH_DECIDE || c->req != d->req || d->req == 0))
		c = c->next;
	if (c == NULL)
		return;
	if (d->permit == 1) {
		decided(c, d, agent);
		return;
	}
	(void)text_escaped(d->reason, reason, sizeof(reason));
	channel_refuse(c, "denied", reason);
}

static bool
step_connect(struct channel *c)
{
	char text[400];

	if (c->record.refused) {
		(void)snprintf(text, sizeof(text), "this session cannot be recorded, so it cannot be: %.300s", c->record.why);
		channel_refuse(c, "not-recorded", text);
		return true;
	}
	if (c->leg->state == LEG_DEAD) {
		if (c->record.opened)
			(void)record_close(&c->record, c->leg->why, "");
		channel_refuse(c, c->leg->code, c->leg->why);
		return true;
	}
	if (c->leg->state != LEG_READY || !c->record.opened)
		return false;
	c->target = ssh_channel_new(c->leg->wire.ssh);
	c->open_step = c->env_sent = 0;
	c->state = CH_OPEN;
	return true;
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
	struct channel *c = arg;

	(void)s, (void)ch, (void)msg, (void)lang;
	(void)snprintf(c->exit_signal, sizeof(c->exit_signal), "%.31s", name);
	c->core = core != 0;
}

static int
open_session(struct channel *c)
{
	c->target_callbacks = (struct ssh_channel_callbacks_struct){ .userdata = c,
		.channel_exit_status_function = on_exit_status, .channel_exit_signal_function = on_exit_signal };
	return ssh_channel_open_session(c->target);
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

static int
open_start(struct channel *c)
{
	if (strcmp(c->kind, "exec") == 0)
		return ssh_channel_request_exec(c->target, c->command);
	if (strcmp(c->kind, "sftp") == 0)
		return ssh_channel_request_subsystem(c->target, "sftp");
	return ssh_channel_request_shell(c->target);
}

static void
note_session(struct channel *c, enum msg_note note, bool ok)
{
	char id[ID_TEXT];
	struct msg_audit_note msg = { .note = note, .ok = ok, .session = slice_from(id_print(c->record.id, id)),
		.user = slice_from(c->front->user), .login = slice_from(c->leg != NULL ? c->leg->login : ""),
		.host = slice_from(c->leg != NULL ? c->leg->host : ""), .text = slice_from(c->command) };

	(void)chan_send(c->front->monitor, MSG_AUDIT_NOTE, &msg);
}

static void
start_relay(struct channel *c)
{
	struct front *f = c->front;

	c->in = (struct flow){ .from = c->ssh, .to = c->target, .to_wire = &c->leg->wire,
		.kind = c->pty ? 0 : FRAME_IN };
	c->out = (struct flow){ .from = c->target, .to = c->ssh, .to_wire = &f->wire, .kind = FRAME_OUT };
	c->err = (struct flow){ .from = c->target, .to = c->ssh, .to_wire = &f->wire, .kind = FRAME_ERR,
		.from_stderr = true, .to_stderr = true };
	c->resized = false;
	c->state = CH_RELAY;
	sandbox_title("front: conn %llu from %s (%s -> %s)", (unsigned long long)f->conn, f->peer, f->user, c->leg->host);
	note_session(c, MSG_NOTE_SESSION_START, true);
	if (c->command != NULL && c->command[0] != '\0')
		note_session(c, MSG_NOTE_COMMAND, true);
}

static void
open_refused(struct channel *c)
{
	static const char *const what[] = { "a session", "its environment", "a terminal", "to start it" };
	char error[200], text[600];

	(void)text_escaped(slice_from(ssh_get_error(c->leg->wire.ssh)), error, sizeof(error));
	(void)snprintf(text, sizeof(text), "%s refused %s: %s", c->leg->host, what[c->open_step], error);
	(void)record_close(&c->record, text, "");
	channel_refuse(c, "target-refused", text);
}

static bool
step_open(struct channel *c)
{
	static int (*const steps[])(struct channel *) = { open_session, open_env, open_pty, open_start };
	int r;

	if (c->leg->state == LEG_DEAD || c->target == NULL) {
		(void)record_close(&c->record, "the target closed the connection", "");
		channel_refuse(c, "target-gone", "the target closed the connection");
		return true;
	}
	r = steps[c->open_step](c);
	if (r == SSH_AGAIN)
		return false;
	if (r != SSH_OK) {
		open_refused(c);
		return true;
	}
	if (c->open_step == 0) {
		ssh_callbacks_init(&c->target_callbacks);
		(void)ssh_set_channel_callbacks(c->target, &c->target_callbacks);
	}
	if (++c->open_step == sizeof(steps) / sizeof(steps[0]))
		start_relay(c);
	return true;
}

/* ---- relay ---- */

static void
pass_resize(struct channel *c)
{
	char size[32];

	c->resized = false;
	if (!c->pty)
		return;
	(void)snprintf(size, sizeof(size), "%ux%u", c->cols, c->rows);
	(void)record_add(&c->record, FRAME_RESIZE, slice_from(size));
	(void)ssh_channel_change_pty_size(c->target, (int)c->cols, (int)c->rows);
}

static void
pass_eof(struct flow *f)
{
	if (!flow_is_done(f) || f->eof_sent)
		return;
	f->eof_sent = true;
	if (ssh_channel_is_open(f->to))
		(void)ssh_channel_send_eof(f->to);
}

/* Why the session cannot go on, or NULL. */
static const char *
must_stop(const struct channel *c)
{
	if (record_waiting_ms(&c->record) > (int64_t)c->front->o->ack_timeout_s * 1000)
		return "the recorder does not answer; the session ends";
	if (c->in.broken || c->out.broken || c->err.broken)
		return "out of memory; the session ends";
	return NULL;
}

static void
finish(struct channel *c, const char *reason)
{
	char exit[48] = "";

	if (c->exit_signal[0] != '\0')
		(void)snprintf(exit, sizeof(exit), "signal %s", c->exit_signal);
	else if (c->exit_status >= 0)
		(void)snprintf(exit, sizeof(exit), "%d", c->exit_status);
	if (exit[0] != '\0')
		(void)record_add(&c->record, FRAME_EXIT, slice_from(exit));
	if (record_close(&c->record, reason, exit) != 0)
		return;                                  /* the channel is full: again next turn */
	note_session(c, MSG_NOTE_SESSION_END, true);
	c->state = CH_FINISH;
}

static bool
step_relay(struct channel *c)
{
	bool moved = false, target_over;
	const char *stop;

	if (c->resized)
		pass_resize(c);
	moved |= flow_read(&c->in, &c->record);
	moved |= flow_read(&c->out, &c->record);
	moved |= flow_read(&c->err, &c->record);
	(void)record_flush(&c->record);
	moved |= flow_write(&c->in, &c->record);
	moved |= flow_write(&c->out, &c->record);
	moved |= flow_write(&c->err, &c->record);
	pass_eof(&c->in);
	stop = must_stop(c);
	if (stop != NULL) {
		channel_cut(c, "not-recorded", stop);
		return true;
	}
	target_over = c->leg->state == LEG_DEAD || ssh_channel_is_closed(c->target);
	if (flow_is_done(&c->out) && flow_is_done(&c->err) && target_over)
		finish(c, c->leg->state == LEG_DEAD && c->exit_status < 0 ? "the target closed the connection" : "ended");
	else if (ssh_channel_is_closed(c->ssh) || c->front->ending)
		finish(c, "the user closed the connection");
	return moved || c->state != CH_RELAY;
}

static bool
step_finish(struct channel *c)
{
	bool late = record_waiting_ms(&c->record) > (int64_t)c->front->o->ack_timeout_s * 1000;

	if (!c->record.closed && !late)
		return false;
	if (c->exit_signal[0] != '\0')
		(void)snprintf(c->notice, sizeof(c->notice), "%s: ended by signal %s", c->leg->host, c->exit_signal);
	else
		(void)snprintf(c->notice, sizeof(c->notice), "%s: closed, exit status %d", c->leg->host,
		    c->exit_status >= 0 ? c->exit_status : 255);
	end_or_menu(c, c->exit_status >= 0 ? c->exit_status : 255);
	c->exit_status = -1;
	return true;
}

void
channel_recorded(struct front *f, const struct chan_in *in)
{
	const struct msg_rec_opened *opened = in->message;
	const struct msg_rec_ack *ack = in->message;
	const struct msg_rec_closed *closed = in->message;
	uint32_t rec = in->type == MSG_REC_OPENED ? opened->rec : in->type == MSG_REC_ACK ? ack->rec : closed->rec;
	struct channel *c = f->channels;

	while (c != NULL && (!c->recording || c->record.rec != rec))
		c = c->next;
	if (c == NULL)
		return;
	if (in->type == MSG_REC_OPENED)
		record_opened(&c->record, opened);
	else if (in->type == MSG_REC_ACK)
		record_acked(&c->record, ack);
	else
		record_was_closed(&c->record, closed);
}

/* ---- the table ---- */

static bool
step_nothing(struct channel *c)
{
	(void)c;
	return false;
}

static bool (*const steps[])(struct channel *) = {
	[CH_NEW] = step_nothing,     [CH_MENU_START] = step_menu_start, [CH_MENU] = step_menu,
	[CH_LISTING] = step_nothing, [CH_DECIDE] = step_decide,         [CH_CONNECT] = step_connect,
	[CH_OPEN] = step_open,       [CH_RELAY] = step_relay,           [CH_FINISH] = step_finish,
	[CH_ENDED] = step_nothing,
};

bool
channel_step(struct channel *c)
{
	return steps[c->state](c);
}
