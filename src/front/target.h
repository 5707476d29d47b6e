/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A leg: the SSH connection from this front to one target, as one login; channels share it. */
#ifndef FRONT_TARGET_H
#define FRONT_TARGET_H

#include "front/front.h"

enum leg_state { LEG_DIALLING, LEG_CONNECTING, LEG_PINNING, LEG_LOGGING_IN, LEG_READY, LEG_DEAD };

struct leg {
	struct leg *next;
	struct front *front;
	enum leg_state state;
	uint64_t ticket;
	char host[FRONT_NAME_MAX], login[FRONT_NAME_MAX];
	char *pins;
	bool trust_first, staragent;
	int agent;                               /* socket of the gate's ssh-agent, until logged in */
	struct wire wire;
	mono_t start, idle;                      /* idle: since when it has no users */
	char why[512];                           /* when dead */
	const char *code;                        /* short word for the user: target-down, host-key … */
	unsigned users;                          /* channels on it */
	bool told;                               /* the gate knows that it has ended */
	bool busy, deaf;                         /* asked to listen or to stop; did not answer in time (listen.c) */
	unsigned unasked;                        /* channels that it opened and nobody wanted */
};

/* The leg of d's ticket, an old or a new one, with one user more; NULL: the old one has just gone, and the gate knows: asked
 * again, it gives a new one. */
struct leg *leg_take(struct front *f, const struct msg_decision *d, int *agent);
/* Nobody takes the connection that came with d: its ticket goes back. */
void leg_decline(struct front *f, const struct msg_decision *d);
void leg_dialled(struct front *f, const struct msg_dialled *msg, int *sock);
void leg_pinned(struct front *f, const struct msg_pinned *msg);
/* What the target asked for since the last time; true if something came. */
bool leg_take_in(struct leg *l);
/* One step of connect and login; true if something moved. */
bool leg_step(struct leg *l);
void leg_release(struct leg *l);             /* a channel is done with it */
void leg_give_up(struct leg *l);             /* unless others are on it: nobody waits for it any more */
void leg_free(struct leg *l);
/* Frees those that are dead, or that nobody has needed for a while. */
void leg_drop_all(struct front *f);

#endif
