/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * JSON and CSV are written row by row; a table has to see all of its rows first.  Foreign
 * text is escaped for where it goes: terminal, JSON string, spreadsheet.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"
#include "ctl/out.h"

enum { COLUMNS_MAX = 40, CELL_MAX = 1 << 20, GAP = 2, CUT_FIRST = 24, CUT_LAST = 6 };
#define TABLE_MAX ((size_t)512 << 20)

struct out {
	FILE *to;
	enum out_format format;
	const struct out_column *columns;
	bool one;
	size_t ncolumns, at;               /* at: the column that comes next */
	uint64_t rows;
	struct buf line;                   /* what is being made of this row, or of a cell */
	struct buf cells;                  /* text: every cell as u32 length and bytes */
	size_t width[COLUMNS_MAX];
	bool shown[COLUMNS_MAX];
	size_t screen;                     /* columns of the terminal; 0: none, the table is as wide as it is */
	int r;
};

struct out *
out_new(FILE *to, enum out_format format, const struct out_column *columns, bool one)
{
	struct out *o = calloc(1, sizeof(*o));
	struct winsize ws;

	if (o == NULL)
		return NULL;
	*o = (struct out){ .to = to, .format = format, .columns = columns, .one = one };
	for (; columns[o->ncolumns].name != NULL; o->ncolumns++)
		o->shown[o->ncolumns] = !columns[o->ncolumns].hidden;
	if (isatty(fileno(to)) && ioctl(fileno(to), TIOCGWINSZ, &ws) == 0)
		o->screen = ws.ws_col;
	assert(o->ncolumns > 0 && o->ncolumns <= COLUMNS_MAX);
	buf_init(&o->line, (size_t)CELL_MAX * 4);
	buf_init(&o->cells, TABLE_MAX);
	for (size_t i = 0; i < o->ncolumns; i++) {
		o->width[i] = strlen(columns[i].name);
		if (format == OUT_CSV)
			fprintf(to, "%s%s", i > 0 ? "," : "", columns[i].name);
	}
	if (format == OUT_CSV)
		fputs("\r\n", to);
	return o;
}

static void
keep(struct out *o, int r)
{
	if (o->r == 0)
		o->r = r;
}

static size_t
cell_width(struct slice s)
{
	size_t width = 0;
	uint32_t rune;
	bool good;

	while (width < s.n && s.p[width] >= ' ' && s.p[width] < 0x7f)
		width++;                         /* mostly to the end */
	s = slice_of(s.p + width, s.n - width);
	while (text_rune(&s, &rune, &good)) {
		int w = wcwidth((wchar_t)rune);

		width += w < 0 ? 1 : (size_t)w;
	}
	return width;
}

static void
cell_text(struct out *o, struct slice s)
{
	size_t width;

	buf_clear(&o->line);
	keep(o, text_escape(&o->line, s));
	width = cell_width(buf_slice(&o->line));
	if (width > o->width[o->at])
		o->width[o->at] = width;
	keep(o, buf_u32(&o->cells, (uint32_t)o->line.len));
	keep(o, buf_slice_append(&o->cells, buf_slice(&o->line)));
}

/* What line holds goes out. */
static void
line_print(struct out *o)
{
	if (fwrite(o->line.p, 1, o->line.len, o->to) != o->line.len)
		keep(o, -EIO);
	buf_clear(&o->line);
}

static void
row_end(struct out *o)
{
	o->at = 0;
	o->rows++;
	if (o->format == OUT_TEXT)
		return;
	keep(o, buf_text(&o->line, o->format == OUT_CSV ? "\r\n" : "}"));
	line_print(o);
}

static void
json_head(struct out *o)
{
	if (o->at == 0 && !o->one)
		keep(o, buf_text(&o->line, o->rows == 0 ? "[\n" : ",\n"));
	keep(o, buf_printf(&o->line, "%s\"%s\":", o->at == 0 ? "{" : ",", o->columns[o->at].name));
}

