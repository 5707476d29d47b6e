/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The file: an object with the sections that it speaks of, each an array of objects.
 *
 *	{ "groups": [ { "name": "ops", "description": "On call" } ],
 *	  "users":  [ { "name": "alice", "groups": ["ops"], "attributes": ["team=pay"], "expires": "2027-01-01T00:00:00Z" } ],
 *	  "keys":   [ { "user": "alice", "key": "ssh-ed25519 AAAA...", "comment": "laptop" } ],
 *	  "hosts":  [ { "name": "web1", "address": "10.0.0.1", "labels": ["env=prod"], "host_keys": ["ssh-ed25519 AAAA..."] } ] }
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pubkey.h"
#include "base/text.h"
#include "ctl/json.h"
#include "ctl/pairs.h"
#include "ctl/state.h"

enum { VALUE_MAX = 1 << 20, NAMES_N = 16 };

struct reading {
	struct json json;
	struct buf value, scratch;
};

/* The name that is none, with one that may be meant. */
static bool
unknown(struct json *j, size_t at, const char *what, struct slice name, const char *const *known, size_t n)
{
	char word[64], shown[100];
	const char *near = slice_copy(name, word, sizeof(word)) == 0 ? text_nearest(word, known, n) : NULL;

	(void)text_escaped(name, shown, sizeof(shown));
	if (near != NULL)
		return json_fail(j, at, "\"%s\" is no %s; did you mean \"%s\"?", shown, what, near);
	return json_fail(j, at, "\"%s\" is no %s", shown, what);
}

/* --- values --- */

/* A key as "ALG BASE64", whatever stands behind it. */
static bool
take_key(struct reading *x, size_t at, struct slice text)
{
	struct slice alg, comment;
	struct err e = { 0 };

	buf_clear(&x->scratch);
	if (pubkey_parse(text, &alg, &x->scratch, &comment, &e) != 0)
		return json_fail(&x->json, at, "%s", e.text);
	return (buf_slice_append(&x->value, alg) == 0 && buf_u8(&x->value, ' ') == 0 &&
	    text_base64(&x->value, buf_slice(&x->scratch)) == 0) || json_fail(&x->json, at, "the key is too long");
}

static bool
element_is_good(struct reading *x, const struct state_field *f, size_t at, struct slice s)
{
	static const char *const bad[] = { [FIELD_LIST] = ",\n", [FIELD_WORDS] = ", \n\"", [FIELD_LINES] = "\n" };
	char word[512];

	if (slice_copy(s, word, sizeof(word)) != 0 && f->form != FIELD_LINES)
		return json_fail(&x->json, at, "too long");
	if (s.n == 0 || (f->form != FIELD_LINES && strpbrk(word, bad[f->form]) != NULL))
		return json_fail(&x->json, at, "\"%s\" cannot stand in a list", word);
	if (f->form == FIELD_WORDS && !pairs_is_good(word))
		return json_fail(&x->json, at, "\"%s\": write KEY=VALUE", word);
	return true;
}

static bool
take_array(struct reading *x, const struct state_field *f)
{
	static const char between[] = { [FIELD_LIST] = ',', [FIELD_WORDS] = ' ', [FIELD_LINES] = '\n' };
	struct json *j = &x->json;
	struct slice s;
	size_t at;

	if (!json_enter(j, '['))
		return false;
	while (json_more(j, ']')) {
		at = json_next(j);
		if (!json_string(j, "a string", &s) || !element_is_good(x, f, at, s))
			return false;
		if (x->value.len > 0 && buf_u8(&x->value, (uint8_t)between[f->form]) != 0)
			return json_fail(j, at, "the list is too long");
		if (f->form == FIELD_LINES ? !take_key(x, at, s) : buf_slice_append(&x->value, s) != 0)
			return json_fail(j, at, "the list is too long");
	}
	return !j->failed;
}

