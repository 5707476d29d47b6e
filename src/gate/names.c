/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Splitting raw SSH user names.  Nothing here allocates or remembers. */
#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "gate/names.h"

/* No l, o, 0, 1: a code is read aloud and typed.  32 characters, so that five bits choose one evenly. */
static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";

bool
names_is_code(struct slice s)
{
	if (s.n != CODE_TEXT || s.p[0] != 'e' || s.p[1] != '-')
		return false;
	for (size_t i = 2; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(alphabet, s.p[i]) == NULL)
			return false;
	return true;
}

int
names_new_code(char code[CODE_TEXT + 1])
{
	unsigned char random[CODE_TEXT - 2];
	int r = secret_random(random, sizeof(random));

	if (r != 0)
		return r;
	memcpy(code, "e-", 2);
	for (size_t i = 0; i < sizeof(random); i++)
		code[2 + i] = alphabet[random[i] & 31];
	code[CODE_TEXT] = '\0';
	secret_wipe(random, sizeof(random));
	return 0;
}

static bool
part_is_clean(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && text_is_utf8(s);
}

/* The part before the next '+'; rest moves behind it.  *more says whether something follows. */
static struct slice
part_take(struct slice *rest, bool *more)
{
	const unsigned char *plus = rest->n > 0 ? memchr(rest->p, '+', rest->n) : NULL;
	struct slice part = *rest;

	*more = plus != NULL;
	if (plus == NULL) {
		*rest = slice_of(rest->p + rest->n, 0);
		return part;
	}
	part.n = (size_t)(plus - rest->p);
	*rest = slice_of(plus + 1, rest->n - part.n - 1);
	return part;
}

/* Bytes of raw that are the user: the longest existing one, else up to the first '+'. */
static size_t
user_length(struct slice raw, names_is_user_fn *is_user, void *arg)
{
	const unsigned char *plus;

	for (size_t n = raw.n; n > 0; n--)
		if ((n == raw.n || raw.p[n] == '+') && is_user(arg, slice_of(raw.p, n)))
			return n;
	plus = memchr(raw.p, '+', raw.n);
	return plus != NULL ? (size_t)(plus - raw.p) : raw.n;
}

static int
parts_parse(struct slice rest, struct names *names)
{
	struct slice parts[2];
	size_t count = 0;
	bool more = true;

	while (more) {
		struct slice part = part_take(&rest, &more);

		if (!part_is_clean(part))
			return -EINVAL;
		if (count == 0 && names->code.n == 0 && names_is_code(part))
			names->code = part;
		else if (count < 2)
			parts[count++] = part;
		else
			return -EINVAL;
	}
	if (count > 0)
		names->host = parts[count - 1];
	if (count > 1)
		names->login = parts[0];
	return 0;
}

int
names_split(struct slice raw, names_is_user_fn *is_user, void *arg, struct names *ret)
{
	struct names names = { 0 };
	size_t n;
	int r;

	if (raw.n > NAMES_MAX)
		return -ENAMETOOLONG;
	if (!part_is_clean(raw))
		return -EINVAL;
	n = user_length(raw, is_user, arg);
	names.user = slice_of(raw.p, n);
	if (!text_is_name(names.user))
		return -EINVAL;
	if (n < raw.n) {
		r = parts_parse(slice_of(raw.p + n + 1, raw.n - n - 1), &names);
		if (r != 0)
			return r;
	}
	*ret = names;
	return 0;
}

bool
names_next(struct slice *list, struct slice *word)
{
	while (list->n > 0) {
		const unsigned char *comma = memchr(list->p, ',', list->n);
		size_t n = comma != NULL ? (size_t)(comma - list->p) : list->n;

		*word = slice_of(list->p, n);
		*list = comma != NULL ? slice_of(comma + 1, list->n - n - 1) : slice_of(list->p + n, 0);
		if (n > 0)
			return true;
	}
	return false;
}

bool
names_in_list(const char *list, struct slice word)
{
	struct slice rest = slice_from(list), one;

	while (names_next(&rest, &one))
		if (slice_eq(one, word))
			return true;
	return false;
}
