/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * ssh_config(5), as ssh reads it: for each name the first value of a keyword wins among all blocks whose patterns fit.
 * Names are what stands in Host lines without * or ?; the first of a line is the host, the others its aliases.
 * HostName, Port and User are taken; ProxyJump and ProxyCommand are mentioned, Match and Include are not followed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "ctl/import.h"

enum { BLOCKS_MAX = 20000, WORDS_MAX = 256 };
enum key { HOSTNAME, PORT, USER, PROXY, KEYS };

struct word { struct slice text; unsigned col; };
struct value { struct slice text; unsigned line, col; };      /* line 0: not set */
struct block { struct value patterns[WORDS_MAX]; size_t n; struct value values[KEYS]; };

struct reader {
	struct import *im;
	struct block **blocks;
	size_t n;
	unsigned line;
};

/* ---- lines into words ---- */

/* "Key value", "Key=value", "Key = \"a value\"".  The number of words, or negative with e. */
static int
words_take(struct reader *r, struct slice line, struct word words[WORDS_MAX])
{
	size_t i = 0;
	int n = 0;

	for (;;) {
		bool quoted;
		size_t from, to;

		while (i < line.n && (strchr(" \t", line.p[i]) != NULL || (n == 1 && line.p[i] == '=')))
			i++;
		if (i == line.n || (line.p[i] == '#'))
			return n;
		if (n == WORDS_MAX)
			return import_fail(r->im, r->line, (unsigned)i + 1, "more than %d words", WORDS_MAX);
		quoted = line.p[i] == '"';
		from = i + quoted;
		for (to = from; to < line.n && (quoted ? line.p[to] != '"' : strchr(n == 0 ? " \t=" : " \t", line.p[to]) == NULL); to++)
			;
		if (quoted && to == line.n)
			return import_fail(r->im, r->line, (unsigned)i + 1, "no closing quote");
		words[n++] = (struct word){ slice_of(line.p + from, to - from), (unsigned)from + 1 };
		i = to + quoted;
	}
}

static bool
word_is(struct slice s, const char *word)
{
	return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

/* ---- blocks ---- */

static struct block *
block_new(struct reader *r)
{
	struct block *b = r->n < BLOCKS_MAX ? calloc(1, sizeof(*b)) : NULL, **p;

	if (b == NULL)
		return NULL;
	p = realloc(r->blocks, (r->n + 1) * sizeof(struct block *));
	if (p == NULL) {
		free(b);
		return NULL;
	}
	r->blocks = p;
	r->blocks[r->n++] = b;
	return b;
}

static int
block_begin(struct reader *r, const struct word *words, int n, bool match)
{
	struct block *b = block_new(r);

	if (b == NULL)
		return import_fail(r->im, r->line, 1, "too many blocks");
	if (match) {                              /* only "Match all" is for everybody; others never fit here */
		if (n == 2 && word_is(words[1].text, "all"))
			b->patterns[b->n++] = (struct value){ slice_from("*"), r->line, words[1].col };
		else
			import_remark(r->im, r->line, "what stands below Match is not looked at");
		return 0;
	}
	if (n < 2)
		return import_fail(r->im, r->line, words[0].col, "Host without a name");
	for (int i = 1; i < n; i++)
		b->patterns[b->n++] = (struct value){ words[i].text, r->line, words[i].col };
	return 0;
}

static int
setting(struct reader *r, const struct word *words, int n)
{
	static const struct { const char *word; enum key key; } keys[] = {
		{ "HostName", HOSTNAME }, { "Port", PORT }, { "User", USER }, { "ProxyJump", PROXY }, { "ProxyCommand", PROXY },
	};
	struct block *b = r->blocks[r->n - 1];

	if (n < 2)
		return import_fail(r->im, r->line, words[0].col, "%.*s without a value", (int)words[0].text.n, (const char *)words[0].text.p);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (word_is(words[0].text, keys[i].word) && b->values[keys[i].key].line == 0)
			b->values[keys[i].key] = (struct value){ words[1].text, r->line, words[1].col };
	return 0;
}

static int
line_take(struct reader *r, struct slice line)
{
	struct word words[WORDS_MAX];
	int n = words_take(r, line, words);

	if (n <= 0)
		return n;
	if (word_is(words[0].text, "Host") || word_is(words[0].text, "Match"))
		return block_begin(r, words, n, word_is(words[0].text, "Match"));
	if (word_is(words[0].text, "Include"))
		return import_remark(r->im, r->line, "Include is not followed: import that file itself");
	return setting(r, words, n);
}

/* ---- hosts ---- */

static bool
is_concrete(struct slice pattern)
{
	for (size_t i = 0; i < pattern.n; i++)
		if (strchr("*?!", pattern.p[i]) != NULL)
			return false;
	return pattern.n > 0;
}

static bool
block_fits(const struct block *b, struct slice name)
{
	bool fits = false;

	for (size_t i = 0; i < b->n; i++) {
		struct slice p = b->patterns[i].text;
		bool negated = p.n > 0 && p.p[0] == '!';

		if (negated)
			p = slice_of(p.p + 1, p.n - 1);
		if (!text_glob(p, name))
			continue;
		if (negated)
			return false;
		fits = true;
	}
	return fits;
}

static const struct value *
value_find(const struct reader *r, struct slice name, enum key key)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->blocks[i]->values[key].line != 0 && block_fits(r->blocks[i], name))
			return &r->blocks[i]->values[key];
	return NULL;
}

