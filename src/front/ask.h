/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Questions to the gate: may they?  Nothing waits for an answer; it comes to a function. */
#ifndef FRONT_ASK_H
#define FRONT_ASK_H

#include "front/front.h"

/* agent: a socket to the gate's signer, if one came; who keeps it sets it to -1. */
typedef void ask_fn(void *arg, const struct msg_decision *d, int *agent);

struct ask {
	struct ask *next;
	uint32_t req;                    /* 0: nothing is asked */
	mono_t since;
	ask_fn *fn;
	void *arg;
};

/* fn is called once with the answer.  0 or chan_send's codes. */
int ask_gate(struct front *f, struct ask *a, struct msg_decide *msg, ask_fn *fn, void *arg);
int ask_replay(struct front *f, struct ask *a, struct msg_replay_ask *msg, ask_fn *fn, void *arg);
void ask_forget(struct front *f, struct ask *a);         /* fine when nothing is asked */
void ask_answered(struct front *f, const struct msg_decision *d, int *agent);
/* Each turn: what the gate has not answered for too long is denied. */
void ask_expire(struct front *f);

#endif
