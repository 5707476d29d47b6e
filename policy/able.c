/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What of the language is kept.  Who makes a gate keep more of it adds the word here, and the manual's page says so. */
#include <string.h>

#include "policy/ast.h"

const struct policy_able policy_able_here = {
	.obligations = "mfa approval record ticket notify moderator watch",
	.verbs = "shell exec put get forward jump agent-forward x11 watch join replay approve admin",
	.clauses = "on as cmd sha256 path to listen from when unless options id reason",
	.options = "timeout idle mem cpu procs nofile fsize",
};

bool
able_has(const char *words, struct slice word)
{
	size_t n;

	if (words == NULL)
		return true;
	for (; *words != '\0'; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		if (slice_eq(slice_of(words, n), word))
			return true;
	}
	return false;
}
