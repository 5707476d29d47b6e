/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See net.h.  Pure, but for what inet_pton and inet_ntop do. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/net.h"
#include "base/text.h"

static const unsigned char v4_head[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

int
net_parse(struct slice text, struct net_addr *ret)
{
	struct net_addr a;
	char copy[NET_TEXT];

	if (slice_copy(text, copy, sizeof(copy)) != 0)
		return -EINVAL;
	memcpy(a.bytes, v4_head, sizeof(v4_head));
	if (inet_pton(AF_INET, copy, a.bytes + 12) != 1 && inet_pton(AF_INET6, copy, a.bytes) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

int
net_from_socket(const struct sockaddr *sa, struct net_addr *ret, unsigned *port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		memcpy(ret->bytes, v4_head, sizeof(v4_head));
		memcpy(ret->bytes + 12, &v4.sin_addr, 4);
		*port = ntohs(v4.sin_port);
		return 0;
	}
	if (sa->sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(&v6, sa, sizeof(v6));
	memcpy(ret->bytes, &v6.sin6_addr, 16);
	*port = ntohs(v6.sin6_port);
	return 0;
}

bool
net_is_v4(const struct net_addr *a)
{
	return memcmp(a->bytes, v4_head, sizeof(v4_head)) == 0;
}

bool
net_eq(const struct net_addr *a, const struct net_addr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

const char *
net_print(const struct net_addr *a, char out[NET_TEXT])
{
	bool v4 = net_is_v4(a);

	if (inet_ntop(v4 ? AF_INET : AF_INET6, a->bytes + (v4 ? 12 : 0), out, NET_TEXT) == NULL)
		out[0] = '\0';
	return out;
}

int
net_prefix_parse(struct slice text, struct net_prefix *ret)
{
	const unsigned char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	size_t n = slash != NULL ? (size_t)(slash - text.p) : text.n;
	struct net_prefix p;
	uint64_t bits;
	bool v4;

	if (net_parse(slice_of(text.p, n), &p.addr) != 0)
		return -EINVAL;
	v4 = n > 0 && memchr(text.p, ':', n) == NULL;
	bits = v4 ? 32 : 128;
	if (slash != NULL && !text_u64(slice_of(slash + 1, text.n - n - 1), bits, &bits))
		return -EINVAL;
	p.bits = (unsigned)bits + (v4 ? 96 : 0);
	*ret = p;
	return 0;
}

bool
net_prefix_holds(const struct net_prefix *p, const struct net_addr *a)
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (memcmp(p->addr.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 || ((p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0;
}

bool
net_prefix_is_aligned(const struct net_prefix *p)
{
	for (unsigned i = p->bits; i < 128; i++)
		if ((p->addr.bytes[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

const char *
net_prefix_print(const struct net_prefix *p, char out[NET_TEXT])
{
	bool v4 = net_is_v4(&p->addr) && p->bits >= 96;
	char addr[NET_TEXT] = "";

	(void)inet_ntop(v4 ? AF_INET : AF_INET6, p->addr.bytes + (v4 ? 12 : 0), addr, sizeof(addr));
	(void)snprintf(out, NET_TEXT, "%.40s/%u", addr, p->bits - (v4 ? 96 : 0));
	return out;
}

bool
net_is_place(struct slice text)
{
	struct net_addr a;
	const unsigned char *colon = text.n > 0 ? memrchr(text.p, ':', text.n) : NULL;
	struct slice host;
	uint64_t port;

	if (net_parse(text, &a) == 0)
		return true;
	if (colon == NULL || !text_u64(slice_of(colon + 1, text.n - (size_t)(colon + 1 - text.p)), 65535, &port))
		return false;
	host = slice_of(text.p, (size_t)(colon - text.p));
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return net_parse(slice_of(host.p + 1, host.n - 2), &a) == 0 && !net_is_v4(&a);
	return host.n > 0 && memchr(host.p, ':', host.n) == NULL && net_parse(host, &a) == 0;
}
