/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the picker searches for: words, all of which must be found in a row.  A word with a capital letter is looked
 * for as it stands, any other in either case.  Better hits score higher: the whole name, its beginning, the beginning of
 * a word in it, anywhere in it, anywhere in the row, and last the word's letters in order in the name.
 */
#ifndef UI_QUERY_H
#define UI_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define QUERY_MAX   200                   /* bytes */
#define QUERY_WORDS 16

struct query_word {
	const char *text;                 /* in lower case, or as it was typed if exact */
	size_t n;
	bool exact;
};

struct query {
	char text[QUERY_MAX + 1];         /* as it was typed */
	/* query.c's own */
	char words_text[QUERY_MAX + 1];
	struct query_word words[QUERY_WORDS];
	size_t words_n;
	uint64_t mask;
};

/* What is searched: texts one after another with a NUL between them, the name first. */
struct hay {
	const char *raw, *folded;         /* the same, folded in lower case */
	size_t name_n, n;
	uint64_t mask;                    /* of folded */
};

/* Takes text (at most QUERY_MAX bytes). */
void query_set(struct query *q, const char *text);
int query_score(const struct query *q, const struct hay *h);     /* 0: not found */
/* Marks with 1 the bytes of hay that were found; hits has room for h->n, and is zeroed first. */
void query_hits(const struct query *q, const struct hay *h, unsigned char *hits);
void query_fold(char *text, size_t n);
uint64_t query_mask(const char *folded, size_t n);

#endif
