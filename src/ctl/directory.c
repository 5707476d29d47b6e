/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Users and enrolment codes: fortress user, enroll; and the table of all that is about the directory.  The gate owns the rows;
 * these only ask. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/bulk.h"
#include "ctl/directory.h"
#include "ctl/groups.h"
#include "ctl/hosts.h"
#include "ctl/keys.h"
#include "ctl/pairs.h"

enum { KNOWN_MAX = 1000, CHANGE_TRIES = 50 };

/* --- finding one user among the rows --- */

static bool
user_seen(void *arg, unsigned type, const void *message)
{
	struct user_row *f = arg;
	const struct msg_dir_user *m = message;

	if (type == MSG_DIR_USER && slice_is(m->name, f->name) && !f->found) {
		f->user = *m;
		f->found = buf_slice_append(&f->display, m->display) == 0 && buf_slice_append(&f->groups, m->groups) == 0 &&
		    buf_slice_append(&f->attrs, m->attrs) == 0;
	}
	if (type == MSG_DIR_END)
		f->state = ((const struct msg_dir_end *)message)->state;
	return type == MSG_DIR_END;
}

int
directory_load(struct ctl *c, ask_fn *fn, void *arg)
{
	struct msg_dir_load load = { .req = 1 };

	return ask_once(c, MSG_DIR_LOAD, &load, fn, arg);
}

int
directory_state(struct ctl *c, uint64_t state)
{
	return state != 0 ? 0 : err_set(&c->e, -ESTALE, MSG_STALE);
}

int
directory_change(struct ctl *c, int (*fn)(struct ctl *c, void *arg), void *arg)
{
	struct timespec pause = { 0 };
	int r = CTL_FAILED;

	for (unsigned i = 0; i < CHANGE_TRIES; i++) {
		c->e = (struct err){ 0 };
		r = fn(c, arg);
		if (r != CTL_FAILED || c->e.code != -ESTALE)
			break;
		pause.tv_nsec = (long)((i + 1) * (unsigned)getpid() % 50 + 10) * 1000000;        /* those who met once do not meet again */
		(void)nanosleep(&pause, NULL);
	}
	return r;
}

/* --- user --- */

static const struct out_column user_columns[] = {
	{ "name", OUT_STRING, 0 }, { "display", OUT_STRING, 0 }, { "groups", OUT_LIST, 0 }, { "attributes", OUT_WORDS, 0 },
	{ "disabled", OUT_BOOL, 0 },
	{ "created", OUT_TIME, 0 }, { "expires", OUT_TIME, 0 }, { "factor", OUT_TIME, 0 }, { NULL, 0, 0 },
};

static bool
user_row(void *arg, unsigned type, const void *message)
{
	const struct msg_dir_user *m = message;

	if (type == MSG_DIR_USER) {
		out_text(arg, m->name);
		out_text(arg, m->display);
		out_text(arg, m->groups);
		out_text(arg, m->attrs);
		out_bool(arg, m->disabled != 0);
		out_time(arg, (int64_t)m->created_us);
		out_time(arg, (int64_t)m->expires_us);
		out_time(arg, (int64_t)m->factor_us);
	}
	return type == MSG_DIR_END;
}

static int
user_list(struct ctl *c, int argc, char **argv)
{
	struct out *o;
	int r;

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	o = ctl_out(c, user_columns, false);
	r = directory_load(c, user_row, o);
	return out_end(o) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

/* Groups that no row names may be meant, or mistyped. */
struct group_names { char *p[KNOWN_MAX]; size_t n; };

static bool
group_name_seen(void *arg, unsigned type, const void *message)
{
	struct group_names *g = arg;

	if (type == MSG_DIR_GROUP && g->n < KNOWN_MAX && (g->p[g->n] = slice_dup(((const struct msg_dir_group *)message)->name)) != NULL)
		g->n++;
	return type == MSG_DIR_END;
}

static bool
is_one_of(const struct group_names *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->p[i], name) == 0)
			return true;
	return false;
}

static void
note_groups(struct ctl *c, const char *groups)
{
	struct group_names g = { 0 };
	struct ctl copy = *c;
	char *words = strdup(groups), *rest = words, *word;
	const char *near;

	if (words != NULL && directory_load(&copy, group_name_seen, &g) == 0)
		while ((word = strsep(&rest, ",")) != NULL)
			if (word[0] != '\0' && g.n > 0 && !is_one_of(&g, word)) {
				near = text_nearest(word, (const char *const *)g.p, g.n);
				ctl_note(c, "there is no group %s%s%s%s: fortress group add %s makes it known", word,
				    near != NULL ? " (did you mean " : "", near != NULL ? near : "", near != NULL ? "?)" : "", word);
			}
	while (g.n > 0)
		free(g.p[--g.n]);
	free(words);
}

