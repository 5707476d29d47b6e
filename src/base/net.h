/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Network addresses: read, written, compared.  An IPv4 address is kept as ::ffff:a.b.c.d, so that both kinds are 16 bytes. */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <stdbool.h>

#include "base/buf.h"

#define NET_TEXT 48                            /* room for an address, or a prefix, as text */

struct sockaddr;

struct net_addr { unsigned char bytes[16]; };
struct net_prefix { struct net_addr addr; unsigned bits; };

/* "10.0.0.1", "2001:db8::1"; no names, no zones.  0 or -EINVAL. */
int net_parse(struct slice text, struct net_addr *ret);
int net_from_socket(const struct sockaddr *sa, struct net_addr *ret, unsigned *port);    /* 0 or -EAFNOSUPPORT */
bool net_is_v4(const struct net_addr *a);
bool net_eq(const struct net_addr *a, const struct net_addr *b);
const char *net_print(const struct net_addr *a, char out[NET_TEXT]);                     /* returns out */

/* "10.0.0.0/8", "2001:db8::/32", or an address alone.  0 or -EINVAL. */
int net_prefix_parse(struct slice text, struct net_prefix *ret);
bool net_prefix_holds(const struct net_prefix *p, const struct net_addr *a);
/* Are the bits behind the prefix all 0, as in 10.8.0.0/24? */
bool net_prefix_is_aligned(const struct net_prefix *p);
const char *net_prefix_print(const struct net_prefix *p, char out[NET_TEXT]);

/* Is text an address, or one with a port: "10.0.0.1:22", "[2001:db8::1]:22"? */
bool net_is_place(struct slice text);

#endif
