/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Words that the bastion answers itself: `ssh alice@bastion hosts --json`.  No host can be named by one of them here. */
#ifndef FRONT_VERBS_H
#define FRONT_VERBS_H

#include "front/channel.h"

struct verb;
struct block;

/* What a verb prints, collected and delivered as the client takes it. */
struct listing {
	const struct verb *verb;
	struct buf out;
	size_t off;
	bool over;
	int status;                              /* of the channel, when all is delivered */
	struct block *blocks;                    /* of config */
	unsigned blocks_n;

	/* own.c */
	uint32_t req;                            /* what the gate was asked for */
	void (*answer)(struct channel *c, const struct chan_in *in);     /* takes its answers; NULL: own.c does */
	bool reading;                            /* a key comes by standard input */
	struct buf in, blob;
	char fingerprint[64];
};

/* Takes c->command if it is one: c is then a listing, or has been told how to ask. */
bool verb_take(struct channel *c);
/* The one that waits for the gate's answer to req; NULL: none does. */
struct channel *listing_find(struct front *f, uint32_t req);
/* Ends it with a line on stderr. */
void verb_refuse(struct channel *c, const char *code, const char *reason);
/* mosh's way to start its server, and its refusal in words. */
bool verb_is_mosh(const char *command);
void verb_refuse_mosh(struct channel *c);
void verb_row(struct channel *c, const struct msg_host_row *row);
void verb_rows_end(struct channel *c);

#endif
