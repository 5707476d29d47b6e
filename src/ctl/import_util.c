/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the readers of other programs' files share. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/import.h"

enum { LIST_MAX = 16384, LABELS_MAX = 4096, NOTE_MAX = 1024, NOTES_MAX = 65536 };

void
import_init(struct import *im, const char *file, struct err *e)
{
	*im = (struct import){ .file = file, .e = e };
	im->last = &im->first;
	buf_init(&im->notes, NOTES_MAX);
}

void
import_done(struct import *im)
{
	struct import_host *h;

	while ((h = im->first) != NULL) {
		im->first = h->next;
		buf_done(&h->logins);
		buf_done(&h->labels);
		buf_done(&h->aliases);
		buf_done(&h->pins);
		buf_done(&h->note);
		free(h);
	}
	buf_done(&im->notes);
}

int
import_fail(struct import *im, unsigned line, unsigned col, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(im->e, -EINVAL, "%s:%u:%u: %s", im->file, line, col, what);
}

int
import_remark(struct import *im, unsigned line, const char *what)
{
	(void)buf_printf(&im->notes, "%s:%u: %s\n", im->file, line, what);
	return 0;
}

int
import_note(struct import_host *h, const char *fmt, ...)
{
	va_list ap;
	int r = h->note.len > 0 ? buf_text(&h->note, "; ") : 0;

	va_start(ap, fmt);
	if (r == 0)
		r = buf_vprintf(&h->note, fmt, ap);
	va_end(ap);
	return r;
}

/* ---- names ---- */

/* What of text a name may hold; the rest becomes "-".  False if no letter or digit would be left. */
static bool
name_from(struct slice text, char out[65])
{
	size_t n = 0;
	bool some = false;

	for (size_t i = 0; i < text.n && n < 64; i++) {
		bool alnum = text.p[i] < 0x80 && isalnum(text.p[i]) != 0;
		bool other = n > 0 && text.p[i] != '\0' && strchr("_.-", text.p[i]) != NULL;

		some = some || alnum;
		if (alnum || other)
			out[n++] = (char)text.p[i];
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	return some && text_is_name(slice_from(out));
}

struct import_host *
import_host_new(struct import *im, unsigned line, unsigned col, struct slice name)
{
	struct import_host *h;
	char made[65], shown[200];

	if (!name_from(name, made)) {
		(void)import_fail(im, line, col, "\"%s\" cannot be a host's name: letters, digits, _ . -", text_escaped(name, shown, sizeof(shown)));
		return NULL;
	}
	if (im->n == IMPORT_HOSTS_MAX || (h = calloc(1, sizeof(*h))) == NULL) {
		(void)import_fail(im, line, col, "more hosts than can be taken at once");
		return NULL;
	}
	h->line = line;
	h->col = col;
	h->port = 22;
	memcpy(h->name, made, sizeof(made));
	buf_init(&h->logins, LIST_MAX);
	buf_init(&h->labels, LABELS_MAX);
	buf_init(&h->aliases, LIST_MAX);
	buf_init(&h->pins, LIST_MAX);
	buf_init(&h->note, NOTE_MAX);
	*im->last = h;
	im->last = &h->next;
	im->n++;
	if (!slice_is(name, made))
		(void)import_note(h, "\"%s\" there", text_escaped(name, shown, sizeof(shown)));
	return h;
}

static int
by_name(const void *a, const void *b)
{
	const struct import_host *x = *(struct import_host *const *)a, *y = *(struct import_host *const *)b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : (int)x->line - (int)y->line;
}

int
import_check_names(struct import *im)
{
	struct import_host **all = calloc(im->n + 1, sizeof(struct import_host *));
	size_t n = 0;
	int r = 0;

	if (all == NULL)
		return err_set(im->e, -ENOMEM, "out of memory");
	for (struct import_host *h = im->first; h != NULL; h = h->next)
		all[n++] = h;
	qsort(all, n, sizeof(struct import_host *), by_name);
	for (size_t i = 1; r == 0 && i < n; i++)
		if (strcmp(all[i]->name, all[i - 1]->name) == 0)
			r = import_fail(im, all[i]->line, all[i]->col, "the name %s is there already, at line %u", all[i]->name, all[i - 1]->line);
	free(all);
	return r;
}

/* ---- values ---- */

int
import_addr_set(struct import *im, struct import_host *h, unsigned line, unsigned col, struct slice addr)
{
	char shown[200];

	for (size_t i = 0; i < addr.n; i++)
		if (addr.p[i] <= ' ' || addr.p[i] >= 0x7f || strchr("/\\\"'<>{}", addr.p[i]) != NULL)
			return import_fail(im, line, col, "\"%s\" is not an address", text_escaped(addr, shown, sizeof(shown)));
	if (addr.n == 0 || slice_copy(addr, h->addr, sizeof(h->addr)) != 0)
		return import_fail(im, line, col, "an address has 1 to 255 bytes");
	return 0;
}

int
import_port_set(struct import *im, struct import_host *h, unsigned line, unsigned col, struct slice port)
{
	char shown[64];
	uint64_t v;

	if (!text_u64(port, 65535, &v) || v == 0)
		return import_fail(im, line, col, "\"%s\" is not a port: 1 to 65535", text_escaped(port, shown, sizeof(shown)));
	h->port = (unsigned)v;
	return 0;
}

static bool
list_has(const struct buf *list, struct slice word, const char *between)
{
	struct slice rest = buf_slice(list), one;

	while (take_part(&rest, between[0], &one))
		if (slice_eq(one, word))
			return true;
	return false;
}

static int
add_once(struct buf *list, struct slice word, const char *between)
{
	int r = 0;

	if (word.n == 0 || list_has(list, word, between))
		return 0;
	if (list->len > 0)
		r = buf_text(list, between);
	return r == 0 ? buf_slice_append(list, word) : r;
}

int
import_list_add(struct buf *list, struct slice word)
{
	return add_once(list, word, ",");
}

int
import_label_add(struct import_host *h, const char *key, struct slice value)
{
	struct buf pair;
	int r;

	buf_init(&pair, LABELS_MAX);
	r = buf_printf(&pair, "%s=", key);
	for (size_t i = 0; r == 0 && i < value.n; i++)
		r = buf_u8(&pair, strchr(" \t,\"'", value.p[i]) != NULL ? '_' : value.p[i]);
	if (r == 0)
		r = add_once(&h->labels, buf_slice(&pair), " ");
	buf_done(&pair);
	return r;
}

/* ---- text ---- */

int
import_check_text(struct import *im, struct slice *text)
{
	struct slice rest;
	unsigned line = 1, col = 1;
	uint32_t rune;
	bool good;

	if (text->n >= 3 && memcmp(text->p, "\xef\xbb\xbf", 3) == 0)
		*text = slice_of(text->p + 3, text->n - 3);
	rest = *text;
	while (text_rune(&rest, &rune, &good)) {
		if (!good)
			return import_fail(im, line, col, "not UTF-8: convert the file first, e.g. with iconv");
		if ((rune < ' ' && rune != '\n' && rune != '\r' && rune != '\t') || rune == 0x7f)
			return import_fail(im, line, col, "a control character");
		col++;
		if (rune == '\n') {
			line++;
			col = 1;
		}
	}
	return 0;
}

bool
import_line(struct slice *text, struct slice *line)
{
	if (!take_part(text, '\n', line))
		return false;
	line->n -= line->n > 0 && line->p[line->n - 1] == '\r';
	return true;
}
