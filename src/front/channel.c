/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A channel's life is the table at the end of this file: a state, and the function that
 * steps it (steps.h says where).  Requests of the user only note what was asked for; everything
 * else happens in steps.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/back.h"
#include "front/door.h"
#include "front/held.h"
#include "front/idle.h"
#include "front/lack.h"
#include "front/late.h"
#include "front/letter.h"
#include "front/menu.h"
#include "front/replay.h"
#include "front/screen.h"
#include "front/steps.h"
#include "front/transfer.h"
#include "front/tty.h"
#include "front/verbs.h"
#include "msg/ocsf.h"

/* What waits to be read, all of it.  Nobody reads a client's stderr, nor what it says after the end. */
static int
on_data(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_stderr, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch, (void)data;
	return is_stderr || c->state == CH_ENDED || wire_is_flooded(&c->door->wire, n) ? (int)n : 0;
}

/* Over on both sides, though it is freed only when libssh has returned: the client may open another at once. */
static void
uncount(struct channel *c)
{
	if (c->counted && c->state == CH_ENDED && c->gone) {
		c->counted = false;
		c->front->channels_n--;
	}
}

static void
on_close(ssh_session s, ssh_channel ch, void *arg)
{
	struct channel *c = arg;

	(void)s, (void)ch;
	c->gone = true;
	uncount(c);
}