/* %h is the name, %% a percent sign; what else there is only ssh knows. */
static int
expand(struct reader *r, const struct value *v, struct slice name, struct buf *out)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < v->text.n; i++) {
		if (v->text.p[i] != '%') {
			e = buf_u8(out, v->text.p[i]);
			continue;
		}
		i++;
		if (i < v->text.n && v->text.p[i] == 'h')
			e = buf_slice_append(out, name);
		else if (i < v->text.n && v->text.p[i] == '%')
			e = buf_u8(out, '%');
		else
			return import_fail(r->im, v->line, v->col + (unsigned)i - 1, "only %%h and %%%% can be read here");
	}
	return e;
}

static int
host_values(struct reader *r, struct import_host *h, struct slice name)
{
	const struct value *hostname = value_find(r, name, HOSTNAME), *port = value_find(r, name, PORT);
	const struct value *user = value_find(r, name, USER), *proxy = value_find(r, name, PROXY);
	struct buf text;
	int e = 0;

	buf_init(&text, 4096);
	if (hostname != NULL)
		e = expand(r, hostname, name, &text);
	if (e == 0)
		e = hostname != NULL ? import_addr_set(r->im, h, hostname->line, hostname->col, buf_slice(&text)) :
		    import_addr_set(r->im, h, h->line, h->col, name);
	if (e == 0 && port != NULL)
		e = import_port_set(r->im, h, port->line, port->col, port->text);
	buf_clear(&text);
	if (e == 0 && user != NULL)
		e = expand(r, user, name, &text);
	if (e == 0 && text.len > 0 && !text_is_name(buf_slice(&text)))
		e = import_fail(r->im, user->line, user->col, "\"%s\" cannot be a login here: letters, digits, _ . @ -", buf_cstr(&text));
	if (e == 0)
		e = import_list_add(&h->logins, buf_slice(&text));
	if (e == 0 && proxy != NULL && !word_is(proxy->text, "none"))
		e = import_note(h, "ssh reaches it by a proxy, the bastion connects directly");
	buf_done(&text);
	return e;
}

static int
block_hosts(struct reader *r, const struct block *b)
{
	struct import_host *h = NULL;
	int e = 0;

	for (size_t i = 0; e == 0 && i < b->n; i++) {
		const struct value *p = &b->patterns[i];

		if (!is_concrete(p->text))
			continue;
		if (h != NULL && text_is_name(p->text)) {
			e = import_list_add(&h->aliases, p->text);
			continue;
		}
		h = import_host_new(r->im, p->line, p->col, p->text);
		e = h != NULL ? host_values(r, h, p->text) : -EINVAL;
	}
	return e;
}

int
import_ssh_config(struct import *im, struct slice text)
{
	struct reader r = { .im = im };
	struct block *all = block_new(&r);        /* what stands before the first Host is for everybody */
	struct slice line;
	int e = all != NULL ? 0 : err_set(im->e, -ENOMEM, "out of memory");

	if (all != NULL)
		all->patterns[all->n++] = (struct value){ slice_from("*"), 1, 1 };
	for (r.line = 1; e == 0 && import_line(&text, &line); r.line++)
		e = line_take(&r, line);
	for (size_t i = 0; e == 0 && i < r.n; i++)
		e = block_hosts(&r, r.blocks[i]);
	for (size_t i = 0; i < r.n; i++)
		free(r.blocks[i]);
	free(r.blocks);
	return e;
}
