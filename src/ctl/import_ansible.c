/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * An inventory of Ansible in its INI form: hosts with variables, ranges (web[01:20], db-[a:c]), groups, groups of groups, and
 * variables of groups.  Of these ansible_host, ansible_port, ansible_user and ansible_connection are taken.  Each group of a
 * host, and each group that holds one of those, becomes a label group=NAME.  A host's own variable wins over its group's, a
 * deeper group's over that of one that holds it, and among equals the last by name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/import.h"

enum { GROUPS_MAX = 2000, PARENTS_MAX = 64, RANGE_MAX = 10000 };
enum var { HOST, PORT, USER, CONNECTION, VARS };

struct value { struct slice text; unsigned line, col; };      /* line 0: not set */

struct group {
	struct slice name;
	struct value vars[VARS];
	unsigned parents[PARENTS_MAX], parents_n;
	int depth;                            /* below "all"; 0: not known yet, -1: being looked for */
	const struct member *seen_by;
};

/* What the file says of one host; several lines may name it. */
struct member {
	struct member *next;
	struct import_host *host;
	char name[256];                       /* as it is written there */
	struct value vars[VARS];
	unsigned *groups, groups_n;
};

struct reader {
	struct import *im;
	struct group *groups;
	unsigned groups_n;
	struct member **index;               /* by hash of the name */
	unsigned line;
	/* where we are */
	enum { IN_HOSTS, IN_VARS, IN_CHILDREN } in;
	unsigned group;
};

#define INDEX 16384

static int
fail_at(struct reader *r, const unsigned char *line, const unsigned char *at, const char *what)
{
	return import_fail(r->im, r->line, (unsigned)(at - line) + 1, "%s", what);
}

/* ---- groups ---- */

static int
group_get(struct reader *r, struct slice name)
{
	for (unsigned i = 0; i < r->groups_n; i++)
		if (slice_eq(r->groups[i].name, name))
			return (int)i;
	if (r->groups_n == GROUPS_MAX)
		return import_fail(r->im, r->line, 1, "more than %d groups", GROUPS_MAX);
	r->groups[r->groups_n].name = name;
	return (int)r->groups_n++;
}

static int
section(struct reader *r, struct slice line)
{
	const unsigned char *end = memchr(line.p, ']', line.n), *colon;
	struct slice name, kind = { 0 };
	int g;

	if (end == NULL || end == line.p + 1)
		return fail_at(r, line.p, line.p, "a section is [NAME], [NAME:vars] or [NAME:children]");
	name = slice_of(line.p + 1, (size_t)(end - line.p) - 1);
	colon = memchr(name.p, ':', name.n);
	if (colon != NULL) {
		kind = slice_of(colon + 1, name.n - (size_t)(colon - name.p) - 1);
		name.n = (size_t)(colon - name.p);
	}
	if (kind.n > 0 && !slice_is(kind, "vars") && !slice_is(kind, "children"))
		return fail_at(r, line.p, kind.p, "a section is [NAME], [NAME:vars] or [NAME:children]");
	g = group_get(r, name);
	if (g < 0)
		return g;
	r->group = (unsigned)g;
	r->in = kind.n == 0 ? IN_HOSTS : slice_is(kind, "vars") ? IN_VARS : IN_CHILDREN;
	return 0;
}

static int
child(struct reader *r, struct slice line)
{
	struct slice name = slice_of(line.p, 0);
	struct group *c;
	int g;

	while (name.n < line.n && strchr(" \t#", line.p[name.n]) == NULL)
		name.n++;
	g = group_get(r, name);
	if (g < 0)
		return g;
	c = &r->groups[g];
	if (c->parents_n == PARENTS_MAX)
		return fail_at(r, line.p, line.p, "one group in more than 64");
	c->parents[c->parents_n++] = r->group;
	return 0;
}

/* ---- variables ---- */

static int
var_set(struct reader *r, struct value vars[VARS], struct slice key, struct value v)
{
	static const struct { const char *word; enum var var; } words[] = {
		{ "ansible_host", HOST }, { "ansible_ssh_host", HOST }, { "ansible_port", PORT }, { "ansible_ssh_port", PORT },
		{ "ansible_user", USER }, { "ansible_ssh_user", USER }, { "ansible_connection", CONNECTION },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!slice_is(key, words[i].word))
			continue;
		if (v.text.n >= 2 && memmem(v.text.p, v.text.n, "{{", 2) != NULL)
			return import_fail(r->im, v.line, v.col, "a template: only Ansible can say what it is");
		vars[words[i].var] = v;
	}
	return 0;
}

