/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Host keys out of known_hosts, by address: "ADDR", "[ADDR]:PORT" where the port is not 22, or their hash
 * ("|1|SALT|HMAC", HMAC-SHA1, both in base64).  Patterns, @cert-authority and @revoked are no keys of one host.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/fd.h"
#include "base/pubkey.h"
#include "base/text.h"
#include "ctl/import.h"

enum { FILE_MAX = 64 << 20, SHA1 = 20 };

static struct slice
word_take(struct slice *line)
{
	struct slice word;
	size_t n = 0;

	while (line->n > 0 && strchr(" \t", line->p[0]) != NULL)
		*line = slice_of(line->p + 1, line->n - 1);
	while (n < line->n && strchr(" \t", line->p[n]) == NULL)
		n++;
	word = slice_of(line->p, n);
	*line = slice_of(line->p + n, line->n - n);
	return word;
}

static bool
hash_fits(struct slice hashed, const char *place)
{
	const unsigned char *bar = memchr(hashed.p + 3, '|', hashed.n - 3);
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct buf salt, want;
	unsigned n = 0;
	bool fits;

	if (bar == NULL)
		return false;
	buf_init(&salt, 64);
	buf_init(&want, 64);
	fits = text_unbase64(&salt, slice_of(hashed.p + 3, (size_t)(bar - hashed.p) - 3)) == 0 &&
	    text_unbase64(&want, slice_of(bar + 1, hashed.n - (size_t)(bar + 1 - hashed.p))) == 0 && salt.len == SHA1 && want.len == SHA1 &&
	    HMAC(EVP_sha1(), salt.p, (int)salt.len, (const unsigned char *)place, strlen(place), mac, &n) != NULL && n == SHA1 &&
	    memcmp(mac, want.p, SHA1) == 0;
	buf_done(&salt);
	buf_done(&want);
	return fits;
}

/* Is place one of the comma-separated names? */
static bool
names_fit(struct slice names, const char *place)
{
	size_t len = strlen(place);
	struct slice name;

	if (names.n > 3 && memcmp(names.p, "|1|", 3) == 0)
		return hash_fits(names, place);
	while (take_part(&names, ',', &name))
		if (name.n == len && strncasecmp((const char *)name.p, place, len) == 0)
			return true;
	return false;
}

static int
pin_add(struct import_host *h, struct slice alg, struct slice blob)
{
	int r = buf_printf(&h->pins, "%s%.*s ", h->pins.len > 0 ? "\n" : "", (int)alg.n, (const char *)alg.p);

	return r == 0 ? text_base64(&h->pins, blob) : r;
}

static int
line_take(struct import *im, const char *path, unsigned no, struct slice line)
{
	struct slice names = word_take(&line), alg, comment;
	struct err e = { 0 };
	char place[300];
	struct buf blob;
	int r = 0;

	if (names.n == 0 || names.p[0] == '#' || names.p[0] == '@')
		return 0;
	buf_init(&blob, 16384);
	if (pubkey_parse(line, &alg, &blob, &comment, &e) != 0)
		r = err_set(im->e, -EINVAL, "%s:%u:%zu: %s", path, no, names.n + 2, e.text);
	for (struct import_host *h = im->first; r == 0 && h != NULL; h = h->next) {
		(void)snprintf(place, sizeof(place), h->port == 22 ? "%s" : "[%s]:%u", h->addr, h->port);
		if (h->addr[0] != '\0' && names_fit(names, place))
			r = pin_add(h, alg, buf_slice(&blob));
	}
	buf_done(&blob);
	return r;
}

int
import_known_hosts(struct import *im, const char *path)
{
	struct slice text, line;
	struct buf b;
	int r;

	buf_init(&b, FILE_MAX);
	r = fd_read_file(path, FILE_MAX, &b, im->e);
	text = buf_slice(&b);
	for (unsigned no = 1; r == 0 && import_line(&text, &line); no++)
		r = line_take(im, path, no, line);
	buf_done(&b);
	return r == -ENOBUFS ? err_set(im->e, r, "%s: too many keys for one host", path) : r;
}
