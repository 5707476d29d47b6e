/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The list of assets that JumpServer exports as CSV (RFC 4180).  Columns are found by their names in the first row, English
 * or Chinese, of versions 2 to 4; unknown ones are skipped.  Nodes become labels node=/A/B, the label column's words labels,
 * a name that no host here can have becomes
 * the label title=: what is left of it is the name then, or, where it is not ASCII, the address.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "ctl/import.h"

enum { CELLS_MAX = 64, CELL_MAX = 8192 };
enum col { NAME, ADDRESS, PORT, PROTOCOLS, NODES, LABELS, LOGINS, ACTIVE, COLS };

static const struct { const char *word; enum col col; } heads[] = {
	{ "name", NAME }, { "hostname", NAME }, { "名称", NAME }, { "主机名", NAME },
	{ "address", ADDRESS }, { "ip", ADDRESS }, { "地址", ADDRESS }, { "ip地址", ADDRESS },
	{ "port", PORT }, { "端口", PORT },
	{ "protocols", PROTOCOLS }, { "protocol", PROTOCOLS }, { "协议", PROTOCOLS }, { "协议组", PROTOCOLS },
	{ "nodes", NODES }, { "nodes_display", NODES }, { "node", NODES }, { "节点", NODES },
	{ "节点路径", NODES }, { "节点名称", NODES },
	{ "labels", LABELS }, { "label", LABELS }, { "标签", LABELS },
	{ "username", LOGINS }, { "accounts", LOGINS }, { "用户名", LOGINS }, { "账号", LOGINS },
	{ "账号列表", LOGINS },
	{ "is_active", ACTIVE }, { "active", ACTIVE }, { "激活", ACTIVE }, { "激活中", ACTIVE },
	{ "已激活", ACTIVE },
};

struct cell { char *text; unsigned line, col; };

struct reader {
	struct import *im;
	struct slice rest;
	unsigned line, col;                   /* of rest */
	struct cell cells[CELLS_MAX];         /* of the row that was read */
	int n;
	int at[COLS];                         /* which cell is what; -1: none */
};

/* ---- cells ---- */

static void
step(struct reader *r, bool newline)
{
	r->col = newline ? 1 : r->col + ((r->rest.p[0] & 0xc0) != 0x80);      /* characters, not bytes */
	r->line += newline;
	r->rest = slice_of(r->rest.p + 1, r->rest.n - 1);
}

/* Inside quotes, a pair of them is one, and a line may end. */
static int
quoted_take(struct reader *r, struct buf *b)
{
	unsigned line = r->line, col = r->col;
	int e = 0;

	for (step(r, false); e == 0 && r->rest.n > 0; step(r, r->rest.p[0] == '\n')) {
		if (r->rest.p[0] != '"') {
			e = buf_u8(b, r->rest.p[0]);
			continue;
		}
		if (r->rest.n < 2 || r->rest.p[1] != '"') {
			step(r, false);
			return 0;
		}
		step(r, false);
		e = buf_u8(b, '"');
	}
	return e != 0 ? import_fail(r->im, line, col, "a cell of more than %d bytes", CELL_MAX) : import_fail(r->im, line, col, "no closing quote");
}

static int
cell_take(struct reader *r)
{
	struct buf b;
	struct cell *c = &r->cells[r->n];
	int e = 0;

	if (r->n == CELLS_MAX)
		return import_fail(r->im, r->line, r->col, "more than %d columns", CELLS_MAX);
	buf_init(&b, CELL_MAX);
	*c = (struct cell){ NULL, r->line, r->col };
	if (r->rest.n > 0 && r->rest.p[0] == '"')
		e = quoted_take(r, &b);
	while (e == 0 && r->rest.n > 0 && strchr(",\r\n", r->rest.p[0]) == NULL) {
		if (r->rest.p[0] == '"')
			e = import_fail(r->im, r->line, r->col, "a quote in the middle of a cell");
		else if (buf_u8(&b, r->rest.p[0]) != 0)
			e = import_fail(r->im, r->line, r->col, "a cell of more than %d bytes", CELL_MAX);
		else
			step(r, false);
	}
	if (e == 0 && (c->text = slice_dup(buf_slice(&b))) == NULL)
		e = err_set(r->im->e, -ENOMEM, "out of memory");
	r->n += c->text != NULL;
	buf_done(&b);
	return e;
}

