/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The header that a load balancer puts in front of a connection: the PROXY protocol, versions 1 and 2 (its description comes
 * with HAProxy).  Pure, and fuzzed.
 *
 *     1    "PROXY TCP4 SRC DST SPORT DPORT\r\n", TCP6 alike, or "PROXY UNKNOWN…\r\n"; 107 bytes at most
 *     2    12 bytes of signature, version and command, family and protocol, u16 length (big-endian), addresses, more fields
 *
 * UNKNOWN, LOCAL, and families that are none of the Internet's are the proxy's own connections.
 */
#ifndef FRONT_PROXY_H
#define FRONT_PROXY_H

#include "base/net.h"

#define PROXY_MAX 2048                   /* bytes of a header; more fields than that nobody sends */

struct proxy {
	bool own;                        /* no client's: the rest is not set */
	struct net_addr from, to;
	unsigned from_port, to_port;
};

/* head: what came so far.  1: it is whole; 0: *want bytes more may be read, which touch nothing that follows the header;
 * -EBADMSG: it is none. */
int proxy_parse(struct slice head, struct proxy *ret, size_t *want);

#endif
