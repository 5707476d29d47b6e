/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>

#include "base/text.h"
#include "ui/sequence.h"

#define DIGITS_MAX 4

#define PROMPT     "\033]133;"            /* and a letter; what programs that mark their commands write */

/* OSC is a STRING whose beginning is kept, as long as it may become a mark. */
enum { GROUND, ESCAPE, CSI, IGNORE, STRING, OSC };

static void
begin(struct sequence *s, unsigned char state, const char *bytes)
{
	s->state = state;
	s->n = (unsigned)strlen(bytes);
	memcpy(s->bytes, bytes, s->n);
	s->digits = 0;
	s->args_n = 1;
	s->leader = s->intermediate = '\0';
}

static void
args_parse(const struct sequence *s, struct sequence_piece *p)
{
	for (unsigned i = 2; i < s->n; i++) {
		if (s->bytes[i] >= '0' && s->bytes[i] <= '9')
			p->args[p->args_n] = p->args[p->args_n] * 10 + (s->bytes[i] - '0');
		else if (s->bytes[i] == ';' || s->bytes[i] == ':')
			p->args_n++;
	}
	p->args_n++;
}

static void
sequence_end(struct sequence *s, unsigned char c, enum sequence_kind kind, sequence_fn *fn, void *arg)
{
	struct sequence_piece p = { .kind = kind, .leader = s->leader, .intermediate = s->intermediate, .final = (char)c };

	s->state = GROUND;
	if (kind == SEQUENCE_CSI)
		args_parse(s, &p);
	s->bytes[s->n++] = c;
	p.bytes = slice_of(s->bytes, s->n);
	fn(arg, &p);
}

static void
control(unsigned char c, sequence_fn *fn, void *arg)
{
	struct sequence_piece p = { .kind = SEQUENCE_CONTROL, .bytes = slice_of(&c, 1), .final = (char)c };

	if (c != 0)
		fn(arg, &p);
}

/* Behind ESC: intermediates, then a final byte, or the beginning of something longer. */
static void
in_escape(struct sequence *s, unsigned char c, sequence_fn *fn, void *arg)
{
	if (c < 0x30) {
		s->intermediate = (char)c;
		if (s->n < 4)
			s->bytes[s->n++] = c;
	} else if (s->intermediate == '\0' && c == '[') {
		begin(s, CSI, "\033[");
	} else if (s->intermediate == '\0' && c == ']') {
		begin(s, OSC, "\033]");
	} else if (s->intermediate == '\0' && strchr("PX^_", c) != NULL) {
		s->state = STRING;
	} else if (s->intermediate == '%' || s->n == 4 || (s->intermediate != '\0' && strchr("[PX^_]", c) != NULL)) {
		s->state = GROUND;               /* another coding, too long, or what libvterm would take for the start of more */
	} else {
		sequence_end(s, c, SEQUENCE_ESCAPE, fn, arg);
	}
}

static bool
parameter(struct sequence *s, unsigned char c)
{
	bool digit = c >= '0' && c <= '9';

	if (s->intermediate != '\0' || (c >= '<' && s->n != 2))
		return false;
	if (digit && ++s->digits > DIGITS_MAX)
		return true;                     /* cut: none needs more */
	if (c >= '<')
		s->leader = (char)c;
	if (!digit)
		s->digits = 0;
	if (c == ';' || c == ':')
		s->args_n++;
	if (s->args_n > SEQUENCE_ARGS || s->n >= SEQUENCE_MAX)
		return false;
	s->bytes[s->n++] = c;
	return true;
}

static void
in_csi(struct sequence *s, unsigned char c, sequence_fn *fn, void *arg)
{
	if (c >= 0x40) {
		sequence_end(s, c, SEQUENCE_CSI, fn, arg);
	} else if (c >= 0x30) {
		if (!parameter(s, c))
			s->state = IGNORE;
	} else if (s->n < SEQUENCE_MAX) {
		s->intermediate = (char)c;
		s->bytes[s->n++] = c;
	} else {
		s->state = IGNORE;
	}
}

/* "\033]133;C", perhaps with parameters behind it, of which the first bytes are kept. */
static void
in_osc(struct sequence *s, unsigned char c)
{
	size_t letter = sizeof(PROMPT) - 1;
	bool fits = s->n < letter ? c == (unsigned char)PROMPT[s->n] : s->n == letter ? c >= 'A' && c <= 'D' :
	    s->n > letter + 1 || c == ';';

	if (!fits)
		s->state = STRING;
	else if (s->n < SEQUENCE_MAX)
		s->bytes[s->n++] = c;
}

/* A string of OSC is over: whole, or broken off by something else. */
static void
osc_end(struct sequence *s, sequence_fn *fn, void *arg)
{
	struct sequence_piece p = { .kind = SEQUENCE_MARK, .bytes = slice_from("") };

	if (s->state != OSC || s->n < sizeof(PROMPT))
		return;
	p.final = (char)s->bytes[sizeof(PROMPT) - 1];
	if (s->n > sizeof(PROMPT))
		p.tail = slice_of(s->bytes + sizeof(PROMPT) + 1, s->n - sizeof(PROMPT) - 1);
	fn(arg, &p);
}

