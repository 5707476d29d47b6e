/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* PROXY headers, given byte by byte and as the reader asks for them: what they say, and that nothing behind them is touched. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/proxy.h"
#include "tests/tap.h"

#define BEHIND "SSH-2.0-x\r\n"
#define MARK   "\r\n\r\n\0\r\nQUIT\n"

/* Reads as arrive.c does, from bytes with more behind them.  How much was read, or 0: it is no header. */
static size_t
read_all(const void *bytes, size_t n, struct proxy *p)
{
	unsigned char all[4096];
	size_t at = 0, want;
	int r;

	if (n + sizeof(BEHIND) > sizeof(all))
		return 0;
	memcpy(all, bytes, n);
	memcpy(all + n, BEHIND, sizeof(BEHIND));
	while ((r = proxy_parse(slice_of(all, at), p, &want)) == 0) {
		if (want == 0 || at + want > n + sizeof(BEHIND))
			return 0;
		at += want;
	}
	return r == 1 ? at : 0;
}

static void
test_lines(void)
{
	static const struct { const char *head, *from, *to; unsigned from_port, to_port; } good[] = {
		{ "PROXY TCP4 192.0.2.7 198.51.100.1 56324 22\r\n", "192.0.2.7", "198.51.100.1", 56324, 22 },
		{ "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", "255.255.255.255", 65535, 65535 },
		{ "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0", "0.0.0.0", 0, 0 },
		{ "PROXY TCP6 2001:db8::7 2001:db8::1 56324 22\r\n", "2001:db8::7", "2001:db8::1", 56324, 22 },
		{ "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, 65535 },
		{ "PROXY TCP6 ::ffff:192.0.2.7 ::1 1 22\r\n", "192.0.2.7", "::1", 1, 22 },
		{ "PROXY UNKNOWN\r\n", NULL, NULL, 0, 0 },
		{ "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", NULL, NULL, 0, 0 },
	};
	char from[NET_TEXT], to[NET_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct proxy p = { 0 };
		size_t n = read_all(good[i].head, strlen(good[i].head), &p);

		ok(n == strlen(good[i].head) && p.own == (good[i].from == NULL), "%.*s", (int)strlen(good[i].head) - 2, good[i].head);
		ok(p.own || (strcmp(net_print(&p.from, from), good[i].from) == 0 && strcmp(net_print(&p.to, to), good[i].to) == 0 &&
		    p.from_port == good[i].from_port && p.to_port == good[i].to_port), "and what it says");
	}
}

static void
test_bad_lines(void)
{
	static const struct { const char *head; size_t n; } bad[] = {
#define B(s) { s, sizeof(s) - 1 }
		B("SSH-2.0-OpenSSH_9.2\r\n"), B("PROXY"), B("PROXY \r\n"), B("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), B("PROXY TCP4\r\n"),
		B("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n"), B("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"), B("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"),
		B("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"), B("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"), B("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"),
		B("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"), B("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"), B("PROXY TCP4 2001:db8::1 1.2.3.4 1 2\r\n"),
		B("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"), B("PROXY TCP4 localhost 1.2.3.4 1 2\r\n"), B("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"),
		B("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), B("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r \r\n"), B("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n"),
		B("PROXY UNKNOWNX\r\n"), B("PROXY\tTCP4 1.2.3.4 1.2.3.4 1 2\r\n"), B("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), B("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n"),
		B("PROXY UNKNOWN 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n"),
		B("PROXY A\r\nPROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"),
#undef B
	};
	struct proxy p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(read_all(bad[i].head, bad[i].n, &p) == 0, "no header: number %zu", i);
}

/* A version 2 header with n bytes behind its length. */
static size_t
make_2(unsigned char *to, unsigned char command, unsigned char family, const void *bytes, unsigned n)
{
	memcpy(to, MARK, 12);
	to[12] = command;
	to[13] = family;
	to[14] = (unsigned char)(n >> 8);
	to[15] = (unsigned char)n;
	memcpy(to + 16, bytes, n);
	return 16 + (size_t)n;
}

static void
test_binary(void)
{
	static const unsigned char four[12] = { 192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0, 22 };
	static const unsigned char more[3000] = { 192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0, 22, 4, 0, 1, 0 };
	unsigned char six[36] = { 0x20, 1, 0x0d, 0xb8 }, head[4096];
	char text[NET_TEXT];
	struct proxy p;
	size_t n;

	six[15] = 7;
	six[16] = 0x20;
	six[34] = 8;
	n = make_2(head, 0x21, 0x11, four, 12);
	ok(read_all(head, n, &p) == n && !p.own && p.from_port == 0xdc04 && p.to_port == 22, "version 2, IPv4");
	is(net_print(&p.from, text), "192.0.2.7", "from");
	is(net_print(&p.to, text), "198.51.100.1", "to");
	n = make_2(head, 0x21, 0x21, six, 36);
	ok(read_all(head, n, &p) == n && !p.own && p.to_port == 0x800, "version 2, IPv6");
	is(net_print(&p.from, text), "2001:db8::7", "from");
	n = make_2(head, 0x21, 0x11, more, 500);
	ok(read_all(head, n, &p) == n && !p.own && p.to_port == 22, "further fields are skipped");
	n = make_2(head, 0x20, 0x00, more, 0);
	ok(read_all(head, n, &p) == n && p.own, "LOCAL: a connection of the balancer's own");
	n = make_2(head, 0x20, 0x11, four, 12);
	ok(read_all(head, n, &p) == n && p.own, "LOCAL with addresses");
	n = make_2(head, 0x21, 0x00, more, 0);
	ok(read_all(head, n, &p) == n && p.own, "no family");
	n = make_2(head, 0x21, 0x31, more, 216);
	ok(read_all(head, n, &p) == n && p.own, "a socket of Unix");
	n = make_2(head, 0x21, 0x11, more, PROXY_MAX - 16);
	ok(read_all(head, n, &p) == n, "the longest");
}

static void
test_bad_binary(void)
{
	static const unsigned char zero[3000];
	static const struct { unsigned char command, family; unsigned n; const char *why; } bad[] = {
		{ 0x11, 0x11, 12, "version 1" }, { 0x31, 0x11, 12, "version 3" }, { 0x22, 0x11, 12, "a command that is none" },
		{ 0x21, 0x11, 11, "short for IPv4" }, { 0x21, 0x21, 35, "short for IPv6" }, { 0x21, 0x12, 12, "datagrams" },
		{ 0x21, 0x41, 36, "a family that is none" }, { 0x21, 0x13, 12, "a protocol that is none" }, { 0x21, 0x11, PROXY_MAX - 15, "too long" },
	};
	unsigned char head[4096];
	struct proxy p;
	size_t want;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(read_all(head, make_2(head, bad[i].command, bad[i].family, zero, bad[i].n), &p) == 0, "refused: %s", bad[i].why);
	(void)make_2(head, 0x21, 0x11, zero, 12);
	for (size_t n = 0; n < 28; n++)
		ok(proxy_parse(slice_of(head, n), &p, &want) == 0 && want > 0 && n + want <= 28, "%zu bytes are not enough", n);
	head[3] = 'x';
	ok(proxy_parse(slice_of(head, 28), &p, &want) == -EBADMSG, "a bad signature");
	head[14] = head[15] = 0xff;
	head[3] = '\n';
	ok(proxy_parse(slice_of(head, 16), &p, &want) == -EBADMSG, "a length of 65535");
}

int
main(void)
{
	test_lines();
	test_bad_lines();
	test_binary();
	test_bad_binary();
	return tap_done();
}