static int
user_put_changed(struct ctl *c, const struct user_row *f, const struct user_change *n)
{
	struct msg_dir_user m = { .req = 2, .op = MSG_DIR_PUT, .name = slice_from(f->name),
	    .display = n->display != NULL ? slice_from(n->display) : buf_slice(&f->display),
	    .groups = n->groups != NULL ? slice_from(n->groups) : buf_slice(&f->groups),
	    .attrs = n->attrs != NULL ? slice_from(n->attrs) : buf_slice(&f->attrs),
	    .disabled = n->disabled >= 0 ? (uint32_t)n->disabled : f->found ? f->user.disabled : 0,
	    .expires_us = n->expires_us != NULL ? *n->expires_us : f->found ? f->user.expires_us : 0, .state = f->state };
	int r = ask_put(c, MSG_DIR_USER, &m);

	if (r == CTL_OK && n->groups != NULL)
		note_groups(c, n->groups);
	return r;
}

/* must: 0 must be new, 1 must be there. */
static int
user_find(struct ctl *c, struct user_row *f, int must)
{
	int r;

	buf_init(&f->display, 4096);
	buf_init(&f->groups, 32768);
	buf_init(&f->attrs, 32768);
	r = directory_load(c, user_seen, f);
	if (r == 0)
		r = directory_state(c, f->state);
	if (r == 0 && f->found != (must == 1))
		r = err_set(&c->e, -EINVAL, must == 1 ? "there is no user %s" : "user %s is there already", f->name);
	return r;
}

static void
user_row_done(struct user_row *f)
{
	buf_done(&f->display);
	buf_done(&f->groups);
	buf_done(&f->attrs);
}

struct user_edit { const char *name; int must; user_edit_fn *fn; void *arg; };

static int
edit_once(struct ctl *c, void *arg)
{
	const struct user_edit *x = arg;
	struct user_change change = { .disabled = -1 };
	struct user_row f = { .name = x->name };
	int r = user_find(c, &f, x->must) == 0 ? x->fn(c, x->arg, &f, &change) : CTL_FAILED;

	if (r == CTL_OK)
		r = user_put_changed(c, &f, &change);
	user_row_done(&f);
	return r;
}

int
user_edit(struct ctl *c, const char *name, user_edit_fn *fn, void *arg)
{
	struct user_edit x = { name, 1, fn, arg };

	return directory_change(c, edit_once, &x);
}

static int
edit_given(struct ctl *c, void *arg, struct user_row *old, struct user_change *change)
{
	(void)c, (void)old;
	*change = *(const struct user_change *)arg;
	return CTL_OK;
}

/* Puts the row as it is, changed by what the options name. */
static int
user_change(struct ctl *c, const char *name, int must, const struct user_change *n)
{
	struct user_change given = *n;
	struct user_edit x = { name, must, edit_given, &given };

	return directory_change(c, edit_once, &x);
}

struct attrs_edit { char **words; struct buf attrs; };

static int
edit_attrs(struct ctl *c, void *arg, struct user_row *old, struct user_change *change)
{
	struct attrs_edit *a = arg;
	int r;

	buf_clear(&a->attrs);
	r = pairs_edit(c, buf_cstr(&old->attrs), a->words, &a->attrs);

	change->attrs = buf_cstr(&a->attrs);
	return r;
}

static int
user_attr(struct ctl *c, int argc, char **argv)
{
	struct attrs_edit a = { 0 };
	int r;

	if (ctl_plain(c, argc, argv, 2, INT_MAX) != CTL_OK)
		return CTL_USAGE;
	buf_init(&a.attrs, 32768);
	a.words = argv + optind + 1;
	r = user_edit(c, argv[optind], edit_attrs, &a);
	buf_done(&a.attrs);
	return r;
}

int
directory_expiry_bad(const struct ctl *c, const char *text)
{
	return ctl_bad(c, "--expires %s: a date or time to come, a duration from now (90d), or never", text);
}

/* What the options of add and set say; texts as given, or collected here. */
struct user_options { struct user_change change; uint64_t expires_us; struct buf groups, attrs; };

static int
list_option(const struct ctl *c, struct buf *list, const char *between, const char *word, const char **ret)
{
	if (buf_printf(list, "%s%s", list->len > 0 ? between : "", word) != 0)
		return ctl_bad(c, "too many: the list is too long");
	*ret = buf_cstr(list);
	return CTL_OK;
}

static int
user_option(struct ctl *c, struct user_options *u, int o)
{
	switch (o) {
	case 'd':
		u->change.display = optarg;
		return CTL_OK;
	case 'g':
		return list_option(c, &u->groups, ",", optarg, &u->change.groups);
	case 'a':
		return optarg[0] == '\0' || pairs_is_good(optarg) ? list_option(c, &u->attrs, " ", optarg, &u->change.attrs) :
		    ctl_bad(c, "--attr %s: an attribute is KEY=VALUE without spaces, commas or quotes", optarg);
	case 'e':
		u->change.expires_us = &u->expires_us;
		return ctl_parse_expiry(optarg, &u->expires_us) ? CTL_OK : directory_expiry_bad(c, optarg);
	default:
		return CTL_USAGE;
	}
}

