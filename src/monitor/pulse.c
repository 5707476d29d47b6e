/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the gate permitted it also takes back: when a time or a role ends, a user is locked, a moderator leaves.  While it
 * stands still (stopped, or in a loop) nobody does that, so what runs is not permitted any more by anyone.  Sessions may not
 * outlive it: a gate that is silent for GateTimeout is killed, each front hears its channel end and says so to its user, and
 * store and gate are started again.
 *
 * The monitor asks for all: one question now and then, not one from each of thousands of fronts, and it can do something
 * about it.  What counts is beats that were missed one by one, not time that went by: when the whole machine stood still, or
 * the monitor did, the gate is given its turns first.
 */
#include <signal.h>

#include "base/log.h"
#include "monitor/pulse.h"
#include "msg/ocsf.h"

#define BEATS 5                           /* in GateTimeout */

static void beat(void *monitor);

static void
next_beat(struct monitor *m)
{
	loop_timer_start(m->loop, &m->pulse_timer, (int64_t)m->conf->gate_timeout_s * 1000 / BEATS, beat, m);
}

/* The record has it before its store is asked to end. */
static void
gate_end(struct monitor *m)
{
	struct msg_event event = { .class_uid = OCSF_SERVICE, .activity = 99, .severity = 5, .actor = slice_from("monitor"),
		.text = slice_from("the gate stood still, so that nothing could be taken back any more: it was ended, and every session with it") };

	log_error("process killed: gate: it has not answered for %llu s", (unsigned long long)m->conf->gate_timeout_s);
	if (m->children[CHILD_STORE].chan != NULL)
		(void)chan_send(m->children[CHILD_STORE].chan, MSG_EVENT, &event);
	(void)kill(m->children[CHILD_GATE].pid, SIGKILL);
}

static void
beat(void *arg)
{
	struct monitor *m = arg;
	struct msg_beat question = { .n = m->beat + 1 };
	const struct child_state *gate = &m->children[CHILD_GATE];

	if (!gate->ready || m->stopping)
		return;                         /* again when it serves */
	if (m->beats_missed >= BEATS) {
		gate_end(m);
		return;
	}
	if (m->beats_missed++ == 0)
		(void)chan_send(gate->chan, MSG_BEAT, &question);
	next_beat(m);
}

void
pulse_start(struct monitor *m)
{
	m->beats_missed = 0;
	next_beat(m);
}

void
pulse_take(struct monitor *m, const struct msg_beat *beat_taken)
{
	if (beat_taken->n != m->beat + 1)
		return;
	m->beat++;
	m->beats_missed = 0;
}
