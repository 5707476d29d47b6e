/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Pure.  A key and an answer can look alike: what begins like one and goes on as no terminal would was a key.  So Alt-] and a
 * command behind it are keys at its end of line, and only Ctrl-F3 (as xterm sends it) is taken for a place of the cursor.
 */
#include <string.h>

#include "front/answers.h"

#define SEQUENCE_MAX 64                  /* bytes of parameters */

enum { BEL = 7, ESC = 27 };

/* It ends here: as keys or not. */
static size_t
end(struct answers *a, bool keys)
{
	size_t n = keys ? a->held : 0;

	*a = (struct answers){ 0 };
	return n;
}

static size_t
after_esc(struct answers *a, unsigned char c)
{
	if (c == ESC) {
		a->held = 1;
		return 1;
	}
	if (c != '[' && c != ']' && c != 'P')
		return end(a, true);
	a->in = c == '[' ? ANSWERS_CSI : ANSWERS_STRING;
	return 0;
}

/* No key has parameters that begin so; the others end as a report of the cursor, the device, its state, window or focus. */
static bool
is_answer(const struct answers *a, unsigned char last)
{
	return (a->first >= '=' && a->first <= '?') || (last != '\0' && strchr("RcntIO", last) != NULL);
}

static size_t
in_csi(struct answers *a, unsigned char c)
{
	if (a->held == 3)
		a->first = c >= 0x30 && c <= 0x3f ? c : 0;
	if (c >= 0x40 && c <= 0x7e)
		return end(a, !is_answer(a, c));
	return c < 0x20 || c > 0x7e || a->held > SEQUENCE_MAX ? end(a, true) : 0;
}

static size_t
in_string(struct answers *a, unsigned char c)
{
	if (c == BEL)
		return end(a, false);
	if (c == ESC) {                          /* of its terminator: a backslash behind it is no key either */
		*a = (struct answers){ .in = ANSWERS_STRING };
		return 0;
	}
	if (a->held == 1)                        /* behind that ESC */
		return end(a, c != '\\');
	return c < 0x20 ? end(a, true) : 0;
}

static size_t
one(struct answers *a, unsigned char c)
{
	a->held++;
	switch (a->in) {
	case ANSWERS_ESC:    return after_esc(a, c);
	case ANSWERS_CSI:    return in_csi(a, c);
	case ANSWERS_STRING: return in_string(a, c);
	default:             break;
	}
	if (c != ESC)
		return end(a, true);
	a->in = ANSWERS_ESC;
	return 0;
}

size_t
answers_keys(struct answers *a, struct slice bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.n; i++)
		n += one(a, bytes.p[i]);
	return n;
}
