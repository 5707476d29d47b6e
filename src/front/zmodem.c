/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * ZMODEM (C. Forsberg, 1988), as far as a sender speaks it.  A header is * ZDLE and
 *	A type p0 p1 p2 p3 crc16        B the same in hexadecimal        C type p0 p1 p2 p3 crc32
 * After ZFILE and ZDATA come subpackets: bytes, ZDLE and one of h i j k, and a CRC of all that.  h and k end the frame.
 * In them ZDLE escapes one byte.  Only a header with a good CRC counts, so that no output of a program is taken for one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "front/zmodem.h"

#define ZDLE     0x18
#define INFO_MAX 1100                    /* name, NUL, "length time mode serial…" */
#define SUB_MAX  8192                    /* the protocol's limit of a subpacket */

enum { ZSINIT = 2, ZFILE = 4, ZFIN = 8, ZDATA = 10, ZEOF = 11, ZCOMMAND = 18 };
enum state { IDLE, FORMAT, HEX, BIN, SUB, SUB_CRC };

struct side {
	enum state state;
	unsigned char last, type;
	bool escaped, wide;                  /* wide: CRCs of 32 bits */
	unsigned char head[20];
	size_t head_n, head_need;
	unsigned char crc[4], end;
	size_t crc_n, sub_n;
	uint32_t sum;                        /* of the subpacket so far */
	struct buf info;

	bool open, scattered;                /* a file */
	char name[INFO_MAX];
	uint64_t bytes, next;
	EVP_MD_CTX *sha;
	unsigned char chunk[1024];           /* not in sha yet */
	size_t chunk_n;
};

struct zmodem {
	zmodem_row_fn *fn;
	void *arg;
	struct side sides[2];
};

/* ---- sums ---- */

static uint32_t
crc16_add(uint32_t crc, unsigned char byte)
{
	crc ^= (uint32_t)byte << 8;
	for (int i = 0; i < 8; i++)
		crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1 & 0xffff;
	return crc;
}

/* Four bits at a time. */
static uint32_t
crc32_add(uint32_t crc, unsigned char byte)
{
	static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158,
		0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };

	crc = table[(crc ^ byte) & 15] ^ crc >> 4;
	return table[(crc ^ byte >> 4) & 15] ^ crc >> 4;
}

static uint32_t
sum_start(bool wide)
{
	return wide ? 0xffffffffu : 0;
}

static uint32_t
sum_add(bool wide, uint32_t sum, unsigned char byte)
{
	return wide ? crc32_add(sum, byte) : crc16_add(sum, byte);
}

/* crc16 goes on the wire high byte first, crc32 inverted and low byte first. */
static bool
sum_is(bool wide, uint32_t sum, const unsigned char *crc)
{
	if (!wide)
		return sum == ((uint32_t)crc[0] << 8 | crc[1]);
	return ~sum == ((uint32_t)crc[3] << 24 | (uint32_t)crc[2] << 16 | (uint32_t)crc[1] << 8 | crc[0]);
}

/* ---- a file ---- */

static void
hash_chunk(struct side *s)
{
	if (!s->scattered)
		(void)EVP_DigestUpdate(s->sha, s->chunk, s->chunk_n);
	s->chunk_n = 0;
}

static void
file_end(struct zmodem *z, struct side *s, bool ended)
{
	unsigned char sha[EVP_MAX_MD_SIZE];
	struct zmodem_row row = { .way = s == &z->sides[ZMODEM_PUT] ? ZMODEM_PUT : ZMODEM_GET, .name = slice_from(s->name),
		.bytes = s->bytes, .ended = ended };

	if (!s->open)
		return;
	hash_chunk(s);
	if (ended && !s->scattered && EVP_DigestFinal_ex(s->sha, sha, NULL) == 1)
		row.sha256 = sha;
	z->fn(z->arg, &row);
	s->open = false;
}

static void
file_begin(struct side *s, const char *name)
{
	s->open = true;
	s->bytes = s->next = s->chunk_n = 0;
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	if (s->sha == NULL)
		s->sha = EVP_MD_CTX_new();
	s->scattered = s->sha == NULL || EVP_DigestInit_ex(s->sha, EVP_sha256(), NULL) != 1;
}

/* The subpacket of a ZFILE.  It comes again if the receiver was slow to answer. */
static void
file_named(struct zmodem *z, struct side *s)
{
	const char *name = buf_u8(&s->info, 0) == 0 ? (const char *)s->info.p : "";

	if (s->open && s->bytes == 0 && strcmp(s->name, name) == 0)
		return;
	file_end(z, s, false);
	file_begin(s, name);
}

static void
file_data(struct side *s, unsigned char byte)
{
	s->bytes++;
	s->next++;
	s->chunk[s->chunk_n++] = byte;
	if (s->chunk_n == sizeof(s->chunk))
		hash_chunk(s);
}

/* ---- frames ---- */

static void
sub_start(struct side *s)
{
	s->state = SUB;
	s->sub_n = s->crc_n = 0;
	s->escaped = false;
	s->sum = sum_start(s->wide);
}

/* A header: type and four bytes. */
static void
take_header(struct zmodem *z, struct side *s, const unsigned char *h)
{
	uint64_t pos = (uint64_t)h[4] << 24 | (uint64_t)h[3] << 16 | (uint64_t)h[2] << 8 | h[1];

	s->state = IDLE;
	s->type = h[0];
	if (s->type == ZDATA && !s->open)
		file_begin(s, "");
	if (s->type == ZDATA && pos != s->next) {
		s->scattered = true;
		s->next = pos;
	}
	if (s->type == ZEOF)
		file_end(z, s, pos == s->next);
	if (s->type == ZFIN)
		file_end(z, s, false);
	if (s->type == ZFILE)
		buf_clear(&s->info);
	if (s->type == ZFILE || s->type == ZDATA || s->type == ZSINIT || s->type == ZCOMMAND)
		sub_start(s);
}

