/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Who may do what where: the directory's rows and the policy's words put together.  Nothing is sent here. */
#ifndef GATE_DECIDE_H
#define GATE_DECIDE_H

#include "gate/gate.h"

#define LOGIN_SIZE 256

struct decide_ask {
	const struct rules_who *who;
	struct slice verb, host, login, command, to, listen, path, src;      /* login: empty for the default */
	wall_t at;

	/* needs.h.  Without `needs` the answer is the policy's, whatever it requires. */
	bool needs, mfa;
	struct slice change;
	uint64_t conn;
	uint32_t hold, under;
	const struct grant *again;
};

/* Finds the host, chooses the login, asks the policy.  *host is NULL when there is none of that name; then, and for a
 * login that the host does not have, ret says so.  login gets the granted (or asked) one. */
void decide_ask(const struct gate *g, const struct decide_ask *ask, struct dir_host **host, char login[LOGIN_SIZE],
    struct rules_answer *ret);

/* Of an exec that is permitted there: rules_words. */
int decide_words(const struct gate *g, const struct decide_ask *ask, const struct dir_host *host, const char *login,
    struct buf *words);

/* Who looks at a list of hosts, from where; NULL: the administrator.  briefly: why a host may not be reached is a column of a table. */
struct decide_view { const struct rules_who *who; struct slice src; wall_t at; bool briefly; };

/* One host as they see it.  Appends to rows only if its allowed is as wanted.  0 or buf_append's codes. */
int decide_host_row(const struct gate *g, const struct decide_view *v, const struct dir_host *host, bool wanted, struct buf *rows);

#endif
