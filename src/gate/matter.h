/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What a request for approval is about, as the policy sees it now. */
#ifndef GATE_MATTER_H
#define GATE_MATTER_H

#include "gate/gate.h"

struct matter {
	struct rules_who asker;            /* texts of the directory */
	struct dir_host *host;
	struct rules_answer a;             /* permit: but for what is required */
};

void matter_of(const struct gate *g, const struct approval *x, struct matter *ret);
/* The first need that too few said yes to, and *n: how many did.  NULL: none is left, and *until_us is when that ends; 0: never. */
const struct policy_need *matter_open_need(const struct gate *g, const struct approval *x, const struct matter *t, unsigned *n,
    uint64_t *until_us);
/* Does one of its needs take them? */
bool matter_takes(const struct gate *g, const struct matter *t, const struct rules_who *who);
/* The fronts of the one who asked hear of it; whoever waits in one of them asks for a decision. */
void matter_news(struct gate *g, const struct approval *x, const char *text);

#endif