static void
row_done(struct reader *r)
{
	while (r->n > 0)
		free(r->cells[--r->n].text);
}

/* 1: a row, 0: the end, or negative. */
static int
row_take(struct reader *r)
{
	int e;

	row_done(r);
	if (r->rest.n == 0)
		return 0;
	for (;;) {
		e = cell_take(r);
		if (e != 0)
			return e;
		if (r->rest.n == 0 || r->rest.p[0] != ',')
			break;
		step(r, false);
	}
	if (r->rest.n > 0 && r->rest.p[0] == '\r')
		step(r, false);
	if (r->rest.n > 0 && r->rest.p[0] != '\n')
		return import_fail(r->im, r->line, r->col, "a comma or the end of the line is missing");
	if (r->rest.n > 0)
		step(r, true);
	return 1;
}

/* ---- columns ---- */

/* "*Name", "Name*", " IP " and "name" are the same. */
static enum col
head_find(const char *text)
{
	struct slice s = slice_from(text);

	while (s.n > 0 && strchr("* \t", s.p[0]) != NULL)
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n > 0 && strchr("* \t", s.p[s.n - 1]) != NULL)
		s.n--;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (strlen(heads[i].word) == s.n && strncasecmp(heads[i].word, (const char *)s.p, s.n) == 0)
			return heads[i].col;
	return COLS;
}

static int
heads_take(struct reader *r)
{
	int e = row_take(r);

	if (e < 0)
		return e;
	for (int c = 0; c < COLS; c++)
		r->at[c] = -1;
	for (int i = 0; i < r->n; i++) {
		enum col c = head_find(r->cells[i].text);

		if (c != COLS && r->at[c] < 0)
			r->at[c] = i;
	}
	if (e == 0 || r->at[NAME] < 0 || r->at[ADDRESS] < 0)
		return import_fail(r->im, 1, 1, "no columns name and address (or hostname and ip) in the first row");
	return 0;
}

static const struct cell *
cell_of(const struct reader *r, enum col c)
{
	static char nothing[1];
	static const struct cell none = { nothing, 1, 1 };

	return r->at[c] >= 0 && r->at[c] < r->n ? &r->cells[r->at[c]] : &none;
}

/* ---- values ---- */

/* The next word of a list as JumpServer writes them: a,b  a;b  ["a", "b"]  ['a'] . */
static bool
word_next(const char **at, const char *ends, struct slice *word)
{
	size_t skip = strspn(*at, ends), n = strcspn(*at + skip, ends);

	*word = slice_of(*at + skip, n);
	*at += skip + n;
	while (word->n > 0 && strchr(" \t\n", word->p[0]) != NULL)
		*word = slice_of(word->p + 1, word->n - 1);
	while (word->n > 0 && strchr(" \t\n", word->p[word->n - 1]) != NULL)
		word->n--;
	return n > 0;
}

/* "ssh/22 sftp/22", "ssh:22", [{"name": "ssh", "port": 22}]: the number that follows ssh. */
static int
protocols_take(struct reader *r, struct import_host *h)
{
	const struct cell *c = cell_of(r, PROTOCOLS);
	const char *ssh = strcasestr(c->text, "ssh"), *end = ssh != NULL ? ssh + 3 : NULL;
	size_t digits;

	if (c->text[0] == '\0')
		return 0;
	if (ssh == NULL) {
		h->fate = IMPORT_SKIP;
		return import_note(h, "not reached by ssh there");
	}
	end += strspn(end, "/:'\" ,");
	if (strncmp(end, "port", 4) == 0)
		end += 4 + strspn(end + 4, "'\": ");
	digits = strspn(end, "0123456789");
	return digits > 0 ? import_port_set(r->im, h, c->line, c->col, slice_of(end, digits)) : 0;
}

