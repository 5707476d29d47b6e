/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Splitting raw SSH user names.  Nothing here allocates or remembers. */
#include <errno.h>
#include <string.h>

#include "base/net.h"
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

/* --- the parts behind the user --- */

enum { PARTS_MAX = 4 };

struct parts { struct slice p[PARTS_MAX]; size_t n; };

/* All parts between separators, each clean.  -EINVAL: too many, or one that is empty or unclean. */
static int
parts_take(struct slice rest, unsigned char separator, struct parts *ret)
{
	const unsigned char *at;

	ret->n = 0;
	do {
		at = rest.n > 0 ? memchr(rest.p, separator, rest.n) : NULL;
		struct slice part = slice_of(rest.p, at != NULL ? (size_t)(at - rest.p) : rest.n);

		if (ret->n == PARTS_MAX || !part_is_clean(part))
			return -EINVAL;
		ret->p[ret->n++] = part;
		rest = slice_of(part.p + part.n + (at != NULL), rest.n - part.n - (at != NULL));
	} while (at != NULL);
	return 0;
}

/* A code that stands where a login or a host belongs is a mistake, and must not become a name in a log. */
static int
place_set(struct names *names, struct slice login, struct slice host)
{
	if (names_is_code(login) || names_is_code(host))
		return -EINVAL;
	names->login = login;
	names->host = host;
	return 0;
}

/* [CODE+][LOGIN+]HOST, or CODE alone */
static int
plus_parse(struct slice rest, struct names *names)
{
	struct slice none = { 0 };
	struct parts parts;
	size_t first;
	int r = parts_take(rest, '+', &parts);

	if (r != 0)
		return r;
	first = names_is_code(parts.p[0]);
	if (first == 1)
		names->code = parts.p[0];
	if (parts.n - first > 2)
		return -EINVAL;
	return place_set(names, parts.n - first == 2 ? parts.p[first] : none, parts.n > first ? parts.p[parts.n - 1] : none);
}

/* [PROTOCOL@]LOGIN@HOST, the protocol being SSH's */
static int
jumpserver_parse(struct slice rest, unsigned char separator, struct names *names)
{
	struct parts parts;
	int r = parts_take(rest, separator, &parts);

	if (r != 0)
		return r;
	if (parts.n != 2 && !(parts.n == 3 && (slice_is(parts.p[0], "ssh") || slice_is(parts.p[0], "sftp"))))
		return -EINVAL;
	return place_set(names, parts.p[parts.n - 2], parts.p[parts.n - 1]);
}

static int
at_parse(struct slice rest, struct names *names)
{
	return jumpserver_parse(rest, '@', names);
}

static int
hash_parse(struct slice rest, struct names *names)
{
	return jumpserver_parse(rest, '#', names);
}

/* [LOGIN:]HOST, where an address may hold colons of its own */
static int
colon_parse(struct slice rest, struct names *names)
{
	const unsigned char *colon = rest.n > 0 ? memchr(rest.p, ':', rest.n) : NULL;
	struct slice login = { 0 }, host = rest;

	if (colon != NULL && !net_is_place(rest)) {
		login = slice_of(rest.p, (size_t)(colon - rest.p));
		host = slice_of(colon + 1, rest.n - login.n - 1);
		if (!part_is_clean(login))
			return -EINVAL;
	}
	if (!part_is_clean(host) || (memchr(host.p, ':', host.n) != NULL && !net_is_place(host)))
		return -EINVAL;
	return place_set(names, login, host);
}

/* HOST alone */
static int
target_parse(struct slice rest, struct names *names)
{
	struct slice none = { 0 };

	return part_is_clean(rest) && memchr(rest.p, '#', rest.n) == NULL ? place_set(names, none, rest) : -EINVAL;
}

/* --- the table of forms, in the order in which they are tried --- */

