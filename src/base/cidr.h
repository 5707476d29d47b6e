/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Networks, as 10.8.0.0/24 or 2001:db8::/32.  An IPv4 address is the same as its form inside IPv6. */
#ifndef BASE_CIDR_H
#define BASE_CIDR_H

#include <stdbool.h>

#include "base/buf.h"

struct cidr {
	unsigned char bytes[16];               /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;
};

/* An address alone is a network of one.  0 or -EINVAL. */
int cidr_parse(const char *text, struct cidr *c);
/* Is the address (as text, without a port) in the network?  What is no address is in none. */
bool cidr_holds(const struct cidr *c, struct slice address);
/* Are the bits behind the prefix all 0, as in 10.8.0.0/24? */
bool cidr_is_aligned(const struct cidr *c);

#endif
