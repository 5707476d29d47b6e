/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The server side of a connection: key exchange, then turns.  The process starts here,
 * after the fork, with its four descriptors and its filter on, and exits here.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "front/approve.h"
#include "front/ask.h"
#include "front/auth.h"
#include "front/channel.h"
#include "front/door.h"
#include "front/global.h"
#include "front/held.h"
#include "front/jump.h"
#include "front/overhear.h"
#include "front/listen.h"
#include "front/login.h"
#include "front/lack.h"
#include "front/own.h"
#include "front/replay.h"
#include "front/screen.h"
#include "front/target.h"

#define STEPS_TURN   64              /* rounds over all channels before epoll is asked again */
#define END_GRACE_MS 3000            /* for the store's last answers */
#define LINGER_MS    1000            /* for the client to show what its channels were told */
#define TICK_MS      500
#define QUIET_MS     15000           /* where nothing has a time that may run out; what is forgotten there is seen then */
#define SPIN_S       3               /* CPU seconds that one turn may take */

void
front_event(struct front *f, unsigned class_uid, unsigned activity, unsigned severity, bool ok, const char *text,
    const char *detail)
{
	struct msg_event msg = { .class_uid = class_uid, .activity = activity, .severity = severity, .ok = ok,
		.actor = f->user[0] != '\0' ? slice_from(f->user) : login_claimed(f), .src = slice_from(f->peer),
		.host = slice_from(f->door.host), .text = slice_from(text), .detail = slice_from(detail) };

	(void)chan_send(f->store, MSG_EVENT, &msg);
}

static void
exit_now(void *arg)
{
	struct front *f = arg;

	loop_stop(f->loop, 0);
}

/* Recordings are closed first; what the store does not answer within the grace is left to it. */
void
front_end(struct front *f, const char *why)
{
	if (f->ending)
		return;
	f->ending = true;
	f->ended = clock_mono();
	log_debug("ending: conn %llu: %s", (unsigned long long)f->conn, why);
	if (!f->door.logged_in && f->door.wire.ssh != NULL)
		(void)ssh_session_set_disconnect_message(f->door.wire.ssh, why);   /* later on each channel says it */
	loop_timer_stop(&f->grace);
	loop_timer_start(f->loop, &f->end_timer, END_GRACE_MS, exit_now, f);
}

static void
grace_over(void *arg)
{
	front_end(arg, "not logged in in time");
}

/* ---- what the other processes say ---- */

static void
store_message(void *arg, struct chan *c, struct chan_in *in)
{
	struct front *f = arg;

	(void)c;
	if (in->type == MSG_REC_OPENED || in->type == MSG_REC_ACK || in->type == MSG_REC_CLOSED) {
		channel_recorded(f, in);
	} else if (in->type == 0) {
		for (struct channel *ch = f->channels; ch != NULL; ch = ch->next)
			channel_cut(ch, "not-recorded", "the recorder is gone; the session ends");
		front_end(f, "the store is gone");
	}
}

static void
gate_message(void *arg, struct chan *c, struct chan_in *in)
{
	struct front *f = arg;

	(void)c;
	if (login_take(f, in) || own_take(f, in) || screen_take(f, in))
		return;
	switch (in->type) {
	case MSG_DECISION:
		ask_answered(f, in->message, &in->fds[0]);
		break;
	case MSG_HOST_ROWS:
		channel_rows(f, in->message);
		break;
	case MSG_REVOKED:
		held_revoked(f, in->message);
		break;
	case MSG_LIVE_ACT:
		live_act(f, in->message, &in->fds[0]);
		break;
	case MSG_APPROVAL_ASKED:
		if (!approve_asked(f, in->message))
			lack_asked(f, in->message);
		break;
	case MSG_STEPPED_UP:
		lack_stepped_up(f, in->message);
		break;
	case MSG_APPROVAL_NEWS:
		lack_news(f, in->message);
		break;
	case MSG_PINNED:
		leg_pinned(f, in->message);
		break;
	case 0:
		for (struct channel *ch = f->channels; ch != NULL; ch = ch->next)
			channel_cut(ch, "no-gate", "the bastion's gate is gone; the session ends");
		front_end(f, "the gate is gone");
		break;
	}
}

