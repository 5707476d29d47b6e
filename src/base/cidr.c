/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Everything is compared as 16 bytes. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cidr.h"
#include "base/text.h"

static bool
address_parse(const char *text, unsigned char bytes[16], bool *v4)
{
	memset(bytes, 0, 16);
	bytes[10] = bytes[11] = 0xff;
	*v4 = inet_pton(AF_INET, text, bytes + 12) == 1;
	return *v4 || inet_pton(AF_INET6, text, bytes) == 1;
}

int
cidr_parse(const char *text, struct cidr *c)
{
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char address[64];
	uint64_t bits;
	bool v4;

	if (n >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, n);
	address[n] = '\0';
	if (!address_parse(address, c->bytes, &v4))
		return -EINVAL;
	bits = v4 ? 32 : 128;
	if (slash != NULL && !text_u64(slice_from(slash + 1), bits, &bits))
		return -EINVAL;
	c->bits = (unsigned)bits + (v4 ? 96 : 0);
	return 0;
}

bool
cidr_holds(const struct cidr *c, struct slice text)
{
	unsigned whole = c->bits / 8, rest = c->bits % 8;
	unsigned char address[16];
	char copy[64];
	bool v4;

	if (slice_copy(text, copy, sizeof(copy)) != 0 || !address_parse(copy, address, &v4))
		return false;
	if (memcmp(c->bytes, address, whole) != 0)
		return false;
	return rest == 0 || ((c->bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

bool
cidr_is_aligned(const struct cidr *c)
{
	for (unsigned i = c->bits; i < 128; i++)
		if ((c->bytes[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}