static bool
take_time(struct reading *x, uint64_t *us)
{
	struct json *j = &x->json;
	size_t at = json_next(j);
	struct slice s;
	char text[64];
	int64_t t = 0;

	*us = 0;
	if (json_null(j))
		return true;
	if (!json_string(j, "a time in quotes, or null", &s))
		return false;
	if (slice_copy(s, text, sizeof(text)) != 0 || !ctl_parse_time(text, &t) || t <= 0 || strchr(text, '-') == NULL)
		return json_fail(j, at, "\"%.40s\" is no time: write 2027-01-31 or 2027-01-31T18:00:00Z", text);
	*us = (uint64_t)t;
	return ctl_print_utc(*us, text, sizeof(text)) && buf_text(&x->value, text) == 0;
}

static bool
take_value(struct reading *x, const struct state_field *f, struct state_item *item, unsigned i)
{
	struct json *j = &x->json;
	uint64_t number;
	struct slice s;
	bool b, good;

	buf_clear(&x->value);
	switch (f->form) {
	case FIELD_TEXT:
		good = json_string(j, "a string", &s) && buf_slice_append(&x->value, s) == 0;
		break;
	case FIELD_BOOL:
		good = json_bool(j, "true or false", &b) && buf_text(&x->value, b ? "true" : "false") == 0;
		break;
	case FIELD_NUMBER:
		good = json_number(j, "a number from 0 to 65535", 65535, &number) && text_decimal(&x->value, number) == 0;
		break;
	case FIELD_TIME:
		good = take_time(x, &item->us[i]);
		break;
	default:
		good = take_array(x, f);
	}
	if (good)
		item->values[i] = slice_dup(buf_slice(&x->value));
	return good && (item->values[i] != NULL || json_fail(j, j->at, "out of memory"));
}

/* --- items --- */

/* What its name is made of, until it is whole. */
struct naming { char *parts[2]; };

static bool
take_name(struct reading *x, struct naming *n, unsigned i)
{
	struct json *j = &x->json;
	size_t at = json_next(j);
	struct slice s;

	buf_clear(&x->value);
	if (!json_string(j, "a string", &s))
		return false;
	if (i == 0 && !text_is_name(s))
		return json_fail(j, at, "a name of 1 to 64 letters, digits, _ . @ - is expected here");
	if (i == 0 ? buf_slice_append(&x->value, s) != 0 : !take_key(x, at, s))
		return json_fail(j, at, "too long");
	n->parts[i] = slice_dup(buf_slice(&x->value));
	return n->parts[i] != NULL || json_fail(j, at, "out of memory");
}

static bool
take_member(struct reading *x, const struct state_type *t, struct state_item *item, struct naming *naming)
{
	const char *known[NAMES_N];
	struct json *j = &x->json;
	size_t at = json_next(j), n = 0;
	struct slice key;

	if (!json_key(j, &key))
		return false;
	for (unsigned i = 0; i < 2 && t->named_by[i] != NULL; i++) {
		known[n++] = t->named_by[i];
		if (slice_is(key, t->named_by[i]))
			return naming->parts[i] != NULL ? json_fail(j, at, "\"%s\" is said twice", t->named_by[i]) : take_name(x, naming, i);
	}
	for (unsigned i = 0; t->fields[i].name != NULL; i++) {
		known[n++] = t->fields[i].name;
		if (slice_is(key, t->fields[i].name))
			return item->values[i] != NULL ? json_fail(j, at, "\"%s\" is said twice", t->fields[i].name) :
			    take_value(x, &t->fields[i], item, i);
	}
	return unknown(j, at, "member here", key, known, n);
}

