/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <ctype.h>
#include <string.h>

#include "ui/query.h"

enum { EXACT = 1000, PREFIX = 800, WORD_START = 600, IN_NAME = 400, IN_ROW = 200, LETTERS = 50 };

void
query_fold(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
}

/* A bit for each letter; what divides the texts counts as none. */
uint64_t
query_mask(const char *folded, size_t n)
{
	uint64_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (folded[i] != '\0')
			m |= 1ull << ((unsigned char)folded[i] & 63);
	return m;
}

static bool
has_capital(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			return true;
	return false;
}

static void
add_word(struct query *q, char *text, size_t n)
{
	char folded[QUERY_MAX + 1];
	struct query_word w = { .text = text, .n = n, .exact = has_capital(text, n) };

	memcpy(folded, text, n);
	query_fold(folded, n);
	q->mask |= query_mask(folded, n);
	if (!w.exact)
		memcpy(text, folded, n);
	q->words[q->words_n++] = w;
}

void
query_set(struct query *q, const char *text)
{
	size_t n = strlen(text), from;

	memmove(q->text, text, n + 1);
	memcpy(q->words_text, q->text, n + 1);
	q->words_n = 0;
	q->mask = 0;
	for (size_t at = 0; at < n && q->words_n < QUERY_WORDS; at += from) {
		at += strspn(q->text + at, " ");
		from = strcspn(q->text + at, " ");
		if (from > 0)
			add_word(q, q->words_text + at, from);
	}
}

/* ---- where a word is ---- */

struct found {
	int score;
	size_t at;                        /* of LETTERS: 0 */
};

static bool
is_letter(char c)
{
	return isalnum((unsigned char)c) || (c & 0x80) != 0;
}

static int
score_at(const char *name, size_t name_n, size_t at, size_t n)
{
	if (at == 0)
		return n == name_n ? EXACT : PREFIX;
	return is_letter(name[at - 1]) && is_letter(name[at]) ? IN_NAME : WORD_START;
}

/* The best place in the name, else the first one behind it. */
static struct found
find_text(const struct query_word *w, const char *hay, size_t name_n, size_t n)
{
	struct found best = { 0 };
	const char *p = memmem(hay, n, w->text, w->n);

	while (p != NULL && (size_t)(p - hay) + w->n <= name_n) {
		size_t at = (size_t)(p - hay);
		int score = score_at(hay, name_n, at, w->n);

		if (score > best.score)
			best = (struct found){ score, at };
		if (score != IN_NAME)
			return best;
		p = memmem(p + 1, n - at - 1, w->text, w->n);
	}
	if (best.score == 0 && p != NULL)
		best = (struct found){ IN_ROW, (size_t)(p - hay) };
	return best;
}

static bool
in_order(const struct query_word *w, const char *hay, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < w->n; i++)
		k += hay[i] == w->text[k];
	return k == w->n;
}

static struct found
find_word(const struct query_word *w, const struct hay *h)
{
	const char *hay = w->exact ? h->raw : h->folded;
	struct found f = find_text(w, hay, h->name_n, h->n);

	if (f.score == 0 && in_order(w, hay, h->name_n))
		f.score = LETTERS;
	return f;
}

int
query_score(const struct query *q, const struct hay *h)
{
	int sum = 1, one;

	if ((q->mask & ~h->mask) != 0)
		return 0;
	for (size_t i = 0; i < q->words_n; i++) {
		one = find_word(&q->words[i], h).score;
		if (one == 0)
			return 0;
		sum += one;
	}
	return sum;
}

static void
mark_letters(const struct query_word *w, const char *hay, size_t n, unsigned char *hits)
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < w->n; i++)
		if (hay[i] == w->text[k]) {
			hits[i] = 1;
			k++;
		}
}

void
query_hits(const struct query *q, const struct hay *h, unsigned char *hits)
{
	memset(hits, 0, h->n);
	for (size_t i = 0; i < q->words_n; i++) {
		const struct query_word *w = &q->words[i];
		struct found f = find_word(w, h);

		if (f.score == LETTERS)
			mark_letters(w, w->exact ? h->raw : h->folded, h->name_n, hits);
		else if (f.score > 0)
			memset(hits + f.at, 1, w->n);
	}
}
