/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Pure.  The first letter decides: what the host writes next after it either begins with it, or the line is hidden.  From
 * then on other output may come in between, since shells complete and draw anew; half of the letters must have come back when
 * the host ends its line.
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
	t->state = TYPED_UNSURE;
}

/* The first line is over and known: out of the way with it. */
static void
line_decide(struct typed *t)
{
	size_t end = line_end(t), letters = 0;

	if (end == 0 || t->state == TYPED_UNSURE)
		return;
	for (size_t i = 0; i < end; i++)
		letters += is_letter(t->p[i]);
	if (t->state == TYPED_SHOWN && t->letters * 2 >= letters)
		t->line(t->arg, slice_of(t->p, end));
	line_drop(t, end);
}

void
typed_in(struct typed *t, struct slice bytes)
{
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

/* Keys that are no letters have no echo of their own. */
static void
skip_keys(struct typed *t)
{
	while (t->matched < t->n && !is_letter(t->p[t->matched]) && !is_end(t->p[t->matched]))
		t->matched++;
}

static void
one_out(struct typed *t, unsigned char c)
{
	skip_keys(t);
	if (t->n == 0 || is_sequence(t, c) || c == BEL || (t->state == TYPED_UNSURE && c == '\n'))
		return;
	if (t->state != TYPED_HIDDEN && t->matched < t->n && is_letter(t->p[t->matched]) && t->p[t->matched] == c) {
		t->state = TYPED_SHOWN;
		t->matched++;
		t->letters++;
		return;
	}
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
