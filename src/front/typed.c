/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Pure.  The first letter decides: what the host writes next after it either begins with it, or the line is hidden.  From
 * then on other output may come in between, since shells complete and draw anew; half of the letters must have come back when
 * the host ends its line.  A letter has come back only where an echo would stand: as the next that the host writes after a key,
 * or behind another echo.  Any text holds a password's letters somewhere.
 */
#include <string.h>

#include "front/typed.h"

enum { OUTSIDE, AFTER_ESC, IN_SEQUENCE, IN_STRING };
enum { BEL = 7, ESC = 27 };

static bool
is_letter(unsigned char c)
{
	return c >= 0x20 && c != 0x7f;
}

static bool
is_end(unsigned char c)
{
	return c == '\r' || c == '\n';
}

/* The place behind a key that is no letter: one byte, or what keys like the cursor's send. */
static size_t
behind_key(const struct typed *t, size_t i)
{
	unsigned char second = i + 1 < t->n ? t->p[i + 1] : 0;

	if (t->p[i++] != ESC || (second != '[' && second != 'O'))
		return i;
	for (i++; second == '[' && i < t->n && (t->p[i] < 0x40 || t->p[i] > 0x7e) && !is_end(t->p[i]); i++)
		continue;
	return i < t->n && !is_end(t->p[i]) ? i + 1 : i;
}

/* Keys that are no letters have no echo of their own. */
static void
skip_keys(struct typed *t)
{
	while (t->matched < t->n && !is_letter(t->p[t->matched]) && !is_end(t->p[t->matched]))
		t->matched = behind_key(t, t->matched);
}

static size_t
letters_of(const struct typed *t, size_t end)
{
	size_t n = 0;

	for (size_t i = 0; i < end; i = is_letter(t->p[i]) ? i + 1 : behind_key(t, i))
		n += is_letter(t->p[i]);
	return n;
}

/* The place behind the first line's end; 0: it has none yet. */
static size_t
line_end(const struct typed *t)
{
	size_t i = 0;

	while (i < t->n && !is_end(t->p[i]))
		i++;
	return i < t->n ? i + 1 : 0;
}

static void
line_drop(struct typed *t, size_t end)
{
	memmove(t->p, t->p + end, t->n - end);
	t->n -= end;
	t->matched = t->letters = 0;
	t->near = true;
	t->state = TYPED_UNSURE;
}

/* The first line is over and known: out of the way with it. */
static void
line_decide(struct typed *t)
{
	size_t end = line_end(t);

	if (end == 0 || t->state == TYPED_UNSURE)
		return;
	if (t->state == TYPED_SHOWN && t->letters * 2 >= letters_of(t, end))
		t->line(t->arg, slice_of(t->p, end));
	line_drop(t, end);
}

void
typed_in(struct typed *t, struct slice bytes)
{
	t->near = true;
	for (size_t i = 0; i < bytes.n; i++) {
		if (t->lost) {
			t->lost = !is_end(bytes.p[i]);
			continue;
		}
		if (t->n == sizeof(t->p)) {
			line_drop(t, t->n);
			t->lost = !is_end(bytes.p[i]);
			continue;
		}
		t->p[t->n++] = bytes.p[i];
		if (t->state == TYPED_HIDDEN)
			line_decide(t);
	}
}

/* Sequences for the terminal are no echo. */
static bool
is_sequence(struct typed *t, unsigned char c)
{
	unsigned was = t->escape;

	if (was == OUTSIDE && c != ESC)
		return false;
	if (was == OUTSIDE)
		t->escape = AFTER_ESC;
	else if (was == AFTER_ESC)
		t->escape = c == '[' ? IN_SEQUENCE : c == ']' || c == 'P' ? IN_STRING : OUTSIDE;
	else if (was == IN_SEQUENCE)
		t->escape = c >= 0x40 && c <= 0x7e ? OUTSIDE : IN_SEQUENCE;
	else
		t->escape = c == BEL ? OUTSIDE : c == ESC ? AFTER_ESC : IN_STRING;
	return true;
}

static void
one_out(struct typed *t, unsigned char c)
{
	skip_keys(t);
	if (t->n == 0 || is_sequence(t, c) || c == BEL || (t->state == TYPED_UNSURE && c == '\n'))
		return;
	if (t->state != TYPED_HIDDEN && t->near && t->matched < t->n && is_letter(t->p[t->matched]) && t->p[t->matched] == c) {
		t->state = TYPED_SHOWN;
		t->matched++;
		t->letters++;
		return;
	}
	t->near = false;
	if (t->state == TYPED_UNSURE && t->matched < t->n)
		t->state = TYPED_HIDDEN;
	if (is_end(c) || t->state == TYPED_HIDDEN)
		line_decide(t);
}

void
typed_out(struct typed *t, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		one_out(t, bytes.p[i]);
}
