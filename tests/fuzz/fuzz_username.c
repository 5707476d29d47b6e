/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Raw SSH user names: whatever comes, the parts lie inside the name and are clean. */
#include <assert.h>

#include "base/text.h"
#include "gate/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_user(void *arg, struct slice name)
{
	(void)arg;
	return name.n == 5 || (name.n > 0 && name.p[0] == 'u');
}

static void
inside(struct slice part, const uint8_t *data, size_t size)
{
	assert(part.n == 0 || (part.p >= data && part.p + part.n <= data + size));
	for (size_t i = 0; i < part.n; i++)
		assert(part.p[i] > ' ' && part.p[i] != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char shown[2048];
	struct names n;
	unsigned formats = size > 0 ? data[0] & 3u : 0;

	(void)names_shown(slice_of(data, size), shown, sizeof(shown));
	if (names_split(slice_of(data, size), formats, is_user, NULL, &n) != 0)
		return 0;
	assert(text_is_name(n.user) || is_user(NULL, n.user));
	assert(!names_is_code(n.login) && !names_is_code(n.host));
	inside(n.user, data, size);
	inside(n.login, data, size);
	inside(n.host, data, size);
	inside(n.code, data, size);
	assert(n.login.n == 0 || n.host.n > 0);
	return 0;
}