static bool
name_join(struct reading *x, const struct state_type *t, struct naming *n, struct state_item *item, size_t at)
{
	for (unsigned i = 0; i < 2 && t->named_by[i] != NULL; i++)
		if (n->parts[i] == NULL)
			return json_fail(&x->json, at, "this %s has no \"%s\"", t->one, t->named_by[i]);
	buf_clear(&x->value);
	if (buf_printf(&x->value, "%s%s%s", n->parts[0], t->named_by[1] != NULL ? " " : "", t->named_by[1] != NULL ? n->parts[1] : "") != 0)
		return json_fail(&x->json, at, "too long");
	item->name = slice_dup(buf_slice(&x->value));
	return item->name != NULL || json_fail(&x->json, at, "out of memory");
}

static bool
take_item(struct reading *x, const struct state_type *t, struct state_item *item)
{
	struct json *j = &x->json;
	size_t at = json_next(j);
	struct naming naming = { { NULL, NULL } };
	bool good = json_enter(j, '{');

	item->line = (unsigned)at;               /* the place, until places are made of all at once */
	while (good && json_more(j, '}'))
		good = take_member(x, t, item, &naming);
	good = good && !j->failed && name_join(x, t, &naming, item, at);
	free(naming.parts[0]);
	free(naming.parts[1]);
	return good;
}

static bool
take_section(struct reading *x, struct state *s)
{
	const char *known[STATE_KINDS];
	struct json *j = &x->json;
	size_t at = json_next(j);
	struct state_item *item;
	struct slice key;
	int k = 0;

	if (!json_key(j, &key))
		return false;
	for (; k < STATE_KINDS && !slice_is(key, state_types[k].section); k++)
		known[k] = state_types[k].section;
	if (k == STATE_KINDS)
		return unknown(j, at, "section: groups, users, keys and hosts are", key, known, STATE_KINDS);
	if (s->lists[k].said)
		return json_fail(j, at, "a second section \"%s\"", state_types[k].section);
	s->lists[k].said = true;
	if (!json_enter(j, '['))
		return false;
	while (json_more(j, ']')) {
		item = state_add(&s->lists[k]);
		if (item == NULL)
			return json_fail(j, j->at, "too many %s", state_types[k].section);
		if (!take_item(x, &state_types[k], item))
			return false;
	}
	return !j->failed;
}

/* --- the whole --- */

static int
by_place(const void *a, const void *b)
{
	const struct state_item *x = *(struct state_item *const *)a, *y = *(struct state_item *const *)b;

	return x->line < y->line ? -1 : x->line > y->line;
}

/* From bytes to lines and columns, in one pass. */
static bool
places_make(const struct json *j, struct state *s)
{
	size_t n = 0, at = 0, begin = 0;
	struct state_item **all;
	unsigned line = 1;

	for (int k = 0; k < STATE_KINDS; k++)
		n += s->lists[k].n;
	all = calloc(n + 1, sizeof(struct state_item *));
	if (all == NULL)
		return false;
	n = 0;
	for (int k = 0; k < STATE_KINDS; k++)
		for (size_t i = 0; i < s->lists[k].n; i++)
			all[n++] = &s->lists[k].p[i];
	qsort(all, n, sizeof(struct state_item *), by_place);
	for (size_t i = 0; i < n; i++) {
		for (; at < all[i]->line; at++)
			if (j->text.p[at] == '\n') {
				line++;
				begin = at + 1;
			}
		all[i]->col = (unsigned)(at - begin) + 1;
		all[i]->line = line;
	}
	free(all);
	return true;
}

static int
twice_check(const struct json *j, const struct state *s, struct err *e)
{
	for (int k = 0; k < STATE_KINDS; k++)
		for (size_t i = 1; i < s->lists[k].n; i++) {
			const struct state_item *a = &s->lists[k].p[i - 1], *b = &s->lists[k].p[i], *last = a->line > b->line ? a : b;

			if (strcmp(a->name, b->name) == 0)
				return err_set(e, -EINVAL, "%s:%u:%u: %s %.100s stands in line %u, too", j->file, last->line, last->col,
				    state_types[k].one, a->name, last == a ? b->line : a->line);
		}
	return 0;
}

