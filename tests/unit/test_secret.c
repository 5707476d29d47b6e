/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>

#include "base/secret.h"
#include "tests/tap.h"

int
main(void)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 }, zero[32] = { 0 };
	struct secret s = { 0 };

	ok(secret_init(&s, 7) == 0 && s.n == 7 && memcmp(s.p, zero, 7) == 0, "as much as was asked for, zero");
	secret_done(&s);
	secret_done(&s);
	ok(s.p == NULL && s.n == 0, "done twice is fine");
	ok(secret_init(&s, 10000) == 0 && s.p[9999] == 0, "more than a page, zero");
	secret_done(&s);
	ok(secret_random(a, sizeof(a)) == 0 && secret_random(b, sizeof(b)) == 0 && memcmp(a, b, sizeof(a)) != 0, "two that are random differ");
	secret_wipe(a, sizeof(a));
	ok(memcmp(a, zero, sizeof(a)) == 0, "what was wiped is nought");
	return tap_done();
}