static void
terminated(struct front *f, const struct msg_terminate *msg)
{
	char why[900], id[ID_TEXT];

	(void)text_cleaned(msg->reason, why, sizeof(why));
	for (struct channel *ch = f->channels; ch != NULL; ch = ch->next)
		if (msg->session.n == 0 || (ch->recording && slice_is(msg->session, id_print(ch->record.id, id))))
			channel_cut(ch, "terminated", why);
	if (msg->session.n == 0)
		front_end(f, why);
}

static void
monitor_message(void *arg, struct chan *c, struct chan_in *in)
{
	struct front *f = arg;

	(void)c;
	if (login_take(f, in))
		return;
	switch (in->type) {
	case MSG_MENU_STARTED:
		channel_menu_started(f, in);
		break;
	case MSG_SCREEN_STARTED:
		screen_started(f, in->message, &in->fds[0]);
		break;
	case MSG_SCREEN_ENDED:
		replay_ended(f, in->message);
		break;
	case MSG_DIALLED:
		leg_dialled(f, in->message, &in->fds[0]);
		break;
	case MSG_TERMINATE:
		terminated(f, in->message);
		break;
	case 0:
		for (struct channel *ch = f->channels; ch != NULL; ch = ch->next)
			channel_cut(ch, "terminated", "the bastion is gone; the session ends");
		front_end(f, "the monitor is gone");
		break;
	}
}

/* ---- turns ---- */

/* A client that gets the end of the connection with a channel's last words does not show them: its answer to the channel's
 * end is waited for. */
static bool
lingered(const struct front *f)
{
	return f->ending && clock_ms_since(f->ended) >= LINGER_MS;
}

static bool
step_all(struct front *f)
{
	struct channel *next;
	bool moved = door_take_in(&f->door);

	for (struct leg *l = f->legs; l != NULL; l = l->next) {
		moved |= leg_take_in(l);
		moved |= leg_step(l);
	}
	moved |= global_step(&f->door);
	moved |= jump_step_all(f);
	for (struct channel *c = f->channels; c != NULL; c = next) {
		next = c->next;
		if ((f->ending || c->door->ending) && c->state != CH_RELAY && c->state != CH_SETTLE &&
		    c->state != CH_FINISH && c->state != CH_ENDED)
			channel_leave(c);
		if (c->gone && c->session && c->state < CH_RELAY)
			channel_leave(c);                /* closed before anything came of it */
		moved |= channel_step(c);
		if (c->state == CH_ENDED && (c->gone || c->door->wire.dead || c->door->ending || lingered(f))) {
			channel_drop(c);
			moved = true;
		}
	}
	moved |= listen_step_all(f);
	return moved;
}

static void
key_exchange(struct front *f)
{
	if (door_step(&f->door) >= 0)
		return;
	log_debug("key exchange failed: conn %llu: %s", (unsigned long long)f->conn, ssh_get_error(f->door.wire.ssh));
	front_end(f, "key exchange failed");
}

/* A turn that never ends (libssh 0.10 spins on a peer that announces a tiny packet limit) ends
 * the process: SIGPROF, whose default action that is, after SPIN_S of CPU without a turn. */
static void
watchdog_kick(void)
{
	static mono_t last;
	struct itimerval timer = { { 0, 0 }, { SPIN_S, 0 } };

	if (last.us != 0 && clock_ms_since(last) < 1000)
		return;
	last = clock_mono();
	(void)setitimer(ITIMER_PROF, &timer, NULL);
}

/* Nothing to do but to come back: the turn follows. */
static void
another_turn(void *arg)
{
	(void)arg;
}

static bool
rests(const struct channel *c)
{
	return c->state == CH_MENU || (c->state == CH_RELAY && c->viewers == NULL && !record_is_owed(&c->record));
}

