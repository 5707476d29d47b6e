/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ctl/plan.h"

enum { WORDS_MAX = 1 << 20 };

void
plan_done(struct plan *p)
{
	free(p->p);
	*p = (struct plan){ 0 };
}

static int
change_add(struct plan *p, struct change change, struct err *e)
{
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 256 : p->cap * 2;
		struct change *more = realloc(p->p, cap * sizeof(*more));

		if (more == NULL)
			return err_set(e, -ENOMEM, "out of memory");
		p->p = more;
		p->cap = cap;
	}
	p->p[p->n++] = change;
	p->counts[change.action]++;
	return 0;
}

static const struct state_item *
item_find(const struct state_list *l, const char *name, size_t n)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = strncmp(name, l->p[middle].name, n);

		if (r == 0)
			r = l->p[middle].name[n] == '\0' ? 0 : -1;
		if (r == 0)
			return &l->p[middle];
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The keys of a user who goes go along, without a change of their own. */
static bool
goes_with_user(const struct state *wanted, enum state_kind kind, const struct state_item *item)
{
	return kind == STATE_KEYS && wanted->lists[STATE_USERS].said &&
	    item_find(&wanted->lists[STATE_USERS], item->name, strcspn(item->name, " ")) == NULL;
}

/* From the last name to the first: what goes at the end of a list moves nothing. */
static int
removals(const struct state *now, const struct state *wanted, enum state_kind kind, struct plan *p, struct err *e)
{
	const struct state_list *old = &now->lists[kind], *new = &wanted->lists[kind];
	int r = 0;

	for (size_t i = new->said ? old->n : 0; r == 0 && i > 0; i--) {
		const struct state_item *item = &old->p[i - 1];

		if (item_find(new, item->name, strlen(item->name)) == NULL && !goes_with_user(wanted, kind, item))
			r = change_add(p, (struct change){ PLAN_REMOVE, kind, item, item }, e);
	}
	return r;
}

static bool
differs(enum state_kind kind, const struct state_item *item, const struct state_item *old)
{
	for (unsigned i = 0; state_types[kind].fields[i].name != NULL; i++)
		if (item->values[i] != NULL && strcmp(item->values[i], old->values[i]) != 0)
			return true;
	return false;
}

static int
new_check(enum state_kind kind, const struct state_item *item, const char *file, struct err *e)
{
	const struct state_type *t = &state_types[kind];

	for (unsigned i = 0; t->fields[i].name != NULL; i++)
		if (state_value(kind, item, NULL, i) == NULL)
			return err_set(e, -EINVAL, "%s:%u:%u: %s %s is new: say its \"%s\"", file, item->line, item->col, t->one, item->name,
			    t->fields[i].name);
	if (kind == STATE_HOSTS && state_value(kind, item, NULL, HOST_KEYS)[0] == '\0' &&
	    strcmp(state_value(kind, item, NULL, HOST_TRUSTS), "true") != 0)
		return err_set(e, -EINVAL, "%s:%u:%u: host %s is new: say its \"host_keys\", or \"trust_first_key\": true", file, item->line,
		    item->col, item->name);
	return 0;
}

static int
additions(const struct state *now, const struct state *wanted, enum state_kind kind, const char *file, struct plan *p, struct err *e)
{
	const struct state_list *new = &wanted->lists[kind];
	int r = 0;

	for (size_t i = 0; r == 0 && i < new->n; i++) {
		const struct state_item *item = &new->p[i], *old = item_find(&now->lists[kind], item->name, strlen(item->name));

		if (old == NULL && (r = new_check(kind, item, file, e)) == 0)
			r = change_add(p, (struct change){ PLAN_ADD, kind, item, NULL }, e);
		else if (old != NULL && differs(kind, item, old))
			r = change_add(p, (struct change){ PLAN_CHANGE, kind, item, old }, e);
	}
	return r;
}

static void
plan_name(const struct state *now, struct slice text, struct plan *p)
{
	unsigned char hashes[2][SHA256_DIGEST_LENGTH], both[SHA256_DIGEST_LENGTH];
	struct buf hex;

	state_hash(now, hashes[0]);
	(void)SHA256(text.p, text.n, hashes[1]);
	(void)SHA256(&hashes[0][0], sizeof(hashes), both);
	buf_init(&hex, 64);
	if (text_hex(&hex, slice_of(both, 8)) == 0)
		(void)slice_copy(buf_slice(&hex), p->id, sizeof(p->id));
	buf_done(&hex);
}

int
plan_make(const struct state *now, const struct state *wanted, const char *file, struct slice text, struct plan *ret, struct err *e)
{
	int r = removals(now, wanted, STATE_HOSTS, ret, e);

	if (r == 0)
		r = removals(now, wanted, STATE_KEYS, ret, e);
	if (r == 0)
		r = removals(now, wanted, STATE_USERS, ret, e);
	for (int k = 0; r == 0 && k < STATE_KINDS; k++)
		r = additions(now, wanted, (enum state_kind)k, file, ret, e);
	if (r == 0)
		r = removals(now, wanted, STATE_GROUPS, ret, e);     /* nobody is in them by now */
	if (r == 0)
		plan_name(now, text, ret);
	return r;
}

