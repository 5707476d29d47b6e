/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* See evidence.h.  A query runs once: its CSV goes into the pack at once, its JSON Lines wait in a nameless file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/evidence.h"

enum { LINE_MAX_BYTES = 8 << 20, SHOWN_MAX = 1 << 18, CELL_SHOWN = 160, DIFF_MAX = 256 << 20, BLOCK = 1 << 16 };

static int
fingerprint_put(struct buf *out, struct slice blob)
{
	unsigned char h[SHA256_DIGEST_LENGTH];
	int r = buf_text(out, "SHA256:");

	SHA256(blob.p, blob.n, h);
	if (r == 0)
		r = text_base64(out, slice_of(h, sizeof(h)));
	while (r == 0 && out->len > 0 && out->p[out->len - 1] == '=')
		out->len--;
	return r;
}

/* A cell as plain text. */
static int
cell_text(struct buf *out, const struct db_cell *c)
{
	switch (c->kind) {
	case DB_NUMBER:
		return c->number < 0 ? buf_printf(out, "%lld", (long long)c->number) : text_decimal(out, (uint64_t)c->number);
	case DB_BYTES:
		return fingerprint_put(out, c->text);
	case DB_NOTHING:
		return 0;
	default:
		return buf_slice_append(out, c->text);
	}
}

static int
cell_json(struct buf *out, const struct db_cell *c)
{
	struct buf text;
	int r;

	if (c->kind == DB_NOTHING)
		return buf_text(out, "null");
	if (c->kind == DB_NUMBER)
		return cell_text(out, c);
	if (c->kind != DB_BYTES)
		return text_json(out, c->text);
	buf_init(&text, 128);
	r = fingerprint_put(&text, c->text);
	if (r == 0)
		r = text_json(out, buf_slice(&text));
	buf_done(&text);
	return r;
}

static int
cell_csv(struct buf *out, const struct db_cell *c)
{
	return c->kind == DB_TEXT ? text_csv(out, c->text) : cell_text(out, c);
}

static int
row_json(struct buf *out, const struct db_sheet_row *row)
{
	int r = buf_text(out, "{");

	for (unsigned i = 0; i < row->n && r == 0; i++) {
		r = buf_text(out, i == 0 ? "\"" : ",\"");
		if (r == 0)
			r = buf_text(out, row->name[i]);
		if (r == 0)
			r = buf_text(out, "\":");
		if (r == 0)
			r = cell_json(out, &row->cell[i]);
	}
	return r == 0 ? buf_text(out, "}\n") : r;
}

static int
row_csv(struct buf *out, const struct db_sheet_row *row, bool head)
{
	int r = 0;

	for (unsigned i = 0; i < row->n && r == 0; i++) {
		r = i == 0 ? 0 : buf_u8(out, ',');
		if (r == 0)
			r = head ? buf_text(out, row->name[i]) : cell_csv(out, &row->cell[i]);
	}
	return r == 0 ? buf_text(out, "\r\n") : r;
}

/* For the report: one line, nothing in it that moves a cursor or looks like the end of a cell. */
static int
row_shown(struct buf *out, const struct db_sheet_row *row, bool head)
{
	char shown[CELL_SHOWN + 8];
	struct buf text;
	int r = 0;

	buf_init(&text, LINE_MAX_BYTES);
	for (unsigned i = 0; i < row->n && r == 0; i++) {
		buf_clear(&text);
		r = head ? buf_text(&text, row->name[i]) : cell_text(&text, &row->cell[i]);
		if (r == 0)
			r = buf_printf(out, "%s\t", text_cleaned(buf_slice(&text), shown, sizeof(shown)));
	}
	buf_done(&text);
	return r == 0 ? buf_text(out, "\n") : r;
}

static struct evidence_sheet *
sheet_now(struct evidence *v)
{
	return &v->sheets[v->n - 1];
}

static int
line_full(struct err *e, int r)
{
	return r == 0 ? 0 : err_set(e, r, "a row is too long");
}

