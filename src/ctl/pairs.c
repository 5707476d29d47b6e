/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <string.h>

#include "ctl/pairs.h"

bool
pairs_is_good(const char *word)
{
	const char *eq = strchr(word, '=');

	return eq != NULL && eq != word && strpbrk(word, " \t\n,\"") == NULL;
}

/* Bytes of a word's key. */
static size_t
key_length(const char *word)
{
	size_t n = strcspn(word, "= ");

	return word[n] != '=' && n > 0 && word[n - 1] == '-' ? n - 1 : n;
}

static bool
is_changed(const char *word, size_t n, char **words)
{
	for (; *words != NULL; words++)
		if (key_length(*words) == n && memcmp(*words, word, n) == 0)
			return true;
	return false;
}

static bool
add(struct buf *list, const char *word, size_t n)
{
	return buf_printf(list, "%s%.*s", list->len > 0 ? " " : "", (int)n, word) == 0;
}

int
pairs_edit(const struct ctl *c, const char *old, char **words, struct buf *ret)
{
	bool fits = true;

	for (char **w = words; *w != NULL; w++)
		if (!pairs_is_good(*w) && (strchr(*w, '=') != NULL || key_length(*w) == strlen(*w)))
			return ctl_bad(c, "%s: write KEY=VALUE without spaces, commas or quotes, or KEY- to take it away", *w);
	for (old += strspn(old, " "); *old != '\0' && fits; old += strspn(old, " ")) {
		size_t n = strcspn(old, " ");

		if (!is_changed(old, key_length(old), words))
			fits = add(ret, old, n);
		old += n;
	}
	for (char **w = words; *w != NULL && fits; w++)
		if (strchr(*w, '=') != NULL)
			fits = add(ret, *w, strlen(*w));
	return fits ? CTL_OK : ctl_bad(c, "too many: the list is too long");
}