static const struct form {
	unsigned char separator;
	unsigned format;                         /* bit of enum names_format that switches it on; 0: always */
	int (*parse)(struct slice rest, struct names *names);
} forms[] = {
	{ '+', 0, plus_parse }, { '@', NAMES_JUMPSERVER, at_parse }, { '#', NAMES_JUMPSERVER, hash_parse },
	{ ':', NAMES_WARPGATE, colon_parse }, { '#', NAMES_WARPGATE, target_parse },
};

/* The form that fits raw when its first n bytes are the user. */
static int
form_find(struct slice raw, size_t n, unsigned formats, struct names *ret)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct names names = { .user = slice_of(raw.p, n) };

		if (forms[i].separator != raw.p[n] || (forms[i].format & ~formats) != 0)
			continue;
		if (forms[i].parse(slice_of(raw.p + n + 1, raw.n - n - 1), &names) != 0)
			continue;
		*ret = names;
		return 0;
	}
	return -EINVAL;
}

/* The longest existing user for whom the rest makes sense. */
static int
split_known(struct slice raw, unsigned formats, names_is_user_fn *is_user, void *arg, struct names *ret)
{
	for (size_t n = raw.n; n > 0; n--) {
		if (n < raw.n && strchr("+@#:", raw.p[n]) == NULL)
			continue;
		if (!is_user(arg, slice_of(raw.p, n)))
			continue;
		if (n < raw.n && form_find(raw, n, formats, ret) != 0)
			continue;
		if (n == raw.n)
			*ret = (struct names){ .user = raw };
		return 0;
	}
	return -EINVAL;
}

/* Where the first code begins that stands anywhere in s; s.n: nowhere. */
static size_t
code_place(struct slice s, size_t from)
{
	for (size_t i = from; i + CODE_TEXT <= s.n; i++)
		if (names_is_code(slice_of(s.p + i, CODE_TEXT)))
			return i;
	return s.n;
}

/* Nobody of that name: what it would mean if there were.  A "+" decides; else the other forms; else all of it is the user. */
static int
split_unknown(struct slice raw, unsigned formats, struct names *ret)
{
	struct names names = { .user = raw };
	bool plus = memchr(raw.p, '+', raw.n) != NULL;
	int r = plus ? -EINVAL : 0;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const unsigned char *at = memchr(raw.p, forms[i].separator, raw.n);

		if (at == NULL || (plus && forms[i].separator != '+') || form_find(raw, (size_t)(at - raw.p), formats, &names) != 0)
			continue;
		r = 0;
		break;
	}
	if (r != 0 || !text_is_name(names.user) || code_place(names.user, 0) < names.user.n)
		return -EINVAL;
	*ret = names;
	return 0;
}

int
names_split(struct slice raw, unsigned formats, names_is_user_fn *is_user, void *arg, struct names *ret)
{
	if (raw.n > NAMES_MAX)
		return -ENAMETOOLONG;
	if (!part_is_clean(raw))
		return -EINVAL;
	return split_known(raw, formats, is_user, arg, ret) == 0 ? 0 : split_unknown(raw, formats, ret);
}

/* How many of a code's letters stand at the front of s. */
static size_t
code_letters(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\0' && strchr(alphabet, s.p[n]) != NULL)
		n++;
	return n;
}

/* Half of a code may be a code of which the end was lost. */
const char *
names_shown(struct slice raw, char *out, size_t size)
{
	unsigned char copy[NAMES_MAX] = { 0 };
	size_t n = raw.n < NAMES_MAX ? raw.n : NAMES_MAX;

	if (n > 0)
		memcpy(copy, raw.p, n);
	for (size_t i = 0; i + 2 < n; i++) {
		size_t letters = copy[i] == 'e' && copy[i + 1] == '-' ? code_letters(slice_of(copy + i + 2, n - i - 2)) : 0;

		if (letters >= (CODE_TEXT - 2) / 2)
			memset(copy + i + 2, '*', letters);
	}
	return text_escaped(slice_of(copy, n), out, size);
}

/* --- lists --- */

bool
names_in_list(const char *list, struct slice word)
{
	struct slice rest = slice_from(list), one;

	while (take_filled(&rest, ',', &one))
		if (slice_eq(one, word))
			return true;
	return false;
}