static struct slice
unquoted(struct slice s, unsigned *col)
{
	if (s.n < 2 || (s.p[0] != '"' && s.p[0] != '\'') || s.p[s.n - 1] != s.p[0])
		return s;
	++*col;
	return slice_of(s.p + 1, s.n - 2);
}

/* KEY = VALUE, to the end of the line. */
static int
var_line(struct reader *r, struct slice line)
{
	const unsigned char *eq = memchr(line.p, '=', line.n);
	struct slice key, text;
	struct value v = { .line = r->line };

	if (eq == NULL || eq == line.p)
		return fail_at(r, line.p, line.p, "a variable is KEY=VALUE");
	key = slice_of(line.p, (size_t)(eq - line.p));
	while (key.n > 0 && strchr(" \t", key.p[key.n - 1]) != NULL)
		key.n--;
	text = slice_of(eq + 1, line.n - (size_t)(eq - line.p) - 1);
	while (text.n > 0 && strchr(" \t", text.p[0]) != NULL)
		text = slice_of(text.p + 1, text.n - 1);
	while (text.n > 0 && strchr(" \t", text.p[text.n - 1]) != NULL)
		text.n--;
	v.col = (unsigned)(text.p - line.p) + 1;
	v.text = unquoted(text, &v.col);
	return var_set(r, r->groups[r->group].vars, key, v);
}

/* The next word of a host's line, quotes kept together; false at its end, or at a comment. */
static bool
word_next(struct slice line, size_t *at, struct slice *word)
{
	unsigned char quote = 0;
	size_t from;

	while (*at < line.n && strchr(" \t", line.p[*at]) != NULL)
		++*at;
	if (*at == line.n || line.p[*at] == '#')
		return false;
	for (from = *at; *at < line.n && (quote != 0 || strchr(" \t", line.p[*at]) == NULL); ++*at)
		if (quote == 0 ? line.p[*at] == '"' || line.p[*at] == '\'' : line.p[*at] == quote)
			quote = quote == 0 ? line.p[*at] : 0;
	*word = slice_of(line.p + from, *at - from);
	return true;
}

/* ---- hosts ---- */

static struct member **
member_place(struct reader *r, const char *name)
{
	unsigned h = 5381;

	for (const char *p = name; *p != '\0'; p++)
		h = h * 33 + (unsigned char)*p;
	return &r->index[h % INDEX];
}

static int
member_group_add(struct reader *r, struct member *m)
{
	unsigned *p;

	for (unsigned i = 0; i < m->groups_n; i++)
		if (m->groups[i] == r->group)
			return 0;
	p = realloc(m->groups, (m->groups_n + 1) * sizeof(unsigned));
	if (p == NULL)
		return err_set(r->im->e, -ENOMEM, "out of memory");
	m->groups = p;
	m->groups[m->groups_n++] = r->group;
	return 0;
}

/* One host of the line; vars are the line's. */
static int
member_add(struct reader *r, const char *name, unsigned col, const struct value vars[VARS])
{
	struct member **at = member_place(r, name), *m = *at;

	while (m != NULL && strcmp(m->name, name) != 0)
		m = m->next;
	if (m == NULL) {
		m = calloc(1, sizeof(*m));
		if (m == NULL)
			return err_set(r->im->e, -ENOMEM, "out of memory");
		memcpy(m->name, name, strlen(name) + 1);
		m->next = *at;
		*at = m;
		m->host = import_host_new(r->im, r->line, col, slice_from(name));
		if (m->host == NULL)
			return -EINVAL;
	}
	for (int v = 0; v < VARS; v++)
		if (vars[v].line != 0)
			m->vars[v] = vars[v];
	return member_group_add(r, m);
}

/* "01:20", "a:f", "0:20:5": first, last, step.  False: it is none. */
static bool
range_parse(struct slice s, uint64_t *first, uint64_t *last, uint64_t *step, int *width, bool *letters)
{
	const unsigned char *colon = s.n > 0 ? memchr(s.p, ':', s.n) : NULL, *second;
	size_t a = colon != NULL ? (size_t)(colon - s.p) : 0, b;

	if (colon == NULL)
		return false;
	second = memchr(colon + 1, ':', s.n - a - 1);
	b = second != NULL ? (size_t)(second - colon) - 1 : s.n - a - 1;
	*step = 1;
	if (second != NULL && (!text_u64(slice_of(second + 1, s.n - a - b - 2), 10000, step) || *step == 0))
		return false;
	*letters = a == 1 && b == 1 && s.p[0] >= 'A' && colon[1] >= 'A' && s.p[0] < 0x7f && colon[1] < 0x7f;
	if (*letters) {
		*first = s.p[0];
		*last = colon[1];
		*width = 0;
		return *first <= *last;
	}
	*width = a > 1 && s.p[0] == '0' ? (int)a : 0;
	return a <= 9 && b <= 9 && text_u64(slice_of(s.p, a), UINT32_MAX, first) && text_u64(slice_of(colon + 1, b), UINT32_MAX, last) &&
	    *first <= *last;
}

