/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <stddef.h>

#include "msg/reserved.h"

static const char *const words[] = { "approvals", "approve", "config", "help", "hosts", "join", "keys", "reject", "replay", "request",
	"session", "sessions", "watch" };

bool
reserved_is_word(struct slice word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is(word, words[i]))
			return true;
	return false;
}
