/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What each front holds: the permits that something still rests on, a session, a forward, a jump.  The front numbers what it
 * opens and says when it has ended; until then the question is kept, to be asked again (again.h).
 */
#ifndef GATE_GRANT_H
#define GATE_GRANT_H

#include "gate/gate.h"
#include "gate/rules.h"

struct grant {
	struct grant *next;
	struct client *client;
	struct loop_timer timer;       /* of its timeout */
	uint32_t hold;                 /* the front's number */
	bool by_path;                  /* each path is asked about */
	bool revoked;                  /* its front was told, and has not said yet that it ended */
	mono_t revoked_at;
	enum policy_record record;     /* how much of it is recorded */
	size_t bytes;                  /* of texts */
	struct slice verb, host, login, command, to, listen, rule;     /* rule: that permitted it */
	struct slice approval, change;     /* the request that was approved, the ticket; or empty */
	struct slice limits;               /* as base/limits.h has them */
	uint64_t timeout_s;                /* 0: none */
	char texts[];
};

/* Keeps m's question, for this host and login; NULL: too many, or no memory.  It is one of the two then, at once. */
struct grant *grant_keep(struct client *c, const struct msg_decide *m, const char *host, const char *login, const struct rules_answer *a);
void grant_settle(struct grant *g);       /* it takes the place of an older one of the same verb and hold; of replay, for the same recording */
void grant_take_back(struct grant *g);    /* it came to nothing, and what was held before is held on */
int grant_release(struct client *c, const void *message);     /* MSG_RELEASE */
void grants_free(struct client *c);

#endif