/* All names that a pattern stands for; what is in front of it is made already. */
static int
members_add(struct reader *r, const char *made, struct slice pattern, unsigned col, const struct value vars[VARS], unsigned *left)
{
	const unsigned char *open = pattern.n > 0 ? memchr(pattern.p, '[', pattern.n) : NULL, *close;
	uint64_t first, last, step;
	char name[256], number[24];
	bool letters;
	int width, n, e = 0;

	if (open == NULL) {
		if (--*left == 0)
			return import_fail(r->im, r->line, col, "a range of more than %d hosts", RANGE_MAX);
		n = snprintf(name, sizeof(name), "%s%.*s", made, (int)pattern.n, (const char *)pattern.p);
		return n < (int)sizeof(name) ? member_add(r, name, col, vars) : import_fail(r->im, r->line, col, "the name is too long");
	}
	close = memchr(open, ']', pattern.n - (size_t)(open - pattern.p));
	if (close == NULL || !range_parse(slice_of(open + 1, (size_t)(close - open) - 1), &first, &last, &step, &width, &letters))
		return import_fail(r->im, r->line, col + (unsigned)(open - pattern.p), "a range is [FIRST:LAST] or [FIRST:LAST:STEP]");
	for (uint64_t i = first; e == 0 && i <= last; i += step) {
		if (letters)
			(void)snprintf(number, sizeof(number), "%c", (int)i);
		else
			(void)snprintf(number, sizeof(number), "%0*llu", width, (unsigned long long)i);
		n = snprintf(name, sizeof(name), "%s%.*s%s", made, (int)(open - pattern.p), (const char *)pattern.p, number);
		e = n < (int)sizeof(name) ? members_add(r, name, slice_of(close + 1, pattern.n - (size_t)(close + 1 - pattern.p)),
		    col, vars, left) : import_fail(r->im, r->line, col, "the name is too long");
	}
	return e;
}

/* "name:2222" gives the port, unless it is an IPv6 address or a range. */
static void
port_split(struct reader *r, struct slice *name, struct value *port, unsigned col)
{
	const unsigned char *colon = memrchr(name->p, ':', name->n), *close = memrchr(name->p, ']', name->n);
	struct slice digits;
	uint64_t v;

	if (colon == NULL || (close != NULL ? close > colon : memchr(name->p, ':', name->n) != colon))
		return;
	digits = slice_of(colon + 1, name->n - (size_t)(colon + 1 - name->p));
	if (!text_u64(digits, UINT32_MAX, &v))
		return;
	name->n = (size_t)(colon - name->p);
	*port = (struct value){ digits, r->line, col + (unsigned)name->n + 1 };
}

static int
host_line(struct reader *r, struct slice line)
{
	struct value vars[VARS] = { 0 };
	struct slice name, word;
	unsigned left = RANGE_MAX + 1;
	size_t at = 0;
	int e = 0;

	if (!word_next(line, &at, &name))
		return 0;
	port_split(r, &name, &vars[PORT], 1);
	while (e == 0 && word_next(line, &at, &word)) {
		const unsigned char *eq = memchr(word.p, '=', word.n);
		struct value v = { .line = r->line };

		if (eq == NULL)
			return fail_at(r, line.p, word.p, "behind a host stand KEY=VALUE");
		v.col = (unsigned)(eq + 1 - line.p) + 1;
		v.text = unquoted(slice_of(eq + 1, word.n - (size_t)(eq - word.p) - 1), &v.col);
		e = var_set(r, vars, slice_of(word.p, (size_t)(eq - word.p)), v);
	}
	return e == 0 ? members_add(r, "", name, 1, vars, &left) : e;
}

static int
line_take(struct reader *r, struct slice line)
{
	static int (*const takes[])(struct reader *, struct slice) = { [IN_HOSTS] = host_line, [IN_VARS] = var_line, [IN_CHILDREN] = child };

	if (line.n == 0 || strchr("#;", line.p[0]) != NULL)
		return 0;
	if (r->line <= 5 && (slice_is(line, "---") || slice_is(line, "all:")))
		return fail_at(r, line.p, line.p, "an inventory in YAML: only the INI form can be read");
	if (line.p[0] == '[')
		return section(r, line);
	if (strchr(" \t", line.p[0]) != NULL && r->in == IN_HOSTS) {
		size_t blanks = 0;

		while (blanks < line.n && strchr(" \t", line.p[blanks]) != NULL)
			blanks++;
		return blanks == line.n ? 0 : fail_at(r, line.p, line.p + blanks, "a line that is indented: is this an inventory in YAML?");
	}
	return takes[r->in](r, line);
}

