/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* A list gets shorter from its front; an empty one has been proved. */
#include <errno.h>
#include <string.h>

#include "base/methods.h"
#include "base/text.h"

static const struct { const char *name; unsigned bit; } words[] = {
	{ "publickey", METHOD_PUBLICKEY }, { "certificate", METHOD_CERTIFICATE }, { "password", METHOD_PASSWORD },
	{ "keyboard-interactive", METHOD_INTERACTIVE }, { "keyboard-interactive:pam", METHOD_INTERACTIVE }, { "totp", METHOD_TOTP },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static unsigned
bit_of(const char *word, size_t n)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strlen(words[i].name) == n && memcmp(words[i].name, word, n) == 0)
			return words[i].bit;
	return 0;
}

/* What makes no sense is refused: what was proved once proves nothing more, and a code alone would be no login. */
static int
add_word(struct methods *m, const char *word, size_t n, struct err *e)
{
	unsigned bit = bit_of(word, n), before = 0;
	unsigned *at = &m->lists[m->n - 1].n;

	for (unsigned i = 0; i < *at; i++)
		before |= m->lists[m->n - 1].items[i];
	if (bit == 0)
		return err_set(e, -EINVAL, "unknown method \"%.*s\": publickey, certificate, password, keyboard-interactive, totp, or any alone",
		    (int)(n < 40 ? n : 40), word);
	if ((before & bit) != 0 || ((bit | before) & (METHOD_PUBLICKEY | METHOD_CERTIFICATE)) == (METHOD_PUBLICKEY | METHOD_CERTIFICATE))
		return err_set(e, -EINVAL, "a list names %.*s twice", (int)n, word);
	if (bit == METHOD_TOTP && before == 0)
		return err_set(e, -EINVAL, "totp cannot come first: it is a second factor");
	m->lists[m->n - 1].items[(*at)++] = (unsigned char)bit;
	return 0;
}

static int
add_list(struct methods *m, const char *text, size_t n, struct err *e)
{
	const char *end = text + n;
	int r = 0;

	if (m->n == METHODS_LISTS_MAX)
		return err_set(e, -EINVAL, "more than %d lists", METHODS_LISTS_MAX);
	m->n++;
	while (r == 0 && text <= end) {
		n = strcspn(text, ", \t");
		r = add_word(m, text, n, e);
		text += n + 1;
	}
	return r;
}

int
methods_parse(const char *text, struct methods *ret, struct err *e)
{
	struct methods m = { 0 };
	int r = 0;

	text += strspn(text, " \t");
	if (strcmp(text, "any") == 0 || *text == '\0') {
		*ret = m;
		return 0;
	}
	while (r == 0 && *text != '\0') {
		size_t n = strcspn(text, " \t");

		r = add_list(&m, text, n, e);
		text += n + strspn(text + n, " \t");
	}
	if (r == 0)
		*ret = m;
	return r;
}

unsigned
methods_all(const struct methods *m)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < m->n; i++)
		for (unsigned k = 0; k < m->lists[i].n; k++)
			bits |= m->lists[i].items[k];
	return bits;
}

unsigned
methods_next(const struct methods *m)
{
	unsigned bits = m->n == 0 ? METHOD_PUBLICKEY | METHOD_CERTIFICATE | METHOD_PASSWORD | METHOD_INTERACTIVE : 0;

	for (unsigned i = 0; i < m->n; i++)
		bits |= m->lists[i].n > 0 ? m->lists[i].items[0] : 0;
	return bits;
}

unsigned
methods_first(const struct methods *m, unsigned wanted)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->lists[i].n > 0 && (m->lists[i].items[0] & wanted) != 0)
			return m->lists[i].items[0];
	return m->n == 0 ? wanted : 0;
}

int
methods_take(struct methods *m, unsigned proved)
{
	bool taken = false, enough = false;

	if (m->n == 0)
		return (methods_next(m) & proved) != 0 ? 1 : -EPERM;
	for (unsigned i = 0; i < m->n; i++) {
		if (m->lists[i].n == 0 || (m->lists[i].items[0] & proved) == 0)
			continue;
		taken = true;
		memmove(m->lists[i].items, m->lists[i].items + 1, --m->lists[i].n);
		enough = enough || m->lists[i].n == 0;
	}
	return !taken ? -EPERM : enough;
}

bool
methods_would_do(const struct methods *m, unsigned bits)
{
	for (unsigned i = 0; i < m->n; i++) {
		unsigned left = 0;

		for (unsigned k = 0; k < m->lists[i].n; k++)
			left |= m->lists[i].items[k];
		if ((left & ~bits) == 0)
			return true;
	}
	return false;
}

const char *
methods_name(unsigned bits)
{
	for (size_t i = 0; i < WORDS; i++)
		if ((words[i].bit & bits) != 0)
			return words[i].name;
	return "nothing";
}
