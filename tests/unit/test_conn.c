/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Sources of connections: what counts as one. */
#include <stdlib.h>
#include <string.h>

#include "monitor/conn.h"
#include "tests/tap.h"

static struct monitor monitor;
static struct conn conns[16];

static void
add(const char *peer)
{
	struct conn *c = &conns[monitor.conns_n++];

	*c = (struct conn){ .next = monitor.conns, .monitor = &monitor };
	conn_set_peer(c, peer);
	monitor.conns = c;
}

static void
test_sources(void)
{
	add("192.0.2.1");
	add("192.0.2.1");
	add("192.0.2.10");
	add("2001:db8::1");
	add("2001:db8::2");
	add("2001:db8:0:0:9::1");
	add("2001:db8:0:1::1");
	add("fe80::1%eth0");
	add("fe80::2%eth0");
	ok(conn_startups_of(&monitor, "192.0.2.1") == 2, "an IPv4 address is one source");
	ok(conn_startups_of(&monitor, "192.0.2.10") == 1, "not those whose text begins like it");
	ok(conn_startups_of(&monitor, "2001:db8::3") == 3, "an IPv6 source is a /64, however it is written");
	ok(conn_startups_of(&monitor, "2001:db8:0:1::9") == 1, "and the next one is another");
	ok(conn_startups_of(&monitor, "fe80::9%eth0") == 2, "link-local ones too, with their zone");
	conns[0].logged_in = true;
	ok(conn_startups_of(&monitor, "192.0.2.1") == 1, "who has logged in does not count");
}

int
main(void)
{
	test_sources();
	return tap_done();
}