static int
user_put(struct ctl *c, int argc, char **argv, int must)
{
	static const struct option longs[] = {
		{ "group", required_argument, NULL, 'g' }, { "groups", required_argument, NULL, 'g' },
		{ "attr", required_argument, NULL, 'a' }, { "display", required_argument, NULL, 'd' },
		{ "expires", required_argument, NULL, 'e' }, { NULL, 0, NULL, 0 },
	};
	struct user_options u = { .change = { .disabled = -1 } };
	int o, r = CTL_OK;

	buf_init(&u.groups, 16384);
	buf_init(&u.attrs, 16384);
	optind = 0;
	while (r == CTL_OK && (o = ctl_option(c, argc, argv, ":", longs)) != -1)
		r = user_option(c, &u, o);
	if (r == CTL_OK)
		r = ctl_words(c, argc, argv, 1, 1);
	if (r == CTL_OK && must == 1 && u.change.display == NULL && u.change.groups == NULL && u.change.attrs == NULL &&
	    u.change.expires_us == NULL)
		r = ctl_usage(c, "nothing to change");
	if (r == CTL_OK)
		r = user_change(c, argv[optind], must, &u.change);
	buf_done(&u.groups);
	buf_done(&u.attrs);
	return r;
}

static int
user_add(struct ctl *c, int argc, char **argv)
{
	return user_put(c, argc, argv, 0);
}

static int
user_set(struct ctl *c, int argc, char **argv)
{
	return user_put(c, argc, argv, 1);
}

static int
user_lock(struct ctl *c, int argc, char **argv)
{
	const struct user_change lock = { .disabled = 1 };

	return ctl_plain(c, argc, argv, 1, 1) == CTL_OK ? user_change(c, argv[optind], 1, &lock) : CTL_USAGE;
}

static int
user_unlock(struct ctl *c, int argc, char **argv)
{
	const struct user_change unlock = { .disabled = 0 };

	return ctl_plain(c, argc, argv, 1, 1) == CTL_OK ? user_change(c, argv[optind], 1, &unlock) : CTL_USAGE;
}

