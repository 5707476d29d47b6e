/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See conf_value.h.  Each kind has a function that sets it; the table at the end names them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/methods.h"
#include "base/text.h"
#include "monitor/conf_value.h"

int
conf_fail(const struct conf_place *p, size_t col, const char *what, const char *word, const char *hint)
{
	char place[40] = "";

	if (p->line > 0)                         /* else a default, which stands on no line */
		snprintf(place, sizeof(place), ":%u:%zu", p->line, col);
	return err_set(p->e, -EINVAL, "%s%s: %s%s%s%s%s%s", p->file, place, what,
	    word != NULL ? " \"" : "", word != NULL ? word : "", word != NULL ? "\"" : "",
	    hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

static int
no_memory(const struct conf_place *p)
{
	return err_set(p->e, -ENOMEM, "out of memory");
}

char *
conf_path_from(const char *dir, const char *path)
{
	char *whole = NULL;

	if (path[0] == '/' || dir == NULL)
		return strdup(path);
	return asprintf(&whole, "%s/%s", dir, path) < 0 ? NULL : whole;
}

/* ---- numbers ---- */

/* "10s", "5m", "2h", "400d" or "64K", "4M", "1G": a number and at most one unit. */
static bool
scaled(const char *text, const char *units, const uint64_t *factors, uint64_t *v)
{
	size_t n = strlen(text);
	uint64_t factor = 1, number;
	const char *u;

	if (n > 1 && isalpha((unsigned char)text[n - 1])) {
		u = strchr(units, tolower((unsigned char)text[n - 1]));
		if (u == NULL)
			return false;
		factor = factors[u - units];
		n--;
	}
	if (!text_u64(slice_of(text, n), UINT64_MAX / (1ull << 40), &number))
		return false;
	*v = number * factor;
	return true;
}

static bool
number_parse(const struct conf_row *r, const char *text, uint64_t *v)
{
	static const uint64_t sizes[] = { 1ull << 10, 1ull << 20, 1ull << 30 };
	static const uint64_t times[] = { 1, 60, 3600, 86400 };

	if (r->kind == SIZE)
		return scaled(text, "kmg", sizes, v);
	if (r->kind == DURATION)
		return scaled(text, "smhd", times, v);
	return text_u64(slice_from(text), UINT64_MAX, v);
}

static int
number_check(const struct conf_row *r, const struct conf_place *p, size_t col, const char *text, uint64_t v)
{
	char hint[96];

	if (v >= r->min && v <= r->max)
		return 0;
	snprintf(hint, sizeof(hint), "must be %llu to %llu", (unsigned long long)r->min, (unsigned long long)r->max);
	return conf_fail(p, col, "out of range:", text, hint);
}

static int
number_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	uint64_t v;
	int e;

	if (!number_parse(r, text, &v))
		return conf_fail(p, col, "not a number for", r->name,
		    r->kind == SIZE ? "write e.g. 64K, 4M" : r->kind == DURATION ? "write e.g. 30s, 5m, 400d" : text);
	e = number_check(r, p, col, text, v);
	if (e == 0)
		*(uint64_t *)at = v;
	return e;
}

/* "full" alone, or "start:rate:full". */
static int
ramp_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	const char *first = strchr(text, ':'), *second = first != NULL ? strchr(first + 1, ':') : NULL;
	struct conf_ramp ramp = { .rate = 100 };
	bool good;

	if (first == NULL) {
		good = text_u64(slice_from(text), UINT64_MAX, &ramp.full);
		ramp.start = ramp.full;
	} else {
		good = second != NULL && text_u64(slice_of(text, (size_t)(first - text)), UINT64_MAX, &ramp.start) &&
		    text_u64(slice_of(first + 1, (size_t)(second - first) - 1), 100, &ramp.rate) &&
		    text_u64(slice_from(second + 1), UINT64_MAX, &ramp.full);
	}
	if (!good || ramp.rate == 0 || ramp.start > ramp.full)
		return conf_fail(p, col, "not a limit for", r->name, "write NUMBER, or START:PERCENT:FULL as 100:30:200");
	if (number_check(r, p, col, text, ramp.start) != 0 || number_check(r, p, col, text, ramp.full) != 0)
		return -EINVAL;
	*(struct conf_ramp *)at = ramp;
	return 0;
}

/* ---- words ---- */

/* The index of the word, or a negative code that names all that are possible. */
static int
word_find(const struct conf_row *r, const struct conf_place *p, size_t col, const char *text)
{
	char hint[96] = "must be one of";

	for (int i = 0; r->words[i] != NULL; i++) {
		if (strcasecmp(r->words[i], text) == 0)
			return i;
		snprintf(hint + strlen(hint), sizeof(hint) - strlen(hint), " %s", r->words[i]);
	}
	return conf_fail(p, col, "unknown value", text, hint);
}

static int
word_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	int i = word_find(r, p, col, text);

	if (i >= 0)
		*(uint64_t *)at = (uint64_t)i;
	return i < 0 ? i : 0;
}

