/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <string.h>

#include "base/pubkey.h"
#include "base/text.h"

static struct slice
word_take(struct slice *s, const char *ends)
{
	struct slice word;
	size_t n = 0;

	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = slice_of(s->p + 1, s->n - 1);
	while (n < s->n && strchr(ends, s->p[n]) == NULL)
		n++;
	word = slice_of(s->p, n);
	*s = slice_of(s->p + n, s->n - n);
	return word;
}

int
pubkey_parse(struct slice text, struct slice *alg, struct buf *blob, struct slice *comment, struct err *e)
{
	struct slice a = word_take(&text, " \t\r\n"), data = word_take(&text, " \t\r\n");

	if (a.n > 0 && a.p[0] == '-')
		return err_set(e, -EINVAL, "that is a private key: give the one-line public key (.pub)");
	buf_clear(blob);
	if (a.n == 0 || data.n == 0 || text_unbase64(blob, data) != 0 || blob->len < 8)
		return err_set(e, -EINVAL, "not a public key: expected \"TYPE BASE64 COMMENT\" as in a .pub file");
	*alg = a;
	*comment = word_take(&text, "\r\n");
	return 0;
}