static void
json_list(struct out *o, struct slice s, const char *between)
{
	bool first = true;

	keep(o, buf_text(&o->line, "["));
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && strchr(between, s.p[n]) == NULL)
			n++;
		if (n > 0) {
			keep(o, first ? 0 : buf_text(&o->line, ","));
			keep(o, text_json(&o->line, slice_of(s.p, n)));
			first = false;
		}
		n += n < s.n;
		s = slice_of(s.p + n, s.n - n);
	}
	keep(o, buf_text(&o->line, "]"));
}

/* raw: already JSON, e.g. a number. */
static void
cell_add(struct out *o, struct slice s, const char *raw)
{
	assert(o->at < o->ncolumns);
	if (o->format == OUT_TEXT) {
		cell_text(o, s);
	} else if (o->format == OUT_CSV) {
		keep(o, o->at > 0 ? buf_text(&o->line, ",") : 0);
		keep(o, raw != NULL && s.n > 0 ? buf_slice_append(&o->line, s) : text_csv(&o->line, s));
	} else {
		json_head(o);
		if (raw != NULL)
			keep(o, buf_text(&o->line, raw));
		else if (o->columns[o->at].kind == OUT_LIST || o->columns[o->at].kind == OUT_WORDS)
			json_list(o, s, o->columns[o->at].kind == OUT_LIST ? ",\n" : " ");
		else
			keep(o, text_json(&o->line, s));
	}
	if (++o->at == o->ncolumns)
		row_end(o);
}

void
out_text(struct out *o, struct slice s)
{
	cell_add(o, s, NULL);
}

void
out_cstr(struct out *o, const char *s)
{
	cell_add(o, slice_from(s), NULL);
}

void
out_number(struct out *o, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	cell_add(o, slice_from(text), text);
}

void
out_bool(struct out *o, bool v)
{
	cell_add(o, slice_from(v ? "yes" : "no"), v ? "true" : "false");
}

