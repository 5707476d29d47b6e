/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What a program writes to a terminal, taken apart: text, controls, escape and control sequences, each handed on only when
 * it is whole and of bounded size (ECMA-48; the states are those of DEC's terminals).  Strings (DCS, OSC, PM, APC, SOS) carry
 * titles, questions and pictures, nothing that cells would show: they end here, but for the marks that shells put round
 * commands (OSC 133; FinalTerm's, as iTerm2, kitty and others have them).  So do what is broken off, controls of
 * eight bits, and what would switch the decoding of UTF-8 off.  Text is whole characters of good UTF-8; what is not becomes
 * U+FFFD.  No libvterm, no memory of its own.
 */
#ifndef UI_SEQUENCE_H
#define UI_SEQUENCE_H

#include <stdbool.h>

#include "base/buf.h"

#define SEQUENCE_MAX  64                /* bytes of parameters */
#define SEQUENCE_ARGS 14                /* numbers in them */

enum sequence_kind { SEQUENCE_TEXT, SEQUENCE_CONTROL, SEQUENCE_ESCAPE, SEQUENCE_CSI, SEQUENCE_MARK };

/* One piece.  bytes: all of it, to be fed to a terminal; the rest takes a sequence apart.  A mark has no bytes; its final is
 * A (a prompt begins), B (it ends, a command is typed), C (it runs) or D (it is over), its tail what stands behind that. */
struct sequence_piece {
	enum sequence_kind kind;
	struct slice bytes, tail;
	char leader, intermediate, final;      /* '?' and the like, or 0; the last intermediate, or 0 */
	unsigned args[SEQUENCE_ARGS], args_n;  /* of a CSI; what was not given is 0; no number is over 9999 */
};

struct sequence {
	unsigned char state;
	unsigned char bytes[SEQUENCE_MAX + 8]; /* what has come of a sequence */
	unsigned n, digits, args_n;
	char leader, intermediate;
	unsigned char held[4];                 /* the beginning of a character, until the rest comes */
	unsigned held_n;
};

typedef void sequence_fn(void *arg, const struct sequence_piece *piece);

/* A zeroed struct is a fresh one.  Sequences may come in pieces over several calls. */
void sequence_feed(struct sequence *s, struct slice bytes, sequence_fn *fn, void *arg);
/* Appends bytes that bring a fresh one to where s is: in the middle of something, or nothing at all. */
int sequence_pending(const struct sequence *s, struct buf *out);

#endif