static void
check_header(struct zmodem *z, struct side *s, const unsigned char *h)
{
	uint32_t sum = sum_start(s->wide);

	for (int i = 0; i < 5; i++)
		sum = sum_add(s->wide, sum, h[i]);
	s->state = IDLE;
	if (sum_is(s->wide, sum, h + 5))
		take_header(z, s, h);
}

static void
hex_byte(struct zmodem *z, struct side *s, unsigned char c)
{
	const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c) : NULL;
	unsigned char h[7];

	if (at == NULL) {
		s->state = IDLE;
		return;
	}
	s->head[s->head_n++] = (unsigned char)(at - digits);
	if (s->head_n < 14)
		return;
	for (size_t i = 0; i < 7; i++)
		h[i] = (unsigned char)(s->head[2 * i] << 4 | s->head[2 * i + 1]);
	check_header(z, s, h);
}

static void
sub_byte(struct zmodem *z, struct side *s, unsigned char c)
{
	s->sum = sum_add(s->wide, s->sum, c);
	if (++s->sub_n > SUB_MAX) {              /* its sender is gone: this is something else */
		file_end(z, s, false);
		s->state = IDLE;
	} else if (s->type == ZDATA) {
		file_data(s, c);
	} else if (s->type == ZFILE && s->info.len < INFO_MAX - 1) {
		(void)buf_u8(&s->info, c);
	}
}

static void
sub_end(struct side *s, unsigned char c)
{
	s->sum = sum_add(s->wide, s->sum, c);
	s->end = c;
	s->state = SUB_CRC;
	s->crc_n = 0;
}

static void
crc_byte(struct zmodem *z, struct side *s, unsigned char c)
{
	bool good;

	s->crc[s->crc_n++] = c;
	if (s->crc_n < (s->wide ? 4u : 2u))
		return;
	good = sum_is(s->wide, s->sum, s->crc);
	if (!good)
		s->scattered = true;             /* the receiver asks for it again */
	if (good && (s->end == 'i' || s->end == 'j')) {
		sub_start(s);
		return;
	}
	s->state = IDLE;
	if (good && s->type == ZFILE)
		file_named(z, s);
}

/* A byte of a binary header, of a subpacket or of its CRC, freed of its escape. */
static void
plain_byte(struct zmodem *z, struct side *s, unsigned char c)
{
	if (s->state == BIN) {
		s->head[s->head_n++] = c;
		if (s->head_n == s->head_need)
			check_header(z, s, s->head);
	} else if (s->state == SUB) {
		sub_byte(z, s, c);
	} else {
		crc_byte(z, s, c);
	}
}

static void
escaped_byte(struct zmodem *z, struct side *s, unsigned char c)
{
	s->escaped = false;
	if (s->state == SUB && c >= 'h' && c <= 'k')
		sub_end(s, c);
	else if (c == 'l' || c == 'm')
		plain_byte(z, s, c == 'l' ? 0x7f : 0xff);
	else if ((c & 0x60) == 0x40)
		plain_byte(z, s, c ^ 0x40);
	else {                                   /* two of them in a row: given up */
		file_end(z, s, false);
		s->state = IDLE;
	}
}

static void
format_byte(struct side *s, unsigned char c)
{
	s->wide = c == 'C';
	s->head_n = 0;
	s->head_need = s->wide ? 9 : 7;
	s->escaped = false;
	s->state = c == 'B' ? HEX : c == 'A' || c == 'C' ? BIN : IDLE;
}

static void
take_byte(struct zmodem *z, struct side *s, unsigned char c)
{
	if (s->state == FORMAT) {
		format_byte(s, c);
	} else if (s->state == HEX) {
		hex_byte(z, s, c);
	} else if (s->escaped) {
		escaped_byte(z, s, c);
	} else if (c == ZDLE) {
		s->escaped = true;
	} else if ((c & 0x7f) != 0x11 && (c & 0x7f) != 0x13) {
		plain_byte(z, s, c);             /* XON and XOFF are the line's */
	}
}

/* Most of what a terminal shows holds no ZDLE at all. */
static size_t
skip_idle(struct side *s, const unsigned char *p, size_t n)
{
	const unsigned char *at = memchr(p, ZDLE, n);
	unsigned char before;

	if (at == NULL) {
		s->last = p[n - 1];
		return n;
	}
	before = at == p ? s->last : at[-1];
	s->last = ZDLE;
	if (before == '*')
		s->state = FORMAT;
	return (size_t)(at - p) + 1;
}

void
zmodem_feed(struct zmodem *z, enum zmodem_way way, const unsigned char *p, size_t n)
{
	struct side *s = &z->sides[way];
	size_t i = 0;

	while (i < n) {
		if (s->state == IDLE)
			i += skip_idle(s, p + i, n - i);
		else
			take_byte(z, s, s->last = p[i++]);
	}
}

struct zmodem *
zmodem_new(zmodem_row_fn *fn, void *arg)
{
	struct zmodem *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return NULL;
	z->fn = fn;
	z->arg = arg;
	for (int i = 0; i < 2; i++)
		buf_init(&z->sides[i].info, INFO_MAX);
	return z;
}

void
zmodem_free(struct zmodem *z)
{
	for (int i = 0; z != NULL && i < 2; i++) {
		file_end(z, &z->sides[i], false);
		EVP_MD_CTX_free(z->sides[i].sha);
		buf_done(&z->sides[i].info);
	}
	free(z);
}
