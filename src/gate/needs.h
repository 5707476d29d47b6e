/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a permit is not good without (require, policy(5)): is it there?  A second factor of this login, the ticket that was
 * named, the people who said yes.  What this bastion cannot see to at all is a denial.
 */
#ifndef GATE_NEEDS_H
#define GATE_NEEDS_H

#include "gate/gate.h"

struct needs_ask {
	const struct gate *g;
	const struct rules_who *who;
	const struct msg_decide *m;        /* host and login as they are meant, not as they were given */
	wall_t at;
	bool mfa;                          /* the user has proved a second factor on this connection */
	uint64_t conn;                     /* for which: an approval that is good for one time is that one's alone */
	const struct grant *again;         /* of what goes on already, or NULL */
};

/* Takes the permit of a back, with words, where what is required can be met by nobody: for the verb of m, whoever asks and whatever
 * they have. */
void needs_never(const struct needs_ask *ask, struct rules_answer *a);
/* Takes the permit of a back, with words and what is lacking, or fills in what it rests on. */
void needs_check(const struct needs_ask *ask, struct rules_answer *a);
/* The first of d's needs for approval that too few said yes to for who, at that time, and *n: how many did.  NULL: none is left,
 * and *until_us is when that ends; 0: never.  single: x may still be used, or is by the one who asks. */
const struct policy_need *needs_open(const struct gate *g, const struct approval *x, const struct policy_decision *d,
    const struct rules_who *who, wall_t at, bool single, unsigned *n, uint64_t *until_us);

#endif
