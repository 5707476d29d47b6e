/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Addresses and prefixes: what is read, what is not, what holds what. */
#include <netinet/in.h>
#include <string.h>

#include "base/net.h"
#include "tests/tap.h"

static void
test_addresses(void)
{
	static const struct { const char *text, *print; } cases[] = {
		{ "10.0.0.1", "10.0.0.1" }, { "::ffff:10.0.0.1", "10.0.0.1" }, { "2001:DB8:0::1", "2001:db8::1" }, { "::", "::" },
		{ "", NULL }, { "10.0.0", NULL }, { "10.0.0.1 ", NULL }, { "fe80::1%eth0", NULL }, { "web1", NULL }, { "1.2.3.4.5", NULL },
	};
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = 0x1600 };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = 0x1600 };
	struct net_addr a, b;
	char text[NET_TEXT];
	unsigned port;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = net_parse(slice_from(cases[i].text), &a) == 0;

		ok(good == (cases[i].print != NULL) && (!good || strcmp(net_print(&a, text), cases[i].print) == 0),
		    "address \"%s\"", cases[i].text);
	}
	ok(net_parse(slice_of("1.2.3.4\0", 8), &a) != 0, "a NUL is not part of an address");
	memcpy(&four.sin_addr, (unsigned char[4]){ 192, 0, 2, 7 }, 4);
	(void)net_parse(slice_from("::ffff:192.0.2.7"), &a);
	memcpy(&six.sin6_addr, a.bytes, 16);
	ok(net_from_socket((struct sockaddr *)&four, &b, &port) == 0 && port == 22 && net_eq(&a, &b) && net_is_v4(&b), "an IPv4 socket");
	ok(net_from_socket((struct sockaddr *)&six, &a, &port) == 0 && port == 22 && net_eq(&a, &b), "the same seen by an IPv6 socket");
	four.sin_family = AF_UNIX;
	ok(net_from_socket((struct sockaddr *)&four, &b, &port) < 0, "a socket of another kind");
}

static void
test_prefixes(void)
{
	static const struct { const char *prefix, *address; int holds; } cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", 1 }, { "10.0.0.0/8", "11.0.0.1", 0 }, { "10.1.2.3", "10.1.2.3", 1 }, { "10.1.2.3", "10.1.2.2", 0 },
		{ "10.128.0.0/9", "10.127.255.255", 0 }, { "10.128.0.0/9", "10.200.0.0", 1 }, { "0.0.0.0/0", "1.2.3.4", 1 },
		{ "0.0.0.0/0", "2001:db8::1", 0 }, { "2001:db8::/32", "2001:db8:ffff::1", 1 }, { "2001:db8::/33", "2001:db8:8000::", 0 },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", 1 }, { "::1", "::1", 1 },
		{ "10.0.0.0/33", NULL, 0 }, { "10.0.0.0/", NULL, 0 }, { "10.0.0.0/-1", NULL, 0 }, { "10.0.0.0/8/8", NULL, 0 }, { "/8", NULL, 0 },
		{ "::/129", NULL, 0 }, { "x/8", NULL, 0 },
	};
	struct net_prefix p;
	struct net_addr a;
	char text[NET_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = net_prefix_parse(slice_from(cases[i].prefix), &p) == 0;

		ok(good == (cases[i].address != NULL) && (!good || (net_parse(slice_from(cases[i].address), &a) == 0 &&
		    net_prefix_holds(&p, &a) == (cases[i].holds != 0))), "prefix %s", cases[i].prefix);
	}
	(void)net_prefix_parse(slice_from("10.0.0.0/8"), &p);
	is(net_prefix_print(&p, text), "10.0.0.0/8", "printed");
	(void)net_prefix_parse(slice_from("2001:db8::/32"), &p);
	is(net_prefix_print(&p, text), "2001:db8::/32", "printed");
}

static void
test_places(void)
{
	static const char *const good[] = { "10.0.0.1", "10.0.0.1:22", "[2001:db8::1]:22", "2001:db8::1", "::1" };
	static const char *const bad[] = { "", "web1", "web1:22", "10.0.0.1:", "10.0.0.1:65536", "[10.0.0.1]:22", "[::1]", ":22", "::1:x", "1:2" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(net_is_place(slice_from(good[i])), "\"%s\" is a place", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!net_is_place(slice_from(bad[i])), "\"%s\" is none", bad[i]);
}

int
main(void)
{
	test_addresses();
	test_prefixes();
	test_places();
	return tap_done();
}