/* The next of the words that text is made of goes to word, its column to *col, and text moves behind it. */
static bool
word_next(const char **text, size_t *col, char *word, size_t size)
{
	size_t blanks = strspn(*text, " \t,"), n = strcspn(*text + blanks, " \t,");

	snprintf(word, size, "%.*s", (int)(n < size ? n : size), *text + blanks);
	*col += blanks;
	*text += blanks + n;
	return n > 0;
}

static int
words_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	uint64_t mask = 0;
	char word[64];

	while (word_next(&text, &col, word, sizeof(word))) {
		int i = word_find(r, p, col, word);

		if (i < 0)
			return i;
		mask |= 1ull << i;
		col += strlen(word);
	}
	*(uint64_t *)at = mask;
	return 0;
}

static int
networks_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	struct conf_networks *list = at;
	char word[64];

	while (word_next(&text, &col, word, sizeof(word))) {
		if (list->n == CONF_LIST_MAX)
			return conf_fail(p, col, "given too often:", r->name, "16 at most");
		if (net_prefix_parse(slice_from(word), &list->items[list->n]) != 0)
			return conf_fail(p, col, "not an address or network", word, "e.g. 10.8.0.0/24, 2001:db8::/32");
		list->n++;
		col += strlen(word);
	}
	return 0;
}

/* ---- texts ---- */

static int
text_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	char **to = at, *copy;

	(void)col;
	copy = r->kind == PATH ? conf_path_from(p->state_dir, text) : strdup(text);
	if (copy == NULL)
		return no_memory(p);
	free(*to);
	*to = copy;
	return 0;
}

/* Kept as it was written; who uses it reads it again. */
static int
methods_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	struct methods m;
	struct err why;

	if (methods_parse(text, &m, &why) != 0)
		return conf_fail(p, col, "not possible as", r->name, why.text);
	return text_set(r, at, p, col, text);
}

static int
list_add(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	struct conf_list *list = at;
	uint64_t max = r->max != 0 ? r->max : CONF_LIST_MAX;
	char most[32];

	snprintf(most, sizeof(most), "%llu at most", (unsigned long long)max);
	if (list->n == max)
		return conf_fail(p, col, "given too often:", r->name, most);
	list->items[list->n] = r->kind == PATHS ? conf_path_from(p->state_dir, text) : strdup(text);
	if (list->items[list->n] == NULL)
		return no_memory(p);
	list->n++;
	return 0;
}

/* ---- all kinds ---- */

bool
conf_value_is_list(enum conf_kind k)
{
	return k == LIST || k == PATHS || k == NETWORKS;
}

int
conf_value_set(const struct conf_row *r, void *at, const struct conf_place *p, size_t col, const char *text)
{
	static int (*const set[])(const struct conf_row *, void *, const struct conf_place *, size_t, const char *) = {
		[TEXT] = text_set, [PATH] = text_set, [METHODS] = methods_set, [LIST] = list_add, [PATHS] = list_add, [NETWORKS] = networks_set,
		[NUMBER] = number_set, [SIZE] = number_set, [DURATION] = number_set, [RAMP] = ramp_set, [WORD] = word_set,
		[WORDS] = words_set,
	};

	return set[r->kind](r, at, p, col, text);
}

void
conf_value_free(const struct conf_row *r, void *at)
{
	struct conf_list *list = at;

	if (r->kind == TEXT || r->kind == PATH || r->kind == METHODS)
		free(*(char **)at);
	if (r->kind == LIST || r->kind == PATHS)
		while (list->n > 0)
			free(list->items[--list->n]);
}

static void
words_print(const struct conf_row *r, uint64_t mask, FILE *out)
{
	if (mask == 0)
		return;
	fputs(r->name, out);
	for (unsigned i = 0; r->words[i] != NULL; i++)
		if ((mask >> i & 1) != 0)
			fprintf(out, " %s", r->words[i]);
	fputc('\n', out);
}

static void
number_print(const struct conf_row *r, uint64_t v, FILE *out)
{
	if (r->kind == WORD)
		fprintf(out, "%s %s\n", r->name, r->words[v]);
	else if (r->kind == WORDS)
		words_print(r, v, out);
	else
		fprintf(out, "%s %llu%s\n", r->name, (unsigned long long)v, r->kind == DURATION ? "s" : "");
}

void
conf_value_print(const struct conf_row *r, const void *at, FILE *out)
{
	const struct conf_list *list = at;
	const struct conf_networks *networks = at;
	const struct conf_ramp *ramp = at;
	char text[NET_TEXT];

	switch (r->kind) {
	case TEXT:
	case PATH:
	case METHODS:
		if (*(char *const *)at != NULL)
			fprintf(out, "%s %s\n", r->name, *(char *const *)at);
		break;
	case LIST:
	case PATHS:
		for (unsigned i = 0; i < list->n; i++)
			fprintf(out, "%s %s\n", r->name, list->items[i]);
		break;
	case NETWORKS:
		for (unsigned i = 0; i < networks->n; i++)
			fprintf(out, "%s %s\n", r->name, net_prefix_print(&networks->items[i], text));
		break;
	case RAMP:
		fprintf(out, "%s %llu:%llu:%llu\n", r->name, (unsigned long long)ramp->start, (unsigned long long)ramp->rate,
		    (unsigned long long)ramp->full);
		break;
	default:
		number_print(r, *(const uint64_t *)at, out);
	}
}
