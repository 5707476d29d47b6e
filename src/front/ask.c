/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include "front/ask.h"
#include "front/target.h"

#define ANSWER_MS 10000

static int
ask_send(struct front *f, struct ask *a, uint32_t req, enum msg_type type, const void *msg, ask_fn *fn, void *arg)
{
	int r = chan_send(f->gate, type, msg);

	if (r != 0)
		return r;
	*a = (struct ask){ f->asks, req, clock_mono(), fn, arg };
	f->asks = a;
	return 0;
}

int
ask_gate(struct front *f, struct ask *a, struct msg_decide *msg, ask_fn *fn, void *arg)
{
	msg->req = ++f->last_req;
	msg->change = slice_from(f->change);
	return ask_send(f, a, msg->req, MSG_DECIDE, msg, fn, arg);
}

int
ask_replay(struct front *f, struct ask *a, struct msg_replay_ask *msg, ask_fn *fn, void *arg)
{
	msg->req = ++f->last_req;
	msg->change = slice_from(f->change);
	return ask_send(f, a, msg->req, MSG_REPLAY_ASK, msg, fn, arg);
}

void
ask_forget(struct front *f, struct ask *a)
{
	struct ask **at = &f->asks;

	while (*at != NULL && *at != a)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = a->next;
	a->req = 0;
}

void
ask_answered(struct front *f, const struct msg_decision *d, int *agent)
{
	struct ask *a = f->asks;

	while (a != NULL && a->req != d->req)
		a = a->next;
	if (a != NULL) {
		ask_forget(f, a);
		a->fn(a->arg, d, agent);
	}
	if (*agent >= 0)
		leg_decline(f, d);               /* who asked has gone, or does not want it any more */
}

void
ask_expire(struct front *f)
{
	struct msg_decision no = { .reason = slice_from("the bastion's gate does not answer: try again later") };
	struct ask *a = f->asks;
	int agent = -1;

	while (a != NULL && clock_ms_since(a->since) <= ANSWER_MS)
		a = a->next;
	if (a == NULL)
		return;
	no.req = a->req;
	ask_answered(f, &no, &agent);            /* one a turn: its function may ask again or forget others */
}
