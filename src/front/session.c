/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A session that runs: bytes both ways through the recording, its end, and what the store says of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sandbox.h"
#include "base/text.h"
#include "front/back.h"
#include "front/idle.h"
#include "front/steps.h"
#include "front/transfer.h"
#include "front/typed.h"
#include "front/tty.h"
#include "msg/ocsf.h"

static void
note_session(struct channel *c, enum msg_note note, bool ok)
{
	char id[ID_TEXT];
	struct msg_audit_note msg = { .note = note, .ok = ok, .session = slice_from(id_print(c->record.id, id)),
		.user = slice_from(c->front->user), .login = slice_from(c->leg != NULL ? c->leg->login : ""),
		.host = slice_from(c->leg != NULL ? c->leg->host : ""), .text = slice_from(c->command) };

	(void)chan_send(c->front->monitor, MSG_AUDIT_NOTE, &msg);
}

/* Of a forwarded connection the other end. */
static void
note_peer(struct channel *c)
{
	char text[FORWARD_FROM_MAX * 4 + 40], from[FORWARD_FROM_MAX * 4 + 1];

	(void)snprintf(text, sizeof(text), "from %s port %d", text_escaped(slice_from(c->from_host), from, sizeof(from)), c->from_port);
	(void)record_add(&c->record, FRAME_MARK, slice_from(text));
}

static void
line_typed(void *arg, struct slice line)
{
	struct channel *c = arg;

	if (record_add(&c->record, FRAME_IN, line) != 0)
		c->in.broken = "the recorder has no room for what is typed; the session ends";
}

static void
watch_in(void *arg, struct slice bytes)
{
	struct channel *c = arg;

	c->keys += answers_keys(&c->answers, bytes);
	if (c->typed_lines != NULL)
		typed_in(c->typed_lines, bytes);
}

static void
watch_out(void *arg, struct slice bytes)
{
	typed_out(((struct channel *)arg)->typed_lines, bytes);
}

/* Keys are counted, and with a full record the lines that they make are kept.  0 or -ENOMEM. */
static int
watch_typed(struct channel *c)
{
	if (!c->pty)
		return 0;
	c->in.watch = watch_in;
	c->in.watch_arg = c;
	if (c->how_much != MSG_RECORD_FULL)
		return 0;
	c->typed_lines = calloc(1, sizeof(*c->typed_lines));
	if (c->typed_lines == NULL)
		return -ENOMEM;
	c->typed_lines->line = line_typed;
	c->typed_lines->arg = c;
	c->out.watch = watch_out;
	c->out.watch_arg = c;
	return 0;
}

void
session_start(struct channel *c)
{
	struct front *f = c->front;
	bool counted = !c->session || c->how_much == MSG_RECORD_META;
	size_t keep = strcmp(c->kind, "forward") == 0 && c->how_much != MSG_RECORD_META ? FLOW_HEAD : 0;

	c->in = (struct flow){ .from = c->ssh, .to = c->target, .from_wire = &c->door->wire, .to_wire = &c->leg->wire,
		.kind = c->pty ? 0 : FRAME_IN, .counted = c->pty ? false : counted, .keep = keep };
	c->out = (struct flow){ .from = c->target, .to = c->ssh, .from_wire = &c->leg->wire, .to_wire = &c->door->wire,
		.kind = FRAME_OUT, .counted = counted, .keep = keep };
	c->err = (struct flow){ .from = c->target, .to = c->ssh, .from_wire = &c->leg->wire, .to_wire = &c->door->wire,
		.kind = FRAME_ERR, .counted = counted, .from_stderr = true, .to_stderr = true };
	tty_wait_end(c, &c->in.intake);
	if (watch_typed(c) != 0 || transfer_start(c) != 0 || (strcmp(c->kind, "agent") == 0 && back_watch(c) != 0))
		c->in.broken = "out of memory; the session ends";
	if (!c->session)
		note_peer(c);
	idle_start(c);
	c->state = CH_RELAY;
	sandbox_title("front: conn %llu from %s (%s -> %s)", (unsigned long long)f->conn, f->peer, f->user, c->leg->host);
	note_session(c, MSG_NOTE_SESSION_START, true);
	if (c->command != NULL && c->command[0] != '\0')
		note_session(c, MSG_NOTE_COMMAND, true);
}