/* May no time run out?  Then two wakeups a second would be most of what a session costs that nobody types in. */
static bool
is_quiet(const struct front *f)
{
	bool quiet = !f->ending && f->asks == NULL && f->askers == NULL && f->lates == NULL && f->jumps == NULL && f->listens == NULL;

	for (const struct leg *l = f->legs; l != NULL && quiet; l = l->next)
		quiet = l->state == LEG_READY && l->users > 0;
	for (const struct channel *c = f->channels; c != NULL && quiet; c = c->next)
		quiet = rests(c);
	return quiet;
}

/* Nothing but time may have passed: timeouts are looked at in the turn. */
static void
tick_arm(struct front *f)
{
	bool quiet = is_quiet(f);

	if (!loop_timer_is_running(&f->tick) || quiet != f->quiet)
		loop_timer_start(f->loop, &f->tick, quiet ? QUIET_MS : TICK_MS, another_turn, f);
	f->quiet = quiet;
}

/* True if a session has died, or packets of it came, since its channels were stepped. */
static bool
rearm_all(struct front *f)
{
	bool more = wire_rearm(&f->door.wire);

	more |= jump_rearm_all(f);
	for (struct leg *l = f->legs; l != NULL; l = l->next)
		more |= wire_rearm(&l->wire);
	return more;
}

static void
front_turn(void *arg)
{
	struct front *f = arg;
	bool moved = true;
	int one = 1;

	watchdog_kick();
	if (!f->ending)
		key_exchange(f);
	if (!f->door.logged_in && !f->ending)
		(void)setsockopt(f->door.wire.fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	ask_expire(f);
	for (int i = 0; i < STEPS_TURN && moved; i++)
		moved = step_all(f);
	if (!f->door.logged_in)
		auth_look(f);
	jump_drop_dead(f);
	leg_drop_all(f);
	if (f->door.wire.dead && !f->ending)
		front_end(f, "the client is gone");
	if (f->ending && f->channels == NULL) {
		loop_stop(f->loop, 0);
		return;
	}
	if (f->door.logged_in)
		tick_arm(f);
	if (rearm_all(f) || moved)
		loop_timer_start(f->loop, &f->again, 0, another_turn, f);
}

static int
front_open(struct front *f, ssh_bind binding, const int fds[4])
{
	int one = 1;

	f->monitor = chan_new(f->loop, fds[1], LINK_FRONT_OF_MONITOR, monitor_message, f);
	f->gate = chan_new(f->loop, fds[2], LINK_FRONT_OF_GATE, gate_message, f);
	f->store = chan_new(f->loop, fds[3], LINK_FRONT_OF_STORE, store_message, f);
	if (f->monitor == NULL || f->gate == NULL || f->store == NULL)
		return -ENOMEM;
	(void)setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	f->binding = binding;
	overhear_start(f);
	if (door_open(&f->door, f, binding, &auth_of_user, fds[0]) != 0)
		return -EIO;
	auth_init(f);
	return 0;
}

_Noreturn void
front_serve(const struct front_options *o, ssh_bind binding, const struct msg_conn_new *msg, const int fds[4])
{
	static struct front f;
	int r;

	f = (struct front){ .o = o, .conn = msg->conn, .loop = loop_new() };
	(void)slice_copy(msg->peer, f.peer, sizeof(f.peer));
	(void)slice_copy(msg->local, f.local, sizeof(f.local));
	buf_init(&f.prompts, 16384);
	buf_init(&f.factor_text, 20000);
	sandbox_title("front: conn %llu from %s", (unsigned long long)f.conn, f.peer);
	if (f.loop == NULL || front_open(&f, binding, fds) != 0)
		_exit(1);
	loop_set_turn(f.loop, front_turn, &f);
	loop_timer_start(f.loop, &f.grace, (int64_t)o->login_grace_s * 1000, grace_over, &f);
	front_turn(&f);
	r = loop_run(f.loop);
	/* The last words are on their way; nothing is freed that the kernel frees better. */
	if (!f.door.wire.dead && f.door.wire.ssh != NULL)
		ssh_disconnect(f.door.wire.ssh);
	_exit(r < 0 ? 1 : r);
}
