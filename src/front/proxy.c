/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See proxy.h.  No byte behind the header is ever asked for, so what follows stays in the socket for who serves it. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "front/proxy.h"

enum { SHORTEST_1 = 15, LONGEST_1 = 107, HEAD_2 = 16 };   /* "PROXY UNKNOWN" and its line end: no header is shorter */

static const unsigned char mark_1[6] = { 'P', 'R', 'O', 'X', 'Y', ' ' };
static const unsigned char mark_2[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

/* As far as it goes, is head this mark? */
static bool
begins(struct slice head, const unsigned char *mark, size_t n)
{
	return memcmp(head.p, mark, head.n < n ? head.n : n) == 0;
}

/* ---- version 1 ---- */

/* The word up to the next single blank, or to the end. */
static struct slice
word_take(struct slice *line)
{
	struct slice word = slice_of(line->p, 0);

	(void)take_part(line, ' ', &word);
	return word;
}

static bool
port_take(struct slice *line, unsigned *port)
{
	struct slice word = word_take(line);
	uint64_t v;

	if (!text_u64(word, 65535, &v) || (word.n > 1 && word.p[0] == '0'))
		return false;
	*port = (unsigned)v;
	return true;
}

static bool
address_take(struct slice *line, bool v4, struct net_addr *a)
{
	struct slice word = word_take(line);

	return (memchr(word.p, ':', word.n) == NULL) == v4 && net_parse(word, a) == 0;
}

/* line: between "PROXY " and the line's end */
static int
line_parse(struct slice line, struct proxy *ret)
{
	struct slice family = word_take(&line);
	struct proxy p = { 0 };
	bool v4 = slice_is(family, "TCP4");

	if (slice_is(family, "UNKNOWN")) {
		*ret = (struct proxy){ .own = true };
		return 1;
	}
	if ((!v4 && !slice_is(family, "TCP6")) || line.n == 0 || line.p[line.n - 1] == ' ')
		return -EBADMSG;
	if (!address_take(&line, v4, &p.from) || !address_take(&line, v4, &p.to) || !port_take(&line, &p.from_port) ||
	    !port_take(&line, &p.to_port) || line.n > 0)
		return -EBADMSG;
	*ret = p;
	return 1;
}

static int
parse_1(struct slice head, struct proxy *ret, size_t *want)
{
	const unsigned char *cr = memchr(head.p, '\r', head.n), *lf = memchr(head.p, '\n', head.n);
	const unsigned char *end = head.p + head.n;

	if (memchr(head.p, '\0', head.n) != NULL || (cr != NULL && cr + 1 != end && cr + 1 != lf) || (lf != NULL && (lf + 1 != end || cr == NULL || lf != cr + 1)))
		return -EBADMSG;
	if (lf != NULL)
		return line_parse(slice_of(head.p + sizeof(mark_1), head.n - sizeof(mark_1) - 2), ret);
	*want = cr != NULL ? 1 : 2;
	return head.n + *want > LONGEST_1 ? -EBADMSG : 0;
}

/* ---- version 2 ---- */

static unsigned
u16_at(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static int
v4_at(struct slice a, struct proxy *p)
{
	static const unsigned char head[12] = { [10] = 0xff, [11] = 0xff };

	if (a.n < 12)
		return -EBADMSG;
	memcpy(p->from.bytes, head, sizeof(head));
	memcpy(p->from.bytes + 12, a.p, 4);
	memcpy(p->to.bytes, head, sizeof(head));
	memcpy(p->to.bytes + 12, a.p + 4, 4);
	p->from_port = u16_at(a.p + 8);
	p->to_port = u16_at(a.p + 10);
	return 1;
}

static int
v6_at(struct slice a, struct proxy *p)
{
	if (a.n < 36)
		return -EBADMSG;
	memcpy(p->from.bytes, a.p, 16);
	memcpy(p->to.bytes, a.p + 16, 16);
	p->from_port = u16_at(a.p + 32);
	p->to_port = u16_at(a.p + 34);
	return 1;
}

/* command: 0 the proxy's own, 1 somebody's.  family: 0 none, 1 IPv4, 2 IPv6, 3 Unix; protocol: 0 none, 1 stream, 2 datagrams */
static int
addresses_parse(unsigned char version, unsigned char kind, struct slice addresses, struct proxy *ret)
{
	unsigned command = version & 15, family = kind >> 4, protocol = kind & 15;
	struct proxy p = { 0 };
	int r = 1;

	if (command > 1 || family > 3 || protocol > 2)
		return -EBADMSG;
	p.own = command == 0 || family == 0 || family == 3 || protocol == 0;
	if (!p.own && protocol != 1)
		return -EBADMSG;
	if (!p.own)
		r = family == 1 ? v4_at(addresses, &p) : v6_at(addresses, &p);
	if (r == 1)
		*ret = p;
	return r;
}

static int
parse_2(struct slice head, struct proxy *ret, size_t *want)
{
	size_t whole;

	if (head.n > sizeof(mark_2) && head.p[12] >> 4 != 2)
		return -EBADMSG;
	if (head.n < HEAD_2) {
		*want = HEAD_2 - head.n;
		return 0;
	}
	whole = HEAD_2 + u16_at(head.p + 14);
	if (whole > PROXY_MAX || head.n > whole)
		return -EBADMSG;
	*want = whole - head.n;
	if (*want > 0)
		return 0;
	return addresses_parse(head.p[12], head.p[13], slice_of(head.p + HEAD_2, whole - HEAD_2), ret);
}

int
proxy_parse(struct slice head, struct proxy *ret, size_t *want)
{
	bool first = head.n == 0 || begins(head, mark_1, sizeof(mark_1)), second = head.n == 0 || begins(head, mark_2, sizeof(mark_2));

	*want = 0;
	if (!first && !second)
		return -EBADMSG;
	if (head.n < SHORTEST_1) {
		*want = SHORTEST_1 - head.n;
		return 0;
	}
	return first ? parse_1(head, ret, want) : parse_2(head, ret, want);
}
