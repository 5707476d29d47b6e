/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The policy language, policy(5): a readable text and a pure evaluator,
 *
 *	(policy, request) → decision
 *
 * No file, no clock, no global: the caller brings the text, and the time in the request.
 * Total and order-independent.  A matching deny decides; else a matching permit; else the
 * default, which is to deny.  A permit comes with what the matching requirements ask for.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct policy;

/* For Include: appends the text of the index-th file (from 0, sorted) that matches pattern, and its name.
 * 1, 0 when there are no more, or a negative code. */
typedef int policy_read_fn(void *arg, const char *pattern, unsigned index, struct buf *text, char *name, size_t size);

/* NULL with e "FILE:LINE:COL: what: what to do".  read may be NULL: Include is an error then.
 * Caller frees with policy_free. */
struct policy *policy_parse(const char *name, struct slice text, policy_read_fn *read, void *arg, struct err *e);
void policy_free(struct policy *p);
size_t policy_rules(const struct policy *p);           /* permits and denies */

struct policy_label {
	struct slice key, value;
};

struct policy_request {
	struct slice user, verb, host, login;
	const struct slice *groups, *principals;       /* of the user; of his certificate */
	size_t groups_n, principals_n;
	const struct policy_label *labels;             /* of the host */
	size_t labels_n;
	struct slice command;                          /* an exec string, as a plain sshd gets it … */
	const struct slice *argv;                      /* … or the vector itself (agent): argv_n > 0 */
	size_t argv_n;
	struct slice to;                               /* "HOST:PORT" of a forward … */
	struct slice listen;                           /* … and of one that the host shall listen for: one of them */
	struct slice src;                              /* the user's address, as text */
	wall_t now;
};

enum policy_obligation { POLICY_MFA = 1 };             /* bits of what a permit requires */

struct policy_decision {
	bool permit;
	unsigned obligations;                          /* of a permit: all of them must be met */
	const char *require;                           /* the first requirement's name, or "" */
	bool by_default;                               /* no rule matched */
	const char *rule;                              /* its id, or "rule-N"; "" by default */
	const char *reason;                            /* of a deny, or "" */
};

/* Pointers in *ret live as long as the policy.  An unknown verb is denied by default. */
void policy_eval(const struct policy *p, const struct policy_request *req, struct policy_decision *ret);
/* Might this user be required this on some host for some verb?  For the login, which knows neither. */
bool policy_may_require(const struct policy *p, const struct policy_request *req, enum policy_obligation obligation);
/* Is some permit for people with one of these principals (cert:NAME)?  For the login of those whom only a certificate knows. */
bool policy_names_principal(const struct policy *p, const struct slice *principals, size_t n);
/* The verdict and why, in one sentence; agrees with policy_eval.  0 or buf_append's codes. */
int policy_explain(const struct policy *p, const struct policy_request *req, struct buf *out);
/* The same in the few words that a column of a list has: a permit's rule and its place, or first what is lacking. */
int policy_brief(const struct policy *p, const struct policy_request *req, struct buf *out);
/* Might some permit reach this host with this verb at all, whatever login, command or source?  For lists of hosts. */
bool policy_may_reach(const struct policy *p, const struct policy_request *req);
/* The policy in canonical form; parsing it gives the same policy, and printing that the same text. */
int policy_print(const struct policy *p, struct buf *out);
extern const char *const policy_verbs[];               /* ended by NULL */
bool policy_verb_is_known(struct slice verb);

/* A plain exec string as words (quotes and backslash only).  Words found, or -EINVAL: not a simple command
 * (it would take a shell to know what it does).  Words point into store. */
int policy_split(struct slice command, struct buf *store, struct slice *words, size_t max);

#endif