struct channel *
channel_make(struct door *d)
{
	struct front *f = d->front;
	struct channel *c;

	if (!d->logged_in || d->ending || f->ending || f->channels_n >= f->o->channels_max ||
	    (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->front = f;
	c->door = d;
	c->ssh = ssh_channel_new(d->wire.ssh);
	if (c->ssh == NULL) {
		free(c);
		return NULL;
	}
	c->callbacks = (struct ssh_channel_callbacks_struct){ .userdata = c, .channel_data_function = on_data,
		.channel_close_function = on_close };
	ssh_callbacks_init(&c->callbacks);
	(void)ssh_set_channel_callbacks(c->ssh, &c->callbacks);
	c->exit_status = -1;
	c->next = f->channels;
	f->channels = c;
	f->channels_n++;
	c->counted = true;
	return c;
}

void
channel_accept(struct door *d, ssh_message m)
{
	struct channel *c = channel_make(d);

	if (c == NULL) {
		letter_refuse(m);
		return;
	}
	c->session = true;
	request_begin(c);
	(void)ssh_message_channel_request_open_reply_accept_channel(m, c->ssh);
	ssh_message_free(m);
}

struct channel *
channel_find(const struct door *d, ssh_channel ssh)
{
	struct channel *c = d->front->channels;

	while (c != NULL && (c->door != d || c->ssh != ssh))
		c = c->next;
	return c;
}

/* A certificate's command runs instead of whatever was asked for; internal-sftp is sshd's word for sftp alone.  Should memory
 * fail, what was asked for stays, and the gate refuses it. */
static const char *
only_command(struct channel *c, const char *kind)
{
	struct front *f = c->front;
	char *copy, asked[512], text[600];

	if (!c->session || (f->limits & MSG_LIMIT_COMMAND) == 0)
		return kind;
	if (strcmp(f->only_command, "internal-sftp") == 0)
		return "sftp";
	copy = strdup(f->only_command);
	if (copy == NULL)
		return kind;
	(void)snprintf(text, sizeof(text), "the certificate's command runs instead of %s%s%s", kind, c->command != NULL ? " " : "",
	    text_escaped(slice_from(c->command), asked, sizeof(asked)));
	front_event(f, OCSF_SSH, 1, 1, true, text, "");
	free(c->command);
	c->command = copy;
	return "exec";
}

void
channel_go(struct channel *c, const char *kind, const char *host, const char *login)
{
	kind = only_command(c, kind);
	(void)snprintf(c->kind, sizeof(c->kind), "%s", kind);
	(void)snprintf(c->asked_host, sizeof(c->asked_host), "%s", host);
	(void)snprintf(c->asked_login, sizeof(c->asked_login), "%s", login);
	held_release(c->front, &c->hold);
	c->hold = held_new(c->front);
	c->asked_again = false;
	c->how_much = MSG_RECORD_USUAL;
	c->limits = (struct limits){ 0 };
	lack_free(c);
	channel_decide(c);
	if (strcmp(kind, "exec") == 0 && verb_is_mosh(c->command))
		verb_refuse_mosh(c);
}

int
channel_open_answer(struct channel *c)
{
	int r;

	if (c->opening == NULL)
		return 0;
	r = ssh_message_channel_request_open_reply_accept_channel(c->opening, c->back ? c->target : c->ssh);
	ssh_message_free(c->opening);
	c->opening = NULL;
	return r == SSH_OK ? 0 : -EIO;
}

/* ---- ends ---- */

static void
leave_target(struct channel *c)
{
	live_end(c);
	idle_stop(c);
	transfer_free(c);
	back_end(c);
	replay_free(c);
	held_release(c->front, &c->hold);
	leg_release(c->leg);
	c->leg = NULL;
	wire_free_channel(c->target, &c->target_callbacks);
	c->target = NULL;
	flow_done(&c->in);
	flow_done(&c->out);
	flow_done(&c->err);
	free(c->typed_lines);
	c->typed_lines = NULL;
	if (c->recording)
		record_done(&c->record);
	c->recording = c->last_word = false;
	c->stopped_code = NULL;
}

void
channel_say_end(struct channel *c, int status)
{
	if (c->opening != NULL)
		letter_refuse(c->opening);
	c->opening = NULL;
	if (!ssh_channel_is_open(c->ssh)) {
		c->gone = !c->calling;
	} else {
		if (c->session && c->exit_signal[0] != '\0')
			(void)ssh_channel_request_send_exit_signal(c->ssh, c->exit_signal, c->core, "", "");
		else if (c->session)
			(void)ssh_channel_request_send_exit_status(c->ssh, status);
		(void)ssh_channel_send_eof(c->ssh);
		(void)ssh_channel_close(c->ssh);
	}
	c->state = c->calling ? CH_STRAY : CH_ENDED;
}

void
channel_end_or_menu(struct channel *c, int status)
{
	leave_target(c);
	if (c->from_menu && !c->front->ending && !c->door->ending && ssh_channel_is_open(c->ssh) && !ssh_channel_is_eof(c->ssh)) {
		c->exited = true;
		c->state = CH_MENU_START;
		c->req = 0;
		return;
	}
	channel_say_end(c, status);
}

/* The words of a debug message are shown by few clients, so people at terminals get them, too: where the client says itself that
 * something was refused, and not why. */
void
channel_tell(struct door *d, const char *line)
{
	door_say(d, line);
	for (struct channel *c = d->front->channels; c != NULL; c = c->next)
		if (c->door == d && c->session && c->pty && c->state == CH_RELAY && ssh_channel_is_open(c->ssh)) {
			(void)ssh_channel_write_stderr(c->ssh, line, (uint32_t)strcspn(line, "\r\n"));
			(void)ssh_channel_write_stderr(c->ssh, "\r\n", 2);
		}
}

/* By somebody who may have left the terminal in any state. */
static bool
was_written_to(const struct channel *c)
{
	return c->state == CH_RELAY || c->state == CH_SETTLE || c->state == CH_FINISH || c->state == CH_SCREEN || c->state == CH_MENU;
}

void
channel_refuse(struct channel *c, const char *code, const char *reason)
{
	bool ran = was_written_to(c);
	char line[1100];
	int n;

	(void)snprintf(c->notice, sizeof(c->notice), "%s", reason);
	tty_wait_end(c, NULL);
	n = snprintf(line, sizeof(line), "%s%sfortress: %s [%s]%s\n", ran ? tty_reset(c) : "", ran && c->pty ? "\r\n" : "", reason,
	    code, c->pty ? "\r" : "");
	if (c->session && !c->from_menu && ssh_channel_is_open(c->ssh) && n > 0)
		(void)ssh_channel_write_stderr(c->ssh, line, (uint32_t)n);
	if (c->opening != NULL)
		channel_tell(c->door, line);
	c->exit_signal[0] = '\0';
	channel_end_or_menu(c, 255);
}

void
channel_cut(struct channel *c, const char *code, const char *reason)
{
	if (c->state == CH_ENDED || c->state == CH_STRAY || c->cut)
		return;
	c->cut = true;
	c->from_menu = false;
	(void)snprintf(c->why, sizeof(c->why), "%s", reason);
	c->refused_code = code;
	menu_free(c->menu);
	c->menu = NULL;
	screen_free(c);
	if (!c->recording || c->record.refused || c->record.closing || session_settle(c, c->why))
		channel_refuse(c, code, reason);
}

/* The bits of its kind's verbs are in connect.c, those of what it may have besides in wish.c. */
void
channel_revoked(struct channel *c, const char *code, const char *verb, const char *reason)
{
	char line[900];

	if (c->screen == NULL && c->listing == NULL && (wish_revoked(c, code, verb, reason) || channel_goes_on_without(c, verb))) {
		held_drop(c->front, c->hold, verb);
		return;
	}
	if (!c->session) {
		(void)snprintf(line, sizeof(line), "fortress: %s [%s]", reason, code);
		door_say(c->door, line);
	}
	channel_cut(c, code, reason);
}

void
channel_leave(struct channel *c)
{
	if (c->recording && !c->record.refused)
		late_close(c, session_left(c));
	if (c->opening != NULL)
		letter_refuse(c->opening);
	c->opening = NULL;
	c->state = CH_ENDED;
}

void
channel_drop(struct channel *c)
{
	struct channel **at = &c->front->channels;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->front->channels_n -= c->counted;
	menu_free(c->menu);
	screen_free(c);
	listing_free(c);
	lack_free(c);
	rows_forget(c);
	ask_forget(c->front, &c->ask);
	while (c->letters_n > 0)
		ssh_message_free(c->letters[--c->letters_n]);
	if (c->opening != NULL)
		ssh_message_free(c->opening);
	leave_target(c);
	intake_done(&c->typed);
	wire_free_channel(c->ssh, &c->callbacks);
	for (unsigned i = 0; i < c->env_n; i++) {
		free(c->env[i][0]);
		free(c->env[i][1]);
	}
	free(c->command);
	buf_done(&c->words);
	free(c);
}

/* The client must not be left with a channel that nobody serves. */
bool
step_stray(struct channel *c)
{
	if (back_open(c) == SSH_AGAIN)
		return false;
	channel_say_end(c, 0);
	return true;
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
	[CH_SHOW] = step_nothing,    [CH_SCREEN] = step_screen,   [CH_LISTING] = step_listing,       [CH_REFUSED] = step_refused,
	[CH_MODERATOR] = step_moderator,
	[CH_FORM] = step_form,       [CH_WAIT] = step_wait,             [CH_DECIDE] = step_decide,       [CH_CONNECT] = step_connect,
	[CH_OPEN] = step_open,       [CH_RELAY] = step_relay,           [CH_SETTLE] = step_settle,
	[CH_FINISH] = step_finish,   [CH_STRAY] = step_stray,     [CH_ENDED] = step_nothing,
};

bool
channel_step(struct channel *c)
{
	bool moved = c->letters_n > 0 && request_step(c);

	return tty_wait_step(c) || steps[c->state](c) || moved;
}
