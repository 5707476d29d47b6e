/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What a front's question comes to: decided, kept, put on the record, and told to whom the policy wants it told. */
#ifndef GATE_VERDICT_H
#define GATE_VERDICT_H

#include "gate/decide.h"

struct verdict {
	struct rules_answer a;
	struct dir_host *host;             /* NULL: no one is meant … */
	bool missing;                      /* … which was all that was wrong */
	char login[LOGIN_SIZE];
	struct ticket *ticket;             /* of a permit to connect, or NULL */
	int agent;                         /* its signer's socket, which is the caller's; or -1 */
};

/* m's verb is one that fits.  words: of a command that is to be run as it stands (rules_words).  0, or negative: the store does
 * not take it, and it must not be. */
int verdict_make(struct client *c, const struct msg_decide *m, struct buf *words, struct verdict *ret);
/* Into the answer; v has to live as long. */
void verdict_fill(struct msg_decision *d, const struct verdict *v);

#endif