/* People want the local time to the second, machines UTC to the microsecond. */
void
out_time(struct out *o, int64_t t_us)
{
	char text[32] = "";
	time_t t = (time_t)(t_us / 1000000);
	struct tm tm;

	if (t_us != 0 && o->format == OUT_TEXT && localtime_r(&t, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	else if (t_us != 0)
		(void)clock_print((wall_t){ t_us }, text, sizeof(text));
	cell_add(o, slice_from(text), t_us == 0 && o->format == OUT_JSON ? "null" : NULL);
}

void
out_raw(struct out *o, struct slice json)
{
	char *text = json.n > 0 ? slice_dup(json) : NULL;

	keep(o, json.n > 0 && text == NULL ? -ENOMEM : 0);
	cell_add(o, json, o->format == OUT_JSON ? (text != NULL ? text : "null") : NULL);
	free(text);
}

void
out_exit(struct out *o, const char *text)
{
	static const char by_signal[] = "signal ";
	char shown[80];
	uint64_t status;
	bool killed = strncmp(text, by_signal, sizeof(by_signal) - 1) == 0;

	snprintf(shown, sizeof(shown), "%s%s", killed ? "SIG" : "", killed ? text + sizeof(by_signal) - 1 : text);
	if (o->format == OUT_TEXT)
		out_cstr(o, shown);
	else
		out_raw(o, slice_from(!killed && text_u64(slice_from(text), UINT32_MAX, &status) ? text : ""));
	out_cstr(o, killed ? text + sizeof(by_signal) - 1 : "");
}

/* --- the text table --- */

/* As much of it as is width wide; *used: how wide it is then. */
static size_t
cell_cut(struct slice s, size_t width, size_t *used)
{
	struct slice rest = s;
	uint32_t rune;
	size_t n = 0;
	bool good;

	for (*used = 0; text_rune(&rest, &rune, &good); n = s.n - rest.n) {
		int w = wcwidth((wchar_t)rune);

		if (*used + (size_t)(w < 0 ? 1 : w) > width)
			break;
		*used += w < 0 ? 1 : (size_t)w;
	}
	return n;
}

static void
blanks(struct out *o, size_t n)
{
	unsigned char *room = buf_reserve(&o->line, n);

	if (room == NULL) {
		keep(o, -ENOMEM);
		return;
	}
	memset(room, ' ', n);
	buf_added(&o->line, n);
}

/* Padded to width unless it is the last, and never wider. */
static void
cell_print(struct out *o, struct slice s, size_t width, bool last)
{
	size_t used = cell_width(s), n = s.n;

	if (used > width)
		n = cell_cut(s, width - 1, &used);
	keep(o, buf_append(&o->line, s.p, n));
	if (n < s.n) {
		keep(o, buf_text(&o->line, "…"));
		used++;
	}
	if (!last && used < width + GAP)
		blanks(o, width + GAP - used);
}

static size_t
table_width(const struct out *o)
{
	size_t width = 0;

	for (size_t i = 0; i < o->ncolumns; i++)
		width += o->shown[i] ? o->width[i] + GAP : 0;
	return width - GAP;
}

/* Takes from the widest texts what is too much, but nothing below floor. */
static void
table_cut(struct out *o, size_t floor)
{
	for (size_t widest; table_width(o) > o->screen; o->width[widest]--) {
		widest = COLUMNS_MAX;
		for (size_t i = 0; i < o->ncolumns; i++)
			if (o->shown[i] && o->columns[i].narrow != OUT_WHOLE && o->columns[i].kind != OUT_TIME &&
			    o->columns[i].kind != OUT_NUMBER && o->width[i] > floor &&
			    (widest == COLUMNS_MAX || o->width[i] > o->width[widest]))
				widest = i;
		if (widest == COLUMNS_MAX)
			return;
	}
}

static void
table_fit(struct out *o)
{
	if (o->screen == 0)
		return;
	table_cut(o, CUT_FIRST);
	for (size_t out; table_width(o) > o->screen; o->shown[out] = false) {
		out = COLUMNS_MAX;
		for (size_t i = 0; i < o->ncolumns; i++)
			if (o->shown[i] && o->columns[i].narrow > OUT_WHOLE &&
			    (out == COLUMNS_MAX || o->columns[i].narrow > o->columns[out].narrow))
				out = i;
		if (out == COLUMNS_MAX)
			break;
	}
	table_cut(o, CUT_LAST);
}

static size_t
last_shown(const struct out *o)
{
	size_t last = 0;

	for (size_t i = 0; i < o->ncolumns; i++)
		if (o->shown[i])
			last = i;
	return last;
}

static void
object_print(struct out *o)
{
	struct slice rest = buf_slice(&o->cells), cell;
	uint32_t n;

	for (size_t i = 0; take_u32(&rest, &n) && take_bytes(&rest, n, &cell); i = (i + 1) % o->ncolumns)
		if (o->shown[i])
			fprintf(o->to, "%-14s %.*s\n", o->columns[i].name, (int)cell.n, (const char *)cell.p);
}

static void
table_print(struct out *o)
{
	struct slice rest = buf_slice(&o->cells), cell;
	size_t last;
	uint32_t n;

	table_fit(o);
	buf_clear(&o->line);
	last = last_shown(o);
	for (size_t i = 0; i <= last; i++)
		if (o->shown[i])
			cell_print(o, slice_from(o->columns[i].name), o->width[i], i == last);
	keep(o, buf_text(&o->line, "\n"));
	for (size_t i = 0; take_u32(&rest, &n) && take_bytes(&rest, n, &cell); i = (i + 1) % o->ncolumns) {
		if (o->shown[i])
			cell_print(o, cell, o->width[i], i == last);
		if (i == last) {
			keep(o, buf_text(&o->line, "\n"));
			line_print(o);
		}
	}
	line_print(o);
}

int
out_end(struct out *o)
{
	int r;

	if (o == NULL)
		return -ENOMEM;
	if (o->format == OUT_JSON && !o->one)
		fputs(o->rows == 0 ? "[]\n" : "\n]\n", o->to);
	else if (o->format == OUT_JSON)
		fputc('\n', o->to);
	else if (o->format == OUT_TEXT && o->rows > 0 && o->one)
		object_print(o);
	else if (o->format == OUT_TEXT && o->rows > 0)
		table_print(o);
	if (fflush(o->to) != 0 || ferror(o->to))
		keep(o, -EIO);
	r = o->r;
	buf_done(&o->line);
	buf_done(&o->cells);
	free(o);
	return r;
}
