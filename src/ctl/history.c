/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * From one policy to the next, as a unified diff of whole texts, line by line.  Lines that both begin or end with are skipped; the
 * rest is compared by its longest common subsequence, unless that would take too much: then it is shown as taken out and put in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/evidence.h"
#include "ctl/record.h"
#include "db/directory.h"

enum { LINES_MAX = 100000, CELLS_MAX = 4000000 };

struct lines { struct slice *p; size_t n; };

struct history {
	struct evidence *v;
	struct buf *out;
	struct buf before;               /* the policy that was in force */
	int64_t version;                 /* its number; 0: none */
	struct err *e;
};

static int
lines_split(struct slice text, struct lines *ret)
{
	struct slice line, rest = text;
	size_t n = 0;

	while (take_part(&rest, '\n', &line))
		n++;
	if (n > LINES_MAX || (ret->p = calloc(n + 1, sizeof(*ret->p))) == NULL)
		return -ENOMEM;
	for (ret->n = 0; take_part(&text, '\n', &line); ret->n++)
		ret->p[ret->n] = line;
	return 0;
}

static int
line_put(struct buf *out, char sign, struct slice line)
{
	int r = buf_u8(out, (uint8_t)sign);

	if (r == 0)
		r = text_escape(out, line);
	return r == 0 ? buf_u8(out, '\n') : r;
}

static int
lines_put(struct buf *out, char sign, const struct slice *p, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = line_put(out, sign, p[i]);
	return r;
}

/* table[i][j]: the longest common subsequence of what follows a[i] and b[j]. */
static int
middle_put(struct buf *out, const struct slice *a, size_t n, const struct slice *b, size_t m)
{
	unsigned *table = (n + 1) * (m + 1) <= CELLS_MAX ? calloc((n + 1) * (m + 1), sizeof(*table)) : NULL;
	size_t i = 0, j = 0, w = m + 1;
	int r = 0;

	if (table == NULL)
		return (r = lines_put(out, '-', a, n)) != 0 ? r : lines_put(out, '+', b, m);
	for (size_t x = n; x-- > 0;)
		for (size_t y = m; y-- > 0;)
			table[x * w + y] = slice_eq(a[x], b[y]) ? table[(x + 1) * w + y + 1] + 1 :
			    table[(x + 1) * w + y] >= table[x * w + y + 1] ? table[(x + 1) * w + y] : table[x * w + y + 1];
	while (r == 0 && (i < n || j < m)) {
		if (i < n && j < m && slice_eq(a[i], b[j])) {
			r = line_put(out, ' ', a[i++]);
			j++;
		} else if (j == m || (i < n && table[(i + 1) * w + j] >= table[i * w + j + 1])) {
			r = line_put(out, '-', a[i++]);
		} else {
			r = line_put(out, '+', b[j++]);
		}
	}
	free(table);
	return r;
}

static int
diff_put(struct buf *out, const struct lines *a, const struct lines *b)
{
	size_t head = 0, tail = 0;
	int r;

	while (head < a->n && head < b->n && slice_eq(a->p[head], b->p[head]))
		head++;
	while (tail < a->n - head && tail < b->n - head && slice_eq(a->p[a->n - 1 - tail], b->p[b->n - 1 - tail]))
		tail++;
	r = buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", a->n == 0 ? 0 : head + 1, a->n - head - tail, b->n == 0 ? 0 : head + 1, b->n - head - tail);
	return r == 0 ? middle_put(out, a->p + head, a->n - head - tail, b->p + head, b->n - head - tail) : r;
}

static int
version_put(struct history *h, const struct db_policy *p)
{
	struct lines a = { 0 }, b = { 0 };
	char at[32], actor[128];
	int r = lines_split(buf_slice(&h->before), &a);

	if (r == 0)
		r = lines_split(p->body, &b);
	if (r == 0)
		r = buf_printf(h->out, "Policy %lld by %s, in force since %s, SHA-256 %s\n--- policy %lld\n+++ policy %lld\n", (long long)p->id,
		    text_escaped(slice_from(p->actor), actor, sizeof(actor)), clock_print((wall_t){ p->seen_us }, at, sizeof(at)), p->hash,
		    (long long)h->version, (long long)p->id);
	if (r == 0)
		r = diff_put(h->out, &a, &b);
	if (r == 0)
		r = buf_text(h->out, "\n");
	free(a.p);
	free(b.p);
	return r;
}

/* The policy that was in force when the period began is shown whole, what came later by what it changed. */
static int
version_seen(void *arg, const struct db_policy *p)
{
	struct history *h = arg;
	const struct db_period *t = &h->v->period;
	int r = 0;

	if (t->until_us != 0 && p->seen_us >= t->until_us)
		return 0;
	if (p->seen_us < t->from_us) {           /* the last of these is the first that is shown */
		buf_clear(h->out);
		buf_clear(&h->before);
		h->version = 0;
	}
	r = version_put(h, p);
	buf_clear(&h->before);
	if (r == 0)
		r = buf_slice_append(&h->before, p->body);
	h->version = p->id;
	return r == 0 ? 0 : err_set(h->e, r, "the policies are too large for a diff");
}

int
history_diff(struct evidence *v, struct buf *out, struct err *e)
{
	struct history h = { .v = v, .out = out, .e = e };
	int r;

	buf_init(&h.before, (size_t)64 << 20);
	r = db_policy_list(v->db, version_seen, &h, e);
	buf_done(&h.before);
	return r;
}
