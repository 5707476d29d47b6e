/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What is no error in a policy, but hardly meant.  Says nothing of what it cannot be sure of. */
#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include "policy/policy.h"

struct policy_lint;

/* p outlives it.  NULL when out of memory. */
struct policy_lint *policy_lint_new(const struct policy *p);
void policy_lint_free(struct policy_lint *l);
/* What there is: with at least one host (user), rules and labels that are about no host (names and groups that nobody has) are found. */
void policy_lint_host(struct policy_lint *l, const struct policy_request *host);       /* its host and labels */
void policy_lint_user(struct policy_lint *l, const struct policy_person *user);

/* A sink that fortress.conf has; NULL: that is all.  With it those are found that a notify names and that are not there. */
void policy_lint_sink(struct policy_lint *l, const char *name);

typedef int policy_lint_fn(void *arg, const char *file, unsigned line, unsigned col, const char *text);
/* Each finding; fn's non-zero return ends it and is returned.  0. */
int policy_lint_report(struct policy_lint *l, policy_lint_fn *fn, void *arg);

#endif