/* --- showing --- */

static const char *const action_names[PLAN_ACTIONS] = { "add", "change", "remove" };

/* As a member of a file, so that it can be found there. */
static int
field_words(const struct change *x, unsigned i, struct buf *out)
{
	const struct state_field *f = &state_types[x->kind].fields[i];
	const char *new = state_value(x->kind, x->item, x->old, i);
	int r = buf_printf(out, " %s ", f->name);

	if (r == 0 && x->action == PLAN_CHANGE && (r = state_value_json(f, x->old->values[i], out)) == 0)
		r = buf_text(out, " -> ");
	return r == 0 ? state_value_json(f, new, out) : r;
}

static bool
is_shown(const struct change *x, unsigned i)
{
	const char *absent = state_types[x->kind].fields[i].absent, *value = x->item->values[i];

	if (x->action == PLAN_CHANGE)
		return value != NULL && strcmp(value, x->old->values[i]) != 0;
	return x->action == PLAN_ADD && value != NULL && (absent == NULL || strcmp(value, absent) != 0);
}

static int
change_line(const struct change *x, struct buf *out)
{
	static const char marks[PLAN_ACTIONS] = { '+', '~', '-' };
	int r, n = 0;

	buf_clear(out);
	r = buf_printf(out, "%c %s %s", marks[x->action], state_types[x->kind].one, x->item->name);
	for (unsigned i = 0; r == 0 && state_types[x->kind].fields[i].name != NULL; i++)
		if (is_shown(x, i)) {
			r = buf_text(out, n++ == 0 ? ":" : ",");
			if (r == 0)
				r = field_words(x, i, out);
		}
	return r;
}

static int
values_json(const struct change *x, const struct state_item *item, const struct state_item *old, struct buf *out)
{
	const struct state_type *t = &state_types[x->kind];
	int r;

	buf_clear(out);
	if (item == NULL)
		return 0;
	r = buf_text(out, "{");
	for (unsigned i = 0; r == 0 && t->fields[i].name != NULL; i++) {
		r = buf_printf(out, "%s\"%s\":", i > 0 ? "," : "", t->fields[i].name);
		if (r == 0)
			r = state_value_json(&t->fields[i], state_value(x->kind, item, old, i), out);
	}
	return r == 0 ? buf_text(out, "}") : r;
}

static const struct out_column columns[] = {
	{ "action", OUT_STRING, 0 }, { "kind", OUT_STRING, 0 }, { "name", OUT_STRING, 0 }, { "before", OUT_STRING, 0 },
	{ "after", OUT_STRING, 0 }, { "line", OUT_NUMBER, 0 }, { "plan", OUT_STRING, 0 }, { NULL, 0, 0 },
};

static int
show_rows(struct ctl *c, const struct plan *p, struct buf *text)
{
	struct out *o = ctl_out(c, columns, false);
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const struct change *x = &p->p[i];

		out_cstr(o, action_names[x->action]);
		out_cstr(o, state_types[x->kind].one);
		out_cstr(o, x->item->name);
		r = values_json(x, x->old, NULL, text);
		out_raw(o, buf_slice(text));
		if (r == 0)
			r = values_json(x, x->action == PLAN_REMOVE ? NULL : x->item, x->old, text);
		out_raw(o, buf_slice(text));
		out_number(o, x->action == PLAN_REMOVE ? 0 : x->item->line);
		out_cstr(o, p->id);
	}
	return out_end(o) != 0 ? -EIO : r;
}

int
plan_show(struct ctl *c, const struct plan *p)
{
	struct buf text, line;
	int r = 0;

	buf_init(&text, WORDS_MAX);
	buf_init(&line, WORDS_MAX);
	if (c->format != OUT_TEXT)
		r = show_rows(c, p, &text);
	for (size_t i = 0; r == 0 && c->format == OUT_TEXT && i < p->n; i++) {
		r = change_line(&p->p[i], &text);
		buf_clear(&line);
		if (r == 0)
			r = text_escape(&line, buf_slice(&text));
		printf("%s\n", buf_cstr(&line));
	}
	buf_done(&text);
	buf_done(&line);
	return r;
}

int
plan_rows(const struct plan *p, struct buf *rows, struct err *e)
{
	union state_row row;
	struct buf blob;
	int r = 0;

	buf_init(&blob, MSG_MAX);
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const struct change *x = &p->p[i];

		r = state_row(x->kind, x->item, x->action == PLAN_CHANGE ? x->old : NULL, x->action == PLAN_REMOVE ? MSG_DIR_DELETE :
		    MSG_DIR_PUT, &row, &blob, e);
		if (r == 0 && (r = msg_row_add(rows, state_types[x->kind].message, &row)) != 0)
			r = err_set(e, r, "the plan is too large for one change (%u MiB): do it in parts", MSG_ROWS_MAX >> 20);
	}
	buf_done(&blob);
	return r;
}
