/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What sz sends for small files, whole and byte by byte, cut off, and what only looks like it. */
#include <stdio.h>
#include <string.h>

#include "front/zmodem.h"
#include "tests/tap.h"

static char rows[2000];

static void
on_row(void *arg, const struct zmodem_row *row)
{
	size_t n = strlen(rows);
	char sha[9] = "-";

	(void)arg;
	if (row->sha256 != NULL)
		snprintf(sha, sizeof(sha), "%02x%02x%02x%02x", row->sha256[0], row->sha256[1], row->sha256[2], row->sha256[3]);
	snprintf(rows + n, sizeof(rows) - n, "%s %.*s %llu %s %s\n", row->way == ZMODEM_PUT ? "put" : "get", (int)row->name.n,
	    (const char *)row->name.p, (unsigned long long)row->bytes, sha, row->ended ? "ended" : "cut");
}

static void
feed(struct zmodem *z, enum zmodem_way way, const void *bytes, size_t n, size_t step)
{
	for (size_t i = 0; i < n; i += step)
		zmodem_feed(z, way, (const unsigned char *)bytes + i, n - i < step ? n - i : step);
}

#define S(text) text, sizeof(text) - 1

static const char start[] = "rz\r**\x18" "B00000000000000\r\x8a\x11";
/* 32-bit sums: one.txt of 14 bytes, two of none. */
static const char name32[] = "*\x18" "C\x04\0\0\0\0\xdd" "Q\xa2" "3one.txt\0" "14 1 100644 0 2 14\0\x18" "kC\x87\x0e!\x11";
static const char data32[] = "*\x18" "C\n\0\0\0\0\xbc\xef\x92\x8c" "hello\x18X\x18Q\xff" "world\n\x18h\xff\x18PyU";
static const char eof32[] = "*\x18" "C\x0b\x0e\0\0\0?\xb1-Q";
static const char two32[] = "*\x18" "C\x04\0\0\0\0\xdd" "Q\xa2" "3two\0" "0 1 100644 0 1 0\0\x18" "kjt\xbe\xe4\x11"
    "*\x18" "C\n\0\0\0\0\xbc\xef\x92\x8c\x18h\xe7\x06k\x18\xd1" "*\x18" "C\x0b\0\0\0\0\x0c\xc6\xf2\xb1";
static const char fin[] = "**\x18" "B0800000000022d\r\x8aOO";
/* 16-bit sums. */
static const char all16[] = "*\x18" "A\x04\0\0\0\0\x89\x06one.txt\0" "14 1 100644 0 1 14\0\x18k\x97\xfe\x11"
    "*\x18" "A\n\0\0\0\0F\xaehello\x18X\x18Q\xff" "world\n\x18h\xe6\xf9*\x18" "A\x0b\x0e\0\0\0N\xa5";

static void
test_whole(enum zmodem_way way, size_t step)
{
	struct zmodem *z = zmodem_new(on_row, NULL);

	rows[0] = '\0';
	feed(z, way, S(start), step);
	feed(z, way, S(name32), step);
	feed(z, way, S(name32), step);           /* the receiver was slow: once more */
	feed(z, way, S(data32), step);
	feed(z, way, S(eof32), step);
	feed(z, way, S(two32), step);
	feed(z, way, S(fin), step);
	feed(z, way, S(all16), step);
	zmodem_free(z);
	is(rows, way == ZMODEM_GET ? "get one.txt 14 3d292d60 ended\nget two 0 e3b0c442 ended\nget one.txt 14 3d292d60 ended\n" :
	    "put one.txt 14 3d292d60 ended\nput two 0 e3b0c442 ended\nput one.txt 14 3d292d60 ended\n", "two files, and one with 16-bit sums");
}

static void
test_cut(void)
{
	struct zmodem *z = zmodem_new(on_row, NULL);
	char noise[9000];

	rows[0] = '\0';
	feed(z, ZMODEM_GET, S(name32), 100);
	feed(z, ZMODEM_GET, data32, 19, 100);
	feed(z, ZMODEM_GET, S("\x18\x18\x18\x18\x18"), 100);
	feed(z, ZMODEM_GET, S(name32), 100);
	feed(z, ZMODEM_GET, data32, 19, 100);
	memset(noise, 'x', sizeof(noise));
	feed(z, ZMODEM_GET, noise, sizeof(noise), 1000);
	feed(z, ZMODEM_GET, S(two32), 7);
	feed(z, ZMODEM_GET, S(data32), 7);
	feed(z, ZMODEM_GET, S(eof32), 7);
	feed(z, ZMODEM_GET, S(name32), 7);
	zmodem_free(z);
	is(rows, "get one.txt 6 - cut\nget one.txt 8192 - cut\nget two 0 e3b0c442 ended\nget  14 3d292d60 ended\nget one.txt 0 - cut\n",
	    "given up, dead in the middle, begun unseen, and still open at the end");
}

/* A byte of the content was changed on its way: the receiver will ask for it again. */
static void
test_again(void)
{
	struct zmodem *z = zmodem_new(on_row, NULL);
	char bad[sizeof(data32)];

	rows[0] = '\0';
	memcpy(bad, data32, sizeof(bad));
	bad[12] ^= 1;
	feed(z, ZMODEM_PUT, S(name32), 100);
	feed(z, ZMODEM_PUT, bad, sizeof(bad) - 1, 100);
	feed(z, ZMODEM_PUT, S(data32), 100);
	feed(z, ZMODEM_PUT, S(eof32), 100);
	zmodem_free(z);
	is(rows, "put one.txt 28 - ended\n", "sent again: no hash of what did not go by once");
}

static void
test_lookalikes(void)
{
	struct zmodem *z = zmodem_new(on_row, NULL);
	char wrong[sizeof(name32)];

	rows[0] = '\0';
	memcpy(wrong, name32, sizeof(wrong));
	wrong[9] ^= 1;
	feed(z, ZMODEM_GET, wrong, sizeof(wrong) - 1, 3);
	feed(z, ZMODEM_GET, S("**\x18" "B04000000000000\r\n**\x18" "Bzz*\x18" "C*\x18*\x18" "A\x18\x18\x18*"), 1);
	feed(z, ZMODEM_GET, S("\x18"), 1);
	feed(z, ZMODEM_GET, S("***\x1b[2J\x18"), 1);
	zmodem_free(z);
	is(rows, "", "headers with a wrong sum are none");
}

int
main(void)
{
	test_whole(ZMODEM_GET, 1);
	test_whole(ZMODEM_PUT, 3);
	test_whole(ZMODEM_GET, 10000);
	test_cut();
	test_again();
	test_lookalikes();
	return tap_done();
}
