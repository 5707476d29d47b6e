/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress policy lint: the library's findings, with the users and hosts of the directory where there is one. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "ctl/conf.h"
#include "ctl/policy.h"
#include "db/directory.h"
#include "msg/msg.h"
#include "policy/facts.h"
#include "policy/lint.h"

static const struct out_column columns[] = {
	{ "file", OUT_STRING, 0, OUT_WHOLE }, { "line", OUT_NUMBER, 0, OUT_WHOLE }, { "column", OUT_NUMBER, 0, OUT_WHOLE },
	{ "text", OUT_STRING, 0, OUT_WHOLE }, { NULL, 0, 0, 0 },
};

struct findings { struct ctl *c; struct out *out; unsigned n; };

static int
finding(void *arg, const char *file, unsigned line, unsigned col, const char *text)
{
	struct findings *f = arg;

	f->n++;
	if (f->out == NULL)
		return printf("%s:%u:%u: %s\n", file, line, col, text) < 0 ? -EIO : 0;
	out_cstr(f->out, file);
	out_number(f->out, line);
	out_number(f->out, col);
	out_cstr(f->out, text);
	return 0;
}

static int
user_add(void *arg, const struct db_user *u)
{
	struct policy_request req = { .who = { .name = slice_from(u->name) } };
	struct policy_facts facts;

	if (policy_facts_set(&facts, slice_from(u->groups), slice_from(u->attrs), slice_from(""), slice_from(""))) {
		policy_facts_use(&facts, &req);
		policy_lint_user(arg, &req.who);
	}
	return 0;
}

static int
host_add(void *arg, const struct db_host *h)
{
	struct policy_request req = { .host = slice_from(h->name), .agent = h->target_kind == MSG_TARGET_AGENT };
	struct policy_facts facts;

	if (policy_facts_set(&facts, slice_from(""), slice_from(""), req.host, slice_from(h->labels))) {
		policy_facts_use(&facts, &req);
		policy_lint_host(arg, &req);
	}
	return 0;
}

/* Without a database nothing is said of users and hosts. */
static int
directory_add(struct ctl *c, struct policy_lint *l)
{
	struct db *db = ctl_db(c);
	int r;

	if (db == NULL) {
		ctl_note(c, "without a directory: names of users, groups, hosts and labels were not looked at");
		c->e = (struct err){ 0 };
		return 0;
	}
	r = db_user_list(db, user_add, l, &c->e);
	if (r == 0)
		r = db_host_list(db, host_add, l, &c->e);
	db_close(db);
	return r;
}

/* NAME HOW WHERE */
static void
sink_add(void *arg, struct slice value)
{
	char name[64];
	struct slice word;

	if (take_part(&value, ' ', &word) && slice_copy(word, name, sizeof(name)) == 0)
		policy_lint_sink(arg, name);
}

int
policy_lint_run(struct ctl *c, int argc, char **argv)
{
	struct findings f = { .c = c };
	struct policy_lint *l;
	struct policy *p;
	int r;

	if (ctl_plain(c, argc, argv, 0, 1) != CTL_OK)
		return CTL_USAGE;
	p = ctl_policy_load(c, argv[optind], true);
	if (p == NULL)
		return CTL_FAILED;
	l = policy_lint_new(p);
	r = l != NULL ? directory_add(c, l) : err_set(&c->e, -ENOMEM, "out of memory");
	if (r == 0 && conf_each(c, "NotifySink", sink_add, l))
		policy_lint_sink(l, NULL);
	if (c->format != OUT_TEXT)
		f.out = ctl_out(c, columns, false);
	if (r == 0)
		r = policy_lint_report(l, finding, &f);
	if (f.out != NULL && out_end(f.out) != 0 && r == 0)
		r = -EIO;
	if (r == 0 && c->format == OUT_TEXT)
		printf("%u finding%s\n", f.n, f.n == 1 ? "" : "s");
	policy_lint_free(l);
	policy_free(p);
	return r == 0 && f.n == 0 ? CTL_OK : CTL_FAILED;
}