static int
nodes_take(struct reader *r, struct import_host *h)
{
	const char *at = cell_of(r, NODES)->text;
	struct slice word;
	int e = 0;

	while (e == 0 && word_next(&at, ",;[]'\"\n", &word))
		if (word.n > 0)
			e = import_label_add(h, "node", word);
	return e;
}

/* "env:prod,tier:web" or "env=prod" */
static int
labels_take(struct reader *r, struct import_host *h)
{
	const char *at = cell_of(r, LABELS)->text;
	char key[65];
	struct slice word;
	int e = 0;

	while (e == 0 && word_next(&at, ",;[]'\"\n", &word)) {
		size_t n = 0;

		while (n < word.n && word.p[n] != ':' && word.p[n] != '=')
			n++;
		if (n == 0 || n == word.n || n >= sizeof(key) || !text_is_name(slice_of(word.p, n)) || slice_is(slice_of(word.p, n), "name"))
			e = word.n > 0 ? import_label_add(h, "label", word) : 0;
		else if (slice_copy(slice_of(word.p, n), key, sizeof(key)) == 0)
			e = import_label_add(h, key, slice_of(word.p + n + 1, word.n - n - 1));
	}
	return e;
}

static int
logins_take(struct reader *r, struct import_host *h)
{
	const struct cell *c = cell_of(r, LOGINS);
	const char *at = c->text;
	struct slice word;
	int e = 0;

	while (e == 0 && word_next(&at, ",;[]'\"\n", &word)) {
		if (word.n > 0 && !text_is_name(word))
			return import_fail(r->im, c->line, c->col, "\"%.*s\" cannot be a login here: letters, digits, _ . @ -", (int)word.n,
			    (const char *)word.p);
		e = import_list_add(&h->logins, word);
	}
	return e;
}

static bool
is_no(const char *text)
{
	static const char *const words[] = { "false", "0", "no", "n", "否" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

static struct slice
trimmed(const char *text)
{
	struct slice s = slice_from(text);

	while (s.n > 0 && strchr(" \t\n", s.p[0]) != NULL)
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n > 0 && strchr(" \t\n", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

static int
row_host(struct reader *r)
{
	const struct cell *name = cell_of(r, NAME), *addr = cell_of(r, ADDRESS), *port = cell_of(r, PORT);
	struct slice title = trimmed(name->text), address = trimmed(addr->text);
	struct import_host *h;
	int e = 0;

	if (r->n == 1 && trimmed(r->cells[0].text).n == 0)
		return 0;                         /* an empty line */
	if (title.n == 0 || address.n == 0)
		return import_fail(r->im, r->cells[0].line, r->cells[0].col, "a row without a name or an address");
	h = import_host_new(r->im, name->line, name->col, is_ascii(title) ? title : address);
	if (h == NULL)
		return -EINVAL;
	if (!slice_is(title, h->name))
		e = import_label_add(h, "title", title);
	if (e == 0)
		e = import_addr_set(r->im, h, addr->line, addr->col, address);
	if (e == 0)
		e = protocols_take(r, h);
	if (e == 0 && trimmed(port->text).n > 0)
		e = import_port_set(r->im, h, port->line, port->col, trimmed(port->text));
	if (e == 0)
		e = nodes_take(r, h);
	if (e == 0)
		e = labels_take(r, h);
	if (e == 0)
		e = logins_take(r, h);
	if (e == 0 && is_no(cell_of(r, ACTIVE)->text)) {
		h->fate = IMPORT_SKIP;
		e = import_note(h, "not active there");
	}
	return e;
}

int
import_jumpserver(struct import *im, struct slice text)
{
	struct reader r = { .im = im, .rest = text, .line = 1, .col = 1 };
	int e = heads_take(&r);

	while (e == 0 && (e = row_take(&r)) == 1)
		e = row_host(&r);
	row_done(&r);
	return e;
}
