/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/bulk.h"
#include "ctl/plan.h"

enum { FILE_BYTES_MAX = 256 << 20 };

int
bulk_export(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "output", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };
	struct state now = { 0 };
	const char *path = NULL;
	struct buf text;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":o:", longs)) != -1)
		if (o != 'o')
			return CTL_USAGE;
		else
			path = optarg;
	if (ctl_words(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	buf_init(&text, FILE_BYTES_MAX);
	r = state_load(c, &now);
	if (r == 0 && (r = state_write(&now, &text)) != 0)
		(void)err_set(&c->e, r, "too large for one file");
	if (r == 0 && path != NULL)
		r = fd_write_file(path, text.p, text.len, 0600, &c->e);
	else if (r == 0 && (fwrite(text.p, 1, text.len, stdout) != text.len || fflush(stdout) != 0))
		r = err_set(&c->e, -EIO, "standard output: %s", strerror(errno));
	state_done(&now);
	buf_done(&text);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

/* What a plan is made of; its items lie in the states. */
struct work { const char *file; struct buf text; struct state now, wanted; struct plan plan; };

static int
work_make(struct ctl *c, const char *file, struct work *w)
{
	bool in = strcmp(file, "-") == 0;
	int r;

	*w = (struct work){ .file = in ? "standard input" : file };
	buf_init(&w->text, FILE_BYTES_MAX);
	r = fd_read_file(in ? "/dev/stdin" : file, FILE_BYTES_MAX, &w->text, &c->e);
	if (r == 0)
		r = state_read(c, w->file, buf_slice(&w->text), &w->wanted);
	if (r == 0)
		r = state_load(c, &w->now);
	return r == 0 ? plan_make(&w->now, &w->wanted, w->file, buf_slice(&w->text), &w->plan, &c->e) : r;
}

static void
work_done(struct work *w)
{
	plan_done(&w->plan);
	state_done(&w->now);
	state_done(&w->wanted);
	buf_done(&w->text);
}

static void
say_counts(const struct ctl *c, const struct plan *p, bool done)
{
	const size_t *n = p->counts;

	if (c->format == OUT_TEXT && p->n == 0)
		puts("Nothing to change.");
	else if (c->format == OUT_TEXT)
		printf(done ? "%zu added, %zu changed, %zu removed.  Plan %s\n" : "%zu to add, %zu to change, %zu to remove.  Plan %s\n",
		    n[PLAN_ADD], n[PLAN_CHANGE], n[PLAN_REMOVE], p->id);
}

int
bulk_plan(struct ctl *c, int argc, char **argv)
{
	struct work w;
	int r;

	if (ctl_plain(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	r = work_make(c, argv[optind], &w);
	if (r == 0)
		r = plan_show(c, &w.plan);
	if (r == 0)
		say_counts(c, &w.plan, false);
	work_done(&w);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- apply --- */

struct applied { struct ctl *c; const struct work *w; bool ok; };

/* Which row was refused, and where it stands. */
static bool
applied_seen(void *arg, unsigned type, const void *message)
{
	const struct msg_dir_done *m = message;
	struct applied *a = arg;
	const struct change *x;

	if (type != MSG_DIR_DONE)
		return false;
	a->ok = m->ok != 0;
	x = m->at > 0 && m->at <= a->w->plan.n ? &a->w->plan.p[m->at - 1] : NULL;
	if (a->ok)
		return true;
	if (x == NULL)
		(void)err_set(&a->c->e, -EINVAL, "%.*s", (int)m->text.n, (const char *)m->text.p);
	else if (x->action == PLAN_REMOVE)
		(void)err_set(&a->c->e, -EINVAL, "%s: %s %s cannot go: %.*s", a->w->file, state_types[x->kind].one, x->item->name,
		    (int)m->text.n, (const char *)m->text.p);
	else
		(void)err_set(&a->c->e, -EINVAL, "%s:%u:%u: %s %s: %.*s", a->w->file, x->item->line, x->item->col,
		    state_types[x->kind].one, x->item->name, (int)m->text.n, (const char *)m->text.p);
	return true;
}

static int
work_apply(struct ctl *c, const struct work *w)
{
	struct msg_dir_apply m = { .req = 1, .state = w->now.version };
	struct applied applied = { .c = c, .w = w };
	struct ask *a = NULL;
	struct buf rows;
	int r, fd = -1;

	buf_init(&rows, MSG_ROWS_MAX);
	r = plan_rows(&w->plan, &rows, &c->e);
	if (r == 0 && (fd = fd_seal("rows", buf_slice(&rows))) < 0)
		r = err_set(&c->e, fd, "the rows: %s", strerror(-fd));
	if (r == 0 && (a = ask_open(c)) == NULL)
		r = -EPIPE;
	if (r == 0)
		r = ask_wait_fd(a, MSG_DIR_APPLY, &m, fd, applied_seen, &applied);
	ask_close(a);
	fd_close(&fd);
	buf_done(&rows);
	return r != 0 ? r : applied.ok ? 0 : -EINVAL;
}

int
bulk_apply(struct ctl *c, int argc, char **argv)
{
	const char *id = NULL;
	struct work w;
	int r;

	if (ctl_valued(c, argc, argv, "plan", &id, 1, 1) != CTL_OK)
		return CTL_USAGE;
	r = work_make(c, argv[optind], &w);
	if (r == 0 && id != NULL && strcmp(id, w.plan.id) != 0)
		r = err_set(&c->e, -ESTALE, "plan %s is stale: the directory or the file has changed since; fortress directory plan shows "
		    "what it would be now (%s)", id, w.plan.id);
	if (r == 0 && w.plan.n > 0)
		r = work_apply(c, &w);
	if (r == 0 && c->format != OUT_TEXT)
		r = plan_show(c, &w.plan);
	if (r == 0)
		say_counts(c, &w.plan, true);
	work_done(&w);
	return r == 0 ? CTL_OK : CTL_FAILED;
}
