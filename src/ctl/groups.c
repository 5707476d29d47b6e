/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Groups.  Who is in one is written with the user; a group's own row says what it is for.  One that people are in without
 * such a row is a group all the same, and the list says so.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/directory.h"
#include "ctl/groups.h"

enum { GROUPS_MAX = 20000, MEMBERS_MAX = 1 << 20 };

struct group { char *name, *description; struct buf members; size_t n; bool declared; };
struct groups { struct group *p; size_t n; bool failed; };

static struct group *
group_find(struct groups *g, struct slice name)
{
	struct group *p;

	for (size_t i = 0; i < g->n; i++)
		if (slice_is(name, g->p[i].name))
			return &g->p[i];
	p = g->n < GROUPS_MAX ? realloc(g->p, (g->n + 1) * sizeof(*p)) : NULL;
	if (p == NULL)
		return NULL;
	g->p = p;
	p[g->n] = (struct group){ .name = slice_dup(name) };
	buf_init(&p[g->n].members, MEMBERS_MAX);
	return p[g->n].name != NULL ? &p[g->n++] : NULL;
}

static void
groups_done(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->p[i].name);
		free(g->p[i].description);
		buf_done(&g->p[i].members);
	}
	free(g->p);
}

static bool
member_add(struct groups *g, struct slice name, const struct msg_dir_user *u)
{
	struct group *p = group_find(g, name);

	if (p == NULL || buf_printf(&p->members, "%s%.*s", p->n > 0 ? "," : "", (int)u->name.n, (const char *)u->name.p) != 0)
		return false;
	p->n++;
	return true;
}

static bool
group_seen(void *arg, unsigned type, const void *message)
{
	struct groups *g = arg;
	const struct msg_dir_user *u = message;
	const struct msg_dir_group *m = message;
	struct slice rest = type == MSG_DIR_USER ? u->groups : slice_from(""), word;
	struct group *p;

	while (take_part(&rest, ',', &word))
		g->failed = g->failed || !member_add(g, word, u);
	if (type == MSG_DIR_GROUP) {
		p = group_find(g, m->name);
		if (p != NULL)
			p->description = slice_dup(m->description);
		g->failed = g->failed || p == NULL || p->description == NULL;
		if (p != NULL)
			p->declared = true;
	}
	return type == MSG_DIR_END;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static const struct out_column columns[] = {
	{ "name", OUT_STRING, 0 }, { "description", OUT_STRING, 0 }, { "declared", OUT_BOOL, 0 }, { "count", OUT_NUMBER, 0 },
	{ "members", OUT_LIST, 0 }, { NULL, 0, 0 },
};

int
group_list(struct ctl *c, int argc, char **argv)
{
	struct groups g = { 0 };
	struct out *o;
	int r;

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	r = directory_load(c, group_seen, &g);
	if (r == 0 && g.failed)
		r = err_set(&c->e, -ENOMEM, "too many groups");
	if (r == 0 && g.n > 0)
		qsort(g.p, g.n, sizeof(*g.p), by_name);
	o = ctl_out(c, columns, false);
	for (size_t i = 0; r == 0 && i < g.n; i++) {
		out_cstr(o, g.p[i].name);
		out_cstr(o, g.p[i].description != NULL ? g.p[i].description : "");
		out_bool(o, g.p[i].declared);
		out_number(o, (int64_t)g.p[i].n);
		out_text(o, buf_slice(&g.p[i].members));
	}
	groups_done(&g);
	return out_end(o) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- add, set, del --- */

struct wanted { const char *name; bool found; };

static bool
wanted_seen(void *arg, unsigned type, const void *message)
{
	struct wanted *w = arg;

	if (type == MSG_DIR_GROUP && slice_is(((const struct msg_dir_group *)message)->name, w->name))
		w->found = true;
	return type == MSG_DIR_END;
}

static int
group_put(struct ctl *c, int argc, char **argv, bool is_new)
{
	struct msg_dir_group m = { .req = 1, .op = MSG_DIR_PUT };
	const char *description = NULL;
	struct wanted w = { 0 };
	int r;

	if (ctl_valued(c, argc, argv, "description", &description, 1, 1) != CTL_OK)
		return CTL_USAGE;
	if (!is_new && description == NULL)
		return ctl_usage(c, "nothing to change");
	w.name = argv[optind];
	r = directory_load(c, wanted_seen, &w);
	if (r == 0 && w.found == is_new)
		r = is_new ? err_set(&c->e, -EEXIST, "group %s is there already: fortress group set changes it", w.name) :
		    err_set(&c->e, -ENOENT, "there is no group %s", w.name);
	m.name = slice_from(w.name);
	m.description = slice_from(description != NULL ? description : "");
	return r == 0 ? ask_put(c, MSG_DIR_GROUP, &m) : CTL_FAILED;
}

int
group_add(struct ctl *c, int argc, char **argv)
{
	return group_put(c, argc, argv, true);
}

int
group_set(struct ctl *c, int argc, char **argv)
{
	return group_put(c, argc, argv, false);
}

int
group_del(struct ctl *c, int argc, char **argv)
{
	struct msg_dir_group m = { .req = 1, .op = MSG_DIR_DELETE };

	if (ctl_plain(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	m.name = slice_from(argv[optind]);
	return ask_put(c, MSG_DIR_GROUP, &m);
}

/* --- join and leave --- */

/* list without name, and with it at the end if it joins.  False: it does not fit. */
static bool
list_edit(const char *list, const char *name, bool joins, struct buf *ret)
{
	struct slice rest = slice_from(list), word;
	bool fits = true;

	while (fits && take_part(&rest, ',', &word))
		if (!slice_is(word, name))
			fits = buf_printf(ret, "%s%.*s", ret->len > 0 ? "," : "", (int)word.n, (const char *)word.p) == 0;
	return fits && (!joins || buf_printf(ret, "%s%s", ret->len > 0 ? "," : "", name) == 0);
}

struct move { const char *group; bool joins; struct buf groups; };

static int
edit_groups(struct ctl *c, void *arg, struct user_row *old, struct user_change *change)
{
	struct move *m = arg;

	buf_clear(&m->groups);
	if (!list_edit(buf_cstr(&old->groups), m->group, m->joins, &m->groups))
		return ctl_fail(c, "too many groups");
	change->groups = buf_cstr(&m->groups);
	return CTL_OK;
}

static int
move(struct ctl *c, int argc, char **argv, bool joins)
{
	struct move m = { .joins = joins };
	int r = CTL_OK;

	if (ctl_plain(c, argc, argv, 2, INT_MAX) != CTL_OK)
		return CTL_USAGE;
	buf_init(&m.groups, 32768);
	m.group = argv[optind];
	for (int i = optind + 1; i < argc && r == CTL_OK; i++)
		r = user_edit(c, argv[i], edit_groups, &m);
	buf_done(&m.groups);
	return r;
}

int
group_join(struct ctl *c, int argc, char **argv)
{
	return move(c, argc, argv, true);
}

int
group_leave(struct ctl *c, int argc, char **argv)
{
	return move(c, argc, argv, false);
}
