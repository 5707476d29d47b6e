/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the directory knows of a user and a host, in the form that a request wants it.  Pure. */
#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

#include "policy/policy.h"

#define FACTS_MAX POLICY_LABELS_MAX

struct policy_facts {
	struct slice groups[FACTS_MAX];
	struct policy_label labels[FACTS_MAX], attrs[FACTS_MAX];
	size_t groups_n, labels_n, attrs_n;
};

/* groups: comma-separated; labels: "env=prod tier=db"; attrs, of the user, likewise.  The host's name is the label "name" too.
 * All are loans: the texts must outlive f.  What is beyond FACTS_MAX is not taken; false then, and the caller must deny. */
bool policy_facts_set(struct policy_facts *f, struct slice groups, struct slice attrs, struct slice host,
    struct slice labels);
/* Points the request at f. */
void policy_facts_use(const struct policy_facts *f, struct policy_request *req);

#endif