int
state_read(struct ctl *c, const char *file, struct slice text, struct state *ret)
{
	struct reading x = { 0 };
	bool good;
	int r;

	json_init(&x.json, file, text, &c->e);
	buf_init(&x.value, VALUE_MAX);
	buf_init(&x.scratch, VALUE_MAX);
	good = json_enter(&x.json, '{');
	while (good && json_more(&x.json, '}'))
		good = take_section(&x, ret);
	good = good && json_end(&x.json);
	if (!good && !x.json.failed)
		(void)json_fail(&x.json, x.json.at, "out of memory");
	r = good ? 0 : -EINVAL;
	if (r == 0 && !places_make(&x.json, ret))
		r = err_set(&c->e, -ENOMEM, "out of memory");
	for (int k = 0; k < STATE_KINDS; k++)
		if (r == 0)
			state_sort(&ret->lists[k]);
	if (r == 0)
		r = twice_check(&x.json, ret, &c->e);
	json_done(&x.json);
	buf_done(&x.value);
	buf_done(&x.scratch);
	return r;
}

/* --- writing --- */

static int
array_json(const char *value, char between, struct buf *out)
{
	int r = buf_text(out, "[");

	for (const char *end; r == 0 && *value != '\0'; value = *end != '\0' ? end + 1 : end) {
		end = strchrnul(value, between);
		r = text_json(out, slice_of(value, (size_t)(end - value)));
		if (r == 0 && *end != '\0')
			r = buf_text(out, ", ");
	}
	return r == 0 ? buf_text(out, "]") : r;
}

int
state_value_json(const struct state_field *f, const char *value, struct buf *out)
{
	switch (f->form) {
	case FIELD_BOOL:
	case FIELD_NUMBER:
		return buf_text(out, value);
	case FIELD_TIME:
		return value[0] == '\0' ? buf_text(out, "null") : text_json(out, slice_from(value));
	case FIELD_LIST:
		return array_json(value, ',', out);
	case FIELD_WORDS:
		return array_json(value, ' ', out);
	case FIELD_LINES:
		return array_json(value, '\n', out);
	default:
		return text_json(out, slice_from(value));
	}
}

static int
name_json(const struct state_type *t, const char *name, struct buf *out)
{
	size_t n = t->named_by[1] != NULL ? strcspn(name, " ") : strlen(name);
	int r = buf_printf(out, "\"%s\": ", t->named_by[0]);

	if (r == 0)
		r = text_json(out, slice_of(name, n));
	if (r == 0 && t->named_by[1] != NULL && (r = buf_printf(out, ", \"%s\": ", t->named_by[1])) == 0)
		r = text_json(out, slice_from(name + n + (name[n] == ' ')));
	return r;
}

static int
item_write(const struct state_type *t, const struct state_item *item, struct buf *out)
{
	int r = buf_text(out, "    { ");

	if (r == 0)
		r = name_json(t, item->name, out);
	for (int i = 0; r == 0 && t->fields[i].name != NULL; i++) {
		r = buf_printf(out, ", \"%s\": ", t->fields[i].name);
		if (r == 0)
			r = state_value_json(&t->fields[i], item->values[i], out);
	}
	return r == 0 ? buf_text(out, " }") : r;
}

int
state_write(const struct state *s, struct buf *out)
{
	int r = buf_text(out, "{");

	for (int k = 0; r == 0 && k < STATE_KINDS; k++) {
		const struct state_list *l = &s->lists[k];

		r = buf_printf(out, "%s\n  \"%s\": [", k > 0 ? "," : "", state_types[k].section);
		for (size_t i = 0; r == 0 && i < l->n; i++) {
			r = buf_text(out, i > 0 ? ",\n" : "\n");
			if (r == 0)
				r = item_write(&state_types[k], &l->p[i], out);
		}
		if (r == 0)
			r = buf_text(out, l->n > 0 ? "\n  ]" : "]");
	}
	return r == 0 ? buf_text(out, "\n}\n") : r;
}