static void
pass_resize(struct channel *c)
{
	char size[32];

	if (c->pty && !wire_is_writable(&c->leg->wire))
		return;                          /* the last size counts */
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

static bool
is_late(const struct channel *c)
{
	return record_waiting_ms(&c->record) > (int64_t)c->front->o->ack_timeout_s * 1000;
}

/* Why the session cannot go on, or NULL. */
static const char *
must_stop(const struct channel *c)
{
	if (is_late(c))
		return "the recorder does not answer; the session ends";
	return c->in.broken != NULL ? c->in.broken : c->out.broken != NULL ? c->out.broken : c->err.broken;
}

/* The frame of a session's end: why it was cut, or its status. */
static int
last_word(struct channel *c, const char *exit)
{
	int r = 0;

	if (c->last_word)
		return 0;
	if (c->cut)
		r = record_add(&c->record, FRAME_NOTICE, slice_from(c->why));
	else if (exit[0] != '\0')
		r = record_add(&c->record, FRAME_EXIT, slice_from(exit));
	c->last_word = r == 0;
	return r;
}

static void
print_exit(const struct channel *c, char exit[48])
{
	exit[0] = '\0';
	if (c->cut)
		return;
	if (c->exit_signal[0] != '\0')
		(void)snprintf(exit, 48, "signal %s", c->exit_signal);
	else if (c->exit_status >= 0)
		(void)snprintf(exit, 48, "%d", c->exit_status);
}

/* As much as the recording's buffer takes. */
static int
settle_some(struct channel *c, const char *exit)
{
	int r = transfer_settle(c);

	if (r == 0)
		r = flow_settle(&c->in, &c->record);
	if (r == 0)
		r = flow_settle(&c->out, &c->record);
	if (r == 0)
		r = flow_settle(&c->err, &c->record);
	if (r == 0)
		r = last_word(c, exit);
	return r == 0 ? record_close(&c->record, c->why, exit) : r;
}

/* Nothing is relayed from here on. */
bool
session_settle(struct channel *c, const char *reason)
{
	char exit[48];
	int r;

	if (reason != c->why)
		(void)snprintf(c->why, sizeof(c->why), "%s", reason);
	print_exit(c, exit);
	transfer_end(c);
	do {
		r = record_flush(&c->record);
		if (r != 0)
			break;
		r = settle_some(c, exit);
	} while (r == -EAGAIN && c->record.opened && c->record.frames.len > 0);
	if (r != -EAGAIN)
		return true;                     /* a store that is gone takes nothing any more */
	c->state = CH_SETTLE;
	return false;
}

static void
finish(struct channel *c, const char *reason)
{
	if (!session_settle(c, reason))
		return;
	note_session(c, MSG_NOTE_SESSION_END, true);
	c->state = CH_FINISH;
}

bool
step_settle(struct channel *c)
{
	if (!c->cut && is_late(c)) {
		channel_cut(c, "not-recorded", must_stop(c));
		return true;
	}
	if (!c->cut) {
		finish(c, c->why);
		return c->state == CH_FINISH;
	}
	if (!is_late(c) && !session_settle(c, c->why))
		return false;
	channel_refuse(c, c->refused_code, c->why);
	return true;
}

const char *
session_left(struct channel *c)
{
	if (c->door->wire.why == NULL)
		return "the user closed the connection";
	(void)snprintf(c->why, sizeof(c->why), "the user's client was left: %s", c->door->wire.why);
	return c->why;
}

/* What was typed after the window changed comes after it: also where the change has come with the keys that were just read,
 * and still lies with libssh. */
static bool
resize_may_wait(const struct channel *c)
{
	return c->resized || (c->pty && !wire_is_looked_at(&c->door->wire, c->typed_at));
}

/* Both ways, what there is. */
static bool
relay(struct channel *c)
{
	bool moved = false;

	if (live_may_type(c, &moved) && flow_read(&c->in, &c->record)) {
		c->typed_at = wire_packets(&c->door->wire);
		moved = true;
	}
	if (c->viewers == NULL || !live_is_behind(c)) {
		moved |= flow_read(&c->out, &c->record);
		moved |= flow_read(&c->err, &c->record);
	}
	(void)record_flush(&c->record);
	if (!resize_may_wait(c))
		moved |= flow_write(&c->in, &c->record);
	moved |= flow_write(&c->out, &c->record);
	moved |= flow_write(&c->err, &c->record);
	return moved;
}

/* The staragent ran the program no longer, or not at all.  Of a program that is another than the policy names somebody should hear. */
static void
stopped(struct channel *c)
{
	bool digest = strcmp(c->stopped_code, "digest") == 0;
	const char *rule = digest ? c->rules[0] : channel_limit_rule(c, LIMIT_TIMEOUT_S);     /* what has digests has one verb */
	char text[1000], detail[500];

	(void)snprintf(text, sizeof(text), "%s: %s (rule %s)", c->leg->host, c->stopped, rule);
	if (digest) {
		(void)snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"rule\":\"%s\"}", c->leg->host, rule);
		front_event(c->front, OCSF_SSH, 5, 4, false, text, detail);
	}
	channel_cut(c, c->stopped_code, text);
}

