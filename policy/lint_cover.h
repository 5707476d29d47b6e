/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#ifndef POLICY_LINT_COVER_H
#define POLICY_LINT_COVER_H

#include "policy/ast.h"

/* Does a match whenever b does, whatever their effect?  Never a wrong yes. */
bool rule_covers(const struct rule *a, const struct rule *b);

#endif