static int
user_reset_factor(struct ctl *c, int argc, char **argv)
{
	struct msg_dir_factor m = { .req = 1, .op = MSG_DIR_DELETE };

	if (ctl_plain(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	m.user = slice_from(argv[optind]);
	return ask_put(c, MSG_DIR_FACTOR, &m);
}

static int
user_del(struct ctl *c, int argc, char **argv)
{
	struct msg_dir_user m = { .req = 1, .op = MSG_DIR_DELETE };

	if (ctl_plain(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	m.name = slice_from(argv[optind]);
	return ask_put(c, MSG_DIR_USER, &m);
}

/* --- enroll --- */

static const struct out_column enroll_columns[] = {
	{ "code", OUT_STRING, 0 }, { "user", OUT_STRING, 0 }, { "ttl_s", OUT_NUMBER, 0 }, { NULL, 0, 0 },
};

struct enrolled { struct ctl *c; const char *user; uint64_t ttl_s; bool ok; };

static bool
enrolled_seen(void *arg, unsigned type, const void *message)
{
	struct enrolled *e = arg;
	const struct msg_enrolled *m = message;
	struct out *o;

	if (type != MSG_ENROLLED)
		return false;
	e->ok = m->ok != 0;
	if (!e->ok) {
		(void)err_set(&e->c->e, -EINVAL, "%.*s", (int)m->text.n, (const char *)m->text.p);
	} else if (e->c->format == OUT_TEXT) {            /* the code alone, so that scripts can take it */
		printf("%.*s\n", (int)m->code.n, (const char *)m->code.p);
		if (isatty(STDOUT_FILENO))
			ctl_note(e->c, "the first key that comes with it is %s's: ssh %s+%.*s@bastion", e->user, e->user, (int)m->code.n,
			    (const char *)m->code.p);
	} else {
		o = ctl_out(e->c, enroll_columns, true);
		out_text(o, m->code);
		out_cstr(o, e->user);
		out_number(o, (int64_t)e->ttl_s);
		e->ok = out_end(o) == 0;
	}
	return true;
}

/* A code for somebody new is no mistake, but may be one. */
struct known { const char *user; bool found; const char *names[KNOWN_MAX]; size_t n; };

static bool
known_seen(void *arg, unsigned type, const void *message)
{
	struct known *k = arg;
	const struct msg_dir_user *m = message;

	if (type == MSG_DIR_USER && slice_is(m->name, k->user))
		k->found = true;
	else if (type == MSG_DIR_USER && k->n < KNOWN_MAX && (k->names[k->n] = slice_dup(m->name)) != NULL)
		k->n++;
	return type == MSG_DIR_END;
}

static void
note_unknown(struct ctl *c, const char *user)
{
	struct known k = { .user = user };
	struct ctl copy = *c;
	const char *near;

	if (directory_load(&copy, known_seen, &k) == 0 && !k.found) {
		near = text_nearest(user, k.names, k.n);
		ctl_note(c, "there is no user %s yet: the first login with this code makes one%s%s%s", user,
		    near != NULL ? " (did you mean " : "", near != NULL ? near : "", near != NULL ? "?)" : "");
	}
	while (k.n > 0)
		free((void *)(uintptr_t)k.names[--k.n]);
}

static int
enroll(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "ttl", required_argument, NULL, 't' }, { NULL, 0, NULL, 0 } };
	struct enrolled e = { .c = c, .ttl_s = 3600 };
	struct msg_enrol m = { .req = 1 };
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		if (o != 't')
			return CTL_USAGE;
		else if (!ctl_parse_duration(optarg, &e.ttl_s) || e.ttl_s == 0 || e.ttl_s > UINT32_MAX)
			return ctl_bad(c, "--ttl %s: write how long: 90s, 15m, 12h, 7d", optarg);
	if (ctl_words(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	e.user = argv[optind];
	note_unknown(c, e.user);
	m.user = slice_from(e.user);
	m.ttl_s = (uint32_t)e.ttl_s;
	return ask_once(c, MSG_ENROL, &m, enrolled_seen, &e) == 0 && e.ok ? CTL_OK : CTL_FAILED;
}

#define HOST_OPTIONS "[--port N] [--agent | --sshd] [--login L]... [--label K=V]...\n" \
	"[--hostkey FILE|\"ALG BASE64\"]... [--trust-first-key] [--alias A]..."

const struct command commands_directory[] = {
	{ "enroll", NULL, "USER [--ttl TIME]", "make a single-use code that binds a key to USER at the first login", enroll },
	{ "user", "list", "", "list users", user_list },
	{ "user", "add", "NAME [--group G]... [--attr K=V]... [--display TEXT] [--expires TIME]", "add a user", user_add },
	{ "user", "set", "NAME [--group G]... [--attr K=V]... [--display TEXT] [--expires TIME|never]", "change a user", user_set },
	{ "user", "attr", "NAME KEY=VALUE|KEY-...", "set attributes of a user, or take them away (KEY-); others stay", user_attr },
	{ "user", "lock", "NAME", "let a user in no more", user_lock },
	{ "user", "unlock", "NAME", "let a locked user in again", user_unlock },
	{ "user", "disable", "NAME", "the same as lock", user_lock },
	{ "user", "enable", "NAME", "the same as unlock", user_unlock },
	{ "user", "reset-factor", "NAME", "forget a user's second factor: the next login makes a new one", user_reset_factor },
	{ "user", "del", "NAME", "delete a user and the user's keys", user_del },
	{ "group", "list", "", "list groups and who is in them", group_list },
	{ "group", "add", "NAME [--description TEXT]", "make a group known", group_add },
	{ "group", "set", "NAME --description TEXT", "say what a group is for", group_set },
	{ "group", "join", "NAME USER...", "put users into a group", group_join },
	{ "group", "leave", "NAME USER...", "take users out of a group", group_leave },
	{ "group", "del", "NAME", "delete a group that nobody is in", group_del },
	{ "key", "list", "[USER]", "list users' public keys", key_list },
	{ "key", "add", "USER FILE|-|KEY [--expires TIME]", "bind a public key to a user", key_add },
	{ "key", "del", "USER FINGERPRINT", "take a key from a user", key_del },
	{ "host", "list", "", "list hosts", host_list },
	{ "host", "add", "NAME ADDR " HOST_OPTIONS, "add a host", host_add },
	{ "host", "set", "NAME [--addr ADDR] " HOST_OPTIONS, "change a host", host_set },
	{ "host", "label", "NAME KEY=VALUE|KEY-...", "set labels of a host, or take them away (KEY-); others stay", host_label },
	{ "host", "del", "NAME", "delete a host", host_del },
	{ "hosts", NULL, "[--user USER [--allowed]]", "what a user may reach, and why, or why not", hosts_reach },
	{ "directory", "export", "[-o FILE]", "print groups, users, keys and hosts as one file", bulk_export },
	{ "directory", "plan", "FILE|-", "show what would change to bring the directory to what FILE says", bulk_plan },
	{ "directory", "apply", "FILE|- [--plan ID]", "change all of that, or nothing; ID: only if it is that plan", bulk_apply },
	{ NULL, NULL, NULL, NULL, NULL },
};