/* ---- what a host gets from its groups ---- */

struct taken { struct value vars[VARS]; int depth[VARS]; struct slice from[VARS]; };

static int
name_order(struct slice a, struct slice b)
{
	int r = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return r != 0 ? r : (a.n > b.n) - (a.n < b.n);
}

static bool
is_all(struct slice name)
{
	return slice_is(name, "all") || slice_is(name, "ungrouped");
}

static void
vars_take(const struct group *g, int depth, struct taken *t)
{
	for (int v = 0; v < VARS; v++) {
		if (g->vars[v].line == 0 || depth < t->depth[v] || (depth == t->depth[v] && t->vars[v].line != 0 && name_order(g->name, t->from[v]) < 0))
			continue;
		t->vars[v] = g->vars[v];
		t->depth[v] = depth;
		t->from[v] = g->name;
	}
}

/* How deep each group lies: 1 more than the deepest that holds it. */
static int
depth_find(struct reader *r, unsigned g)
{
	struct group *x = &r->groups[g];
	int deepest = 0;

	if (x->depth < 0)
		return import_fail(r->im, 1, 1, "group %.*s holds itself", (int)x->name.n, (const char *)x->name.p);
	if (x->depth > 0 || is_all(x->name))
		return x->depth;
	x->depth = -1;
	for (unsigned i = 0; i < x->parents_n; i++) {
		int d = depth_find(r, x->parents[i]);

		if (d < 0)
			return d;
		deepest = d > deepest ? d : deepest;
	}
	return x->depth = deepest + 1;
}

/* The group and all that hold it: labels, and variables. */
static int
group_apply(struct reader *r, const struct member *m, unsigned g, struct taken *t)
{
	struct group *x = &r->groups[g];
	int depth = depth_find(r, g), e;

	if (depth < 0 || x->seen_by == m)
		return depth < 0 ? depth : 0;
	x->seen_by = m;
	e = is_all(x->name) ? 0 : import_label_add(m->host, "group", x->name);
	vars_take(x, depth, t);
	for (unsigned i = 0; e == 0 && i < x->parents_n; i++)
		e = group_apply(r, m, x->parents[i], t);
	return e;
}

static int
host_values(struct reader *r, const struct member *m, const struct taken *t)
{
	struct import_host *h = m->host;
	struct value v[VARS];
	int e;

	for (int i = 0; i < VARS; i++)
		v[i] = m->vars[i].line != 0 ? m->vars[i] : t->vars[i];
	if (slice_is(v[CONNECTION].text, "local")) {
		h->fate = IMPORT_SKIP;
		return import_note(h, "Ansible's own machine (ansible_connection=local)");
	}
	e = v[HOST].line != 0 ? import_addr_set(r->im, h, v[HOST].line, v[HOST].col, v[HOST].text) :
	    import_addr_set(r->im, h, h->line, h->col, slice_from(m->name));
	if (e == 0 && v[PORT].line != 0)
		e = import_port_set(r->im, h, v[PORT].line, v[PORT].col, v[PORT].text);
	if (e == 0 && v[USER].line != 0 && !text_is_name(v[USER].text))
		e = import_fail(r->im, v[USER].line, v[USER].col, "that cannot be a login here: letters, digits, _ . @ -");
	return e == 0 ? import_list_add(&h->logins, v[USER].text) : e;
}

static int
member_finish(struct reader *r, const struct member *m)
{
	struct taken t = { 0 };
	int e = 0, all = group_get(r, slice_from("all"));

	if (all < 0)
		return all;
	vars_take(&r->groups[all], 0, &t);
	for (unsigned i = 0; e == 0 && i < m->groups_n; i++)
		e = group_apply(r, m, m->groups[i], &t);
	return e == 0 ? host_values(r, m, &t) : e;
}

int
import_ansible(struct import *im, struct slice text)
{
	struct reader r = { .im = im, .groups = calloc(GROUPS_MAX, sizeof(struct group)), .index = calloc(INDEX, sizeof(struct member *)) };
	struct member *m;
	struct slice line;
	int e = r.groups != NULL && r.index != NULL ? group_get(&r, slice_from("ungrouped")) : err_set(im->e, -ENOMEM, "out of memory");

	for (r.line = 1; e == 0 && import_line(&text, &line); r.line++)
		e = line_take(&r, line);
	for (unsigned i = 0; r.index != NULL && i < INDEX; i++)
		while ((m = r.index[i]) != NULL) {
			if (e == 0)
				e = member_finish(&r, m);
			r.index[i] = m->next;
			free(m->groups);
			free(m);
		}
	free(r.groups);
	free(r.index);
	return e;
}