static bool
in_string(const struct sequence *s)
{
	return s->state == STRING || s->state == OSC;
}

/* What holds in every state.  True: c is done with. */
static bool
anywhere(struct sequence *s, unsigned char c, sequence_fn *fn, void *arg)
{
	if (c == 0x1b || (c == 0x07 && in_string(s)))
		osc_end(s, fn, arg);
	if (c == 0x1b)
		begin(s, ESCAPE, "\033");
	else if (c == 0x18 || c == 0x1a || (c == 0x07 && in_string(s)))
		s->state = GROUND;
	else if (!in_string(s) && c < 0x20)
		control(c, fn, arg);
	else
		return c == 0x7f;
	return true;
}

static void
in_sequence(struct sequence *s, unsigned char c, sequence_fn *fn, void *arg)
{
	switch (s->state) {
	case ESCAPE:
		in_escape(s, c, fn, arg);
		break;
	case CSI:
		in_csi(s, c, fn, arg);
		break;
	case IGNORE:
		if (c >= 0x40)
			s->state = GROUND;
		break;
	case OSC:
		in_osc(s, c);
		break;
	}
}

static void
text(struct slice bytes, sequence_fn *fn, void *arg)
{
	struct sequence_piece p = { .kind = SEQUENCE_TEXT, .bytes = bytes };

	if (bytes.n > 0)
		fn(arg, &p);
}

/* Bytes at the front of s that are whole, printable characters. */
static size_t
printable(struct slice s)
{
	struct slice left = s;
	uint32_t rune;
	bool good = true;
	size_t n = 0;

	while (left.n > 0 && left.p[0] >= 0x20 && left.p[0] != 0x7f) {
		if (left.p[0] < 0x80)
			left = slice_of(left.p + 1, left.n - 1);
		else if (!text_rune(&left, &rune, &good) || !good || rune < 0xa0)
			break;
		n = s.n - left.n;
	}
	return n;
}

/* Bytes of the character that c begins; 0: none does. */
static size_t
length_of(unsigned char c)
{
	return c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

/* A byte of 0x80 or more at the front of s begins no printable character: a control, something bad, or not all of
 * it is here yet.  How many bytes are done with. */
static size_t
not_printable(struct sequence *s, struct slice bytes, sequence_fn *fn, void *arg)
{
	size_t want = length_of(bytes.p[0]), n = 1;

	while (n < want && n < bytes.n && (bytes.p[n] & 0xc0) == 0x80)
		n++;
	if (n < want && n == bytes.n) {
		memcpy(s->held, bytes.p, n);
		s->held_n = (unsigned)n;
		return n;
	}
	if (n == 2 && want == 2)
		return n;                        /* U+0080 to U+009F */
	text(slice_from("\xef\xbf\xbd"), fn, arg);
	return n;
}

static size_t
in_text(struct sequence *s, struct slice bytes, sequence_fn *fn, void *arg)
{
	size_t n = printable(bytes);

	text(slice_of(bytes.p, n), fn, arg);
	if (n > 0)
		return n;
	if (bytes.p[0] >= 0x80)
		return not_printable(s, bytes, fn, arg);
	(void)anywhere(s, bytes.p[0], fn, arg);
	return 1;
}

/* c behind the beginning of a character that is held.  How many of its bytes are done with. */
static size_t
behind_held(struct sequence *s, unsigned char c, sequence_fn *fn, void *arg)
{
	unsigned char whole[sizeof(s->held)];
	unsigned n = s->held_n;

	memcpy(whole, s->held, n);
	s->held_n = 0;
	if ((c & 0xc0) != 0x80) {
		text(slice_from("\xef\xbf\xbd"), fn, arg);
		return 0;
	}
	whole[n++] = c;
	(void)in_text(s, slice_of(whole, n), fn, arg);
	return 1;
}

static size_t
step(struct sequence *s, struct slice bytes, sequence_fn *fn, void *arg)
{
	unsigned char c = bytes.p[0];

	if (s->held_n > 0)
		return behind_held(s, c, fn, arg);
	if (s->state == GROUND)
		return in_text(s, bytes, fn, arg);
	if (c >= 0x80 && !in_string(s)) {
		s->state = GROUND;                       /* broken off: c is text */
		return 0;
	}
	if (!anywhere(s, c, fn, arg))
		in_sequence(s, c, fn, arg);
	return 1;
}

void
sequence_feed(struct sequence *s, struct slice bytes, sequence_fn *fn, void *arg)
{
	while (bytes.n > 0) {
		size_t n = step(s, bytes, fn, arg);

		bytes = slice_of(bytes.p + n, bytes.n - n);
	}
}

int
sequence_pending(const struct sequence *s, struct buf *out)
{
	switch (s->state) {
	case GROUND:
		return buf_append(out, s->held, s->held_n);
	case STRING:
		return buf_text(out, "\033_");
	case IGNORE:
		return buf_text(out, "\033[ 0");
	default:
		return buf_append(out, s->bytes, s->n);
	}
}
