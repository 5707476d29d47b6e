/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* AuthenticationMethods: what is read, and what lists do when something is proved. */
#include <errno.h>
#include <string.h>

#include "base/methods.h"
#include "tests/tap.h"

static void
test_bad(void)
{
	static const char *const bad[] = { "publickey,", ",publickey", "publickey,,totp", "nothing", "publickey any", "any any", "totp",
		"totp,publickey", "publickey,publickey", "publickey,certificate", "keyboard-interactive,keyboard-interactive:pam",
		"keyboard-interactive:bsdauth", "hostbased", "publickey, totp" };
	struct methods m = { .n = 99 };
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(methods_parse(bad[i], &m, &e) == -EINVAL && m.n == 99, "\"%s\": %s", bad[i], e.text);
}

static void
test_any(void)
{
	struct methods m;
	struct err e;

	ok(methods_parse("any", &m, &e) == 0 && m.n == 0, "any: no list is asked for");
	ok((methods_next(&m) & METHOD_TOTP) == 0, "a code is no first method");
	ok(methods_take(&m, METHOD_TOTP) == -EPERM, "nor enough");
	ok(methods_take(&m, METHOD_PASSWORD) == 1, "one of them is enough");
}

static void
test_lists(void)
{
	struct methods m, k;
	struct err e;

	ok(methods_parse(" publickey,totp  publickey,keyboard-interactive:pam certificate ", &m, &e) == 0 && m.n == 3, "three lists %s", e.text);
	ok(methods_all(&m) == (METHOD_PUBLICKEY | METHOD_TOTP | METHOD_INTERACTIVE | METHOD_CERTIFICATE), "all that they name");
	ok(methods_next(&m) == (METHOD_PUBLICKEY | METHOD_CERTIFICATE), "a key first");
	ok(methods_take(&m, METHOD_INTERACTIVE) == -EPERM && methods_take(&m, METHOD_TOTP) == -EPERM, "the order counts");
	k = m;
	ok(methods_take(&k, METHOD_PUBLICKEY | METHOD_CERTIFICATE) == 1, "a certificate is a list of its own");
	ok(methods_take(&m, METHOD_PUBLICKEY) == 0, "a key is not enough");
	ok(methods_take(&m, METHOD_PUBLICKEY) == -EPERM, "nor twice");
	ok(methods_next(&m) == (METHOD_TOTP | METHOD_INTERACTIVE | METHOD_CERTIFICATE), "what may come now");
	ok(methods_first(&m, METHOD_TOTP | METHOD_INTERACTIVE) == METHOD_TOTP, "the first list's comes first");
	ok(methods_would_do(&m, METHOD_TOTP) && !methods_would_do(&m, METHOD_PASSWORD), "what would be enough");
	ok(methods_take(&m, METHOD_INTERACTIVE) == 1, "the second list is enough");
	ok(methods_parse("password,publickey,totp", &m, &e) == 0 && methods_take(&m, METHOD_PASSWORD) == 0 &&
	    methods_take(&m, METHOD_TOTP) == -EPERM && methods_take(&m, METHOD_PUBLICKEY) == 0 && methods_take(&m, METHOD_TOTP) == 1,
	    "three in their order");
	is(methods_name(METHOD_TOTP), "totp", "a name");
}

int
main(void)
{
	test_bad();
	test_any();
	test_lists();
	return tap_done();
}
