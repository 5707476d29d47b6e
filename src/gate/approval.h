/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Requests for approval, in memory.  The store is where they live (puts.h); a row says what was asked for and who said yes.
 * Whether that is enough it does not say: the policy is asked for that each time (needs.h), so that nobody's yes outlives
 * what it was good for.
 */
#ifndef GATE_APPROVAL_H
#define GATE_APPROVAL_H

#include "gate/directory.h"

#define APPROVAL_ID      7           /* with the NUL */
#define APPROVAL_WHAT    4096        /* bytes of a command: what nobody can read nobody can approve */
#define APPROVAL_VOTES   9
#define APPROVALS_MAX    4096
#define APPROVAL_BASTION '!'         /* before the name of somebody who said yes by the bastion's own command */

struct vote { char name[66]; uint64_t at_us; };

struct approval {
	struct approval *next;
	struct msg_dir_approval row;       /* its texts lie in bytes */
	struct buf bytes;
	struct vote votes[APPROVAL_VOTES];
	unsigned votes_n;
	bool busy;                         /* a change of it is on its way to the store */
	bool ending;                       /* it is over, and the store is being told */
	uint64_t until_us;                 /* when what was approved ends, as far as somebody rests on it; 0: it does not */
	uint64_t conn;                     /* of a single one: for whom it is used */
	uint32_t hold;
};

struct approvals { struct approval *first; unsigned n; };     /* the newest first */

void approvals_free(struct approvals *x);
/* Takes a MSG_DIR_APPROVAL in.  0, -ENOSPC, -ENOMEM, -ENOENT, -EBADMSG. */
int approvals_apply(struct approvals *x, const struct msg_dir_approval *m);
struct approval *approvals_find(const struct approvals *x, struct slice id);       /* or NULL */
/* Those of a user go with the user: with all of whom `is` says true. */
void approvals_forget(struct approvals *x, bool (*is)(const void *arg, struct slice user), const void *arg);
/* An id that none has.  0 or -errno. */
int approvals_new_id(const struct approvals *x, char id[APPROVAL_ID]);

bool approval_is(const struct approval *a, const char *state);
bool approval_is_over(const struct approval *a, wall_t now);                       /* too late to say yes */
/* What is asked for, beside verb, host and login, in one text; and back.  -EMSGSIZE: too long. */
int approval_what(const struct msg_decide *m, struct buf *out);
void approval_question(const struct approval *a, struct msg_decide *ret);
/* The text of votes with one more, for a row.  0 or buf_append's codes. */
int approval_vote_add(const struct approval *a, const char *name, wall_t at, struct buf *out);

#endif
