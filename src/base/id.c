/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* ULIDs in Crockford's base 32: 128 bits in 26 digits, of which the first holds only three. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/secret.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int
id_new(unsigned char id[ID_BYTES])
{
	uint64_t ms = (uint64_t)(clock_wall().us / 1000);

	for (int i = 0; i < 6; i++)
		id[i] = (unsigned char)(ms >> (8 * (5 - i)));
	return secret_random(id + 6, ID_BYTES - 6);
}

/* Five bits of the 130-bit number "00" + id, counted from its top. */
static unsigned
id_digit(const unsigned char id[ID_BYTES], unsigned place)
{
	unsigned value = 0;

	for (unsigned i = 0; i < 5; i++) {
		unsigned bit = place * 5 + i;

		value <<= 1;
		if (bit >= 2)
			value |= (id[(bit - 2) / 8] >> (7 - (bit - 2) % 8)) & 1u;
	}
	return value;
}

const char *
id_print(const unsigned char id[ID_BYTES], char out[ID_TEXT])
{
	for (unsigned i = 0; i < ID_TEXT - 1; i++)
		out[i] = digits[id_digit(id, i)];
	out[ID_TEXT - 1] = '\0';
	return out;
}

static int
digit_value(unsigned char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (unsigned char)(c - 'a' + 'A');
	at = c == '\0' ? NULL : strchr(digits, c);
	return at == NULL ? -1 : (int)(at - digits);
}

bool
id_parse(struct slice text, unsigned char id[ID_BYTES])
{
	unsigned char got[ID_BYTES] = { 0 };

	if (text.n != ID_TEXT - 1)
		return false;
	for (unsigned place = 0; place < ID_TEXT - 1; place++) {
		int value = digit_value(text.p[place]);

		if (value < 0 || (place == 0 && value > 7))
			return false;
		for (unsigned i = 0; i < 5; i++) {
			unsigned bit = place * 5 + i;

			if (bit >= 2 && ((unsigned)value >> (4 - i) & 1u) != 0)
				got[(bit - 2) / 8] |= (unsigned char)(1u << (7 - (bit - 2) % 8));
		}
	}
	memcpy(id, got, sizeof(got));
	return true;
}
