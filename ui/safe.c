/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>

#include "base/text.h"
#include "ui/safe.h"

/* Controls but BEL and ENQ; ESC and a letter; CSI without a leader; modes.  All of them only move, erase and draw (ECMA-48;
 * xterm's control sequences). */
static const char controls[] = "\b\t\n\v\f\r\016\017", escapes[] = "78DEHMcno", finals[] = "@ABCDEFGHIJKLMPSTXZ`abdefgmrsu";
static const unsigned modes_private[] = { 5, 6, 7, 12, 25, 47, 1047, 1048, 1049 }, modes_plain[] = { 4, 20 };

static bool
is_one_of(unsigned v, const unsigned *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return false;
}

/* All of them: one sequence may set several. */
static bool
modes_are_safe(const struct sequence_piece *p)
{
	bool good = p->args_n > 0;

	for (unsigned i = 0; i < p->args_n; i++)
		good = good && (p->leader == '?' ? is_one_of(p->args[i], modes_private, sizeof(modes_private) / sizeof(modes_private[0])) :
		    is_one_of(p->args[i], modes_plain, sizeof(modes_plain) / sizeof(modes_plain[0])));
	return good;
}

static bool
is_in(const char *set, char c)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
piece_is_safe(const struct sequence_piece *p)
{
	switch (p->kind) {
	case SEQUENCE_CONTROL: return is_in(controls, p->final);
	case SEQUENCE_ESCAPE:  return p->intermediate == '\0' ? is_in(escapes, p->final) :
		    is_in("()*+", p->intermediate) && p->bytes.n == 3 && is_in("0AB", p->final);
	case SEQUENCE_CSI:
		if (p->intermediate != '\0')
			return false;
		if ((p->final == 'h' || p->final == 'l') && (p->leader == '?' || p->leader == '\0'))
			return modes_are_safe(p);
		return p->leader == '\0' && is_in(finals, p->final);
	default:               return false;
	}
}

static void
text_put(struct safe *s, struct slice text)
{
	uint32_t rune;
	bool good;

	while (s->r == 0 && text_rune(&text, &rune, &good))
		s->r = text_put_rune(&s->out, text_rune_is_safe(rune) ? rune : 0xfffd);
}

static void
take_piece(void *arg, const struct sequence_piece *p)
{
	struct safe *s = arg;

	if (p->kind == SEQUENCE_TEXT)
		text_put(s, p->bytes);
	else if (s->r == 0 && piece_is_safe(p))
		s->r = buf_slice_append(&s->out, p->bytes);
}

void
safe_init(struct safe *s, size_t max)
{
	*s = (struct safe){ .r = 0 };
	buf_init(&s->out, max);
}

void
safe_done(struct safe *s)
{
	buf_done(&s->out);
}

void
safe_feed(struct safe *s, struct slice bytes)
{
	sequence_feed(&s->seq, bytes, take_piece, s);
}