/* Is it to end on our side?  Then it has. */
static bool
cut_short(struct channel *c)
{
	const char *stop = must_stop(c);
	char why[300];

	if (stop != NULL)
		channel_cut(c, c->in.broken != NULL || c->out.broken != NULL ? "protocol" : "not-recorded", stop);
	else if (idle_is_over(c, why, sizeof(why)))
		channel_cut(c, "idle", why);
	else
		return false;
	return true;
}

bool
step_relay(struct channel *c)
{
	bool moved = false, done, target_over;

	if (c->resized)
		pass_resize(c);
	(void)transfer_settle(c);
	moved |= live_type(c);
	if (!c->held.paused && !c->held.unmoderated)
		moved |= relay(c);
	else
		(void)live_is_shut(c, &moved);
	(void)record_flush(&c->record);
	pass_eof(&c->in);
	if (!c->session)
		pass_eof(&c->out);               /* a session's end follows its exit status; a stream may be half open */
	if (cut_short(c))
		return true;
	if (c->leg->state != LEG_DEAD && wire_is_dead(&c->leg->wire))
		return true;                     /* not the channel's end but the host's: the leg says which */
	target_over = c->leg->state == LEG_DEAD || ssh_channel_is_closed(c->target) || (!c->session && flow_is_done(&c->in));
	c->lost = c->leg->state == LEG_DEAD && c->exit_status < 0 && c->exit_signal[0] == '\0';
	done = flow_is_done(&c->out) && flow_is_done(&c->err) && target_over;
	if (done && c->stopped_code != NULL)
		stopped(c);
	else if (done)
		finish(c, c->lost ? c->leg->why : "ended");
	else if ((ssh_channel_is_closed(c->ssh) && (c->session || flow_is_done(&c->in))) || c->front->ending || c->door->ending)
		finish(c, session_left(c));
	return moved || c->state != CH_RELAY;
}

bool
step_finish(struct channel *c)
{
	if ((!c->record.closed && !is_late(c)) || (c->viewers != NULL && !live_is_looked_at(c)))
		return false;
	if (c->lost) {
		channel_refuse(c, c->leg->code, c->leg->why);
		return true;
	}
	if (c->exit_signal[0] != '\0')
		(void)snprintf(c->notice, sizeof(c->notice), "%s: ended by signal %s", c->leg->host, c->exit_signal);
	else
		(void)snprintf(c->notice, sizeof(c->notice), "%s: closed, exit status %d", c->leg->host,
		    c->exit_status >= 0 ? c->exit_status : 255);
	channel_end_or_menu(c, c->exit_status >= 0 ? c->exit_status : 255);
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
	if (in->type == MSG_REC_OPENED && c->record.opened && c->state == CH_MODERATOR)
		moderator_begun(c);
}