int
evidence_begin(struct evidence *v, const char *name, const struct db_sheet_row *columns, struct err *e)
{
	struct evidence_sheet *s;
	char file[PACK_NAME];
	int r;

	if (v->n == EVIDENCE_SHEETS)
		return err_set(e, -E2BIG, "too many sheets");
	s = &v->sheets[v->n++];
	s->name = name;
	buf_init(&s->head, 4096);
	buf_init(&s->shown, SHOWN_MAX);
	if ((r = row_shown(&s->head, columns, true)) != 0 || v->pack == NULL)
		return line_full(e, r);
	v->spool = tmpfile();
	if (v->spool == NULL)
		return err_set(e, -errno, "a temporary file: %s", strerror(errno));
	snprintf(file, sizeof(file), "%s.csv", name);
	r = pack_begin(v->pack, file, e);
	buf_clear(&v->line);
	if (r == 0)
		r = line_full(e, row_csv(&v->line, columns, true));
	return r == 0 ? pack_write(v->pack, buf_slice(&v->line), e) : r;
}

int
evidence_row(struct evidence *v, const struct db_sheet_row *row, struct err *e)
{
	struct evidence_sheet *s = sheet_now(v);
	int r = 0;

	if (s->rows++ < EVIDENCE_SHOWN)
		r = line_full(e, row_shown(&s->shown, row, false));
	if (r != 0 || v->pack == NULL)
		return r;
	buf_clear(&v->line);
	r = line_full(e, row_csv(&v->line, row, false));
	if (r == 0)
		r = pack_write(v->pack, buf_slice(&v->line), e);
	buf_clear(&v->line);
	if (r == 0)
		r = line_full(e, row_json(&v->line, row));
	if (r == 0 && fwrite(v->line.p, 1, v->line.len, v->spool) != v->line.len)
		r = err_set(e, -EIO, "a temporary file: %s", strerror(errno));
	return r;
}

static int
spool_copy(struct evidence *v, struct err *e)
{
	unsigned char block[BLOCK];
	size_t n;
	int r = 0;

	rewind(v->spool);
	while (r == 0 && (n = fread(block, 1, sizeof(block), v->spool)) > 0)
		r = pack_write(v->pack, slice_of(block, n), e);
	return r == 0 && ferror(v->spool) ? err_set(e, -EIO, "a temporary file cannot be read") : r;
}

int
evidence_end(struct evidence *v, struct err *e)
{
	char file[PACK_NAME];
	int r;

	if (v->pack == NULL)
		return 0;
	snprintf(file, sizeof(file), "%s.jsonl", sheet_now(v)->name);
	r = pack_end(v->pack, e);
	if (r == 0)
		r = pack_begin(v->pack, file, e);
	if (r == 0)
		r = spool_copy(v, e);
	if (r == 0)
		r = pack_end(v->pack, e);
	fclose(v->spool);
	v->spool = NULL;
	return r;
}

struct listing { struct evidence *v; struct err *e; };

static int
row_seen(void *arg, const struct db_sheet_row *row)
{
	const struct listing *l = arg;

	return evidence_row(l->v, row, l->e);
}

static int
sheet_make(struct evidence *v, const char *name, struct err *e)
{
	struct listing l = { v, e };
	struct db_sheet_row columns;
	int r = db_sheet_columns(v->db, name, &columns, e);

	if (r == 0)
		r = evidence_begin(v, name, &columns, e);
	if (r == 0)
		r = db_sheet_list(v->db, name, &v->period, row_seen, &l, e);
	return r == 0 ? evidence_end(v, e) : r;
}

int
evidence_make(struct evidence *v, struct pack *pack, struct err *e)
{
	struct buf diff;
	int r = 0;

	v->pack = pack;
	buf_init(&v->line, LINE_MAX_BYTES);
	buf_init(&diff, DIFF_MAX);
	for (const char *const *name = db_sheets; *name != NULL && r == 0; name++)
		r = sheet_make(v, *name, e);
	if (r == 0)
		r = commands_sheets(v, e);
	if (r == 0)
		r = access_review(v, e);
	if (r == 0 && pack != NULL && (r = history_diff(v, &diff, e)) == 0)
		r = pack_file(pack, "policies.diff", buf_slice(&diff), e);
	buf_done(&diff);
	return r;
}

void
evidence_done(struct evidence *v)
{
	for (unsigned i = 0; i < v->n; i++) {
		buf_done(&v->sheets[i].head);
		buf_done(&v->sheets[i].shown);
	}
	if (v->spool != NULL)
		fclose(v->spool);
	buf_done(&v->line);
}

const struct evidence_sheet *
evidence_find(const struct evidence *v, const char *name)
{
	for (unsigned i = 0; i < v->n; i++)
		if (strcmp(v->sheets[i].name, name) == 0)
			return &v->sheets[i];
	return NULL;
}
