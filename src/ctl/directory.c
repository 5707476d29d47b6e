/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Users, their keys, enrolment codes: fortress user, key, enroll.  The gate owns the rows; these only ask. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/pubkey.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/directory.h"
#include "ctl/hosts.h"

enum { KNOWN_MAX = 1000 };

/* --- finding one user among the rows --- */

struct user_find { const char *name; bool found; struct msg_dir_user user; struct buf display, groups; };

static bool
user_seen(void *arg, unsigned type, const void *message)
{
	struct user_find *f = arg;
	const struct msg_dir_user *m = message;

	if (type == MSG_DIR_USER && slice_is(m->name, f->name) && !f->found) {
		f->found = true;
		f->user = *m;
		if (buf_slice_append(&f->display, m->display) != 0 || buf_slice_append(&f->groups, m->groups) != 0)
			f->found = false;
	}
	return type == MSG_DIR_END;
}

int
directory_load(struct ctl *c, ask_fn *fn, void *arg)
{
	struct msg_dir_load load = { .req = 1 };
	struct ask *a = ask_open(c);
	int r = a != NULL ? ask_wait(a, MSG_DIR_LOAD, &load, fn, arg) : -EPIPE;

	ask_close(a);
	return r;
}

/* --- user --- */

static const struct out_column user_columns[] = {
	{ "name", OUT_STRING, 0 }, { "display", OUT_STRING, 0 }, { "groups", OUT_LIST, 0 }, { "disabled", OUT_BOOL, 0 },
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

/* What a command changes of a user; NULL and -1: nothing. */
struct user_change { const char *display, *groups; const uint64_t *expires_us; int disabled; };

/* Puts the row as it is, changed by what the options name.  must: -1 whatever, 0 must be new, 1 must be there. */
static int
user_change(struct ctl *c, const char *name, int must, const struct user_change *n)
{
	struct user_find f = { .name = name };
	struct msg_dir_user m;
	int r;

	buf_init(&f.display, 4096);
	buf_init(&f.groups, 32768);
	r = directory_load(c, user_seen, &f);
	if (r == 0 && must >= 0 && f.found != (must == 1))
		r = err_set(&c->e, -EINVAL, must == 1 ? "there is no user %s" : "user %s is there already", name);
	m = (struct msg_dir_user){ .req = 2, .op = MSG_DIR_PUT, .name = slice_from(name),
	    .display = n->display != NULL ? slice_from(n->display) : buf_slice(&f.display),
	    .groups = n->groups != NULL ? slice_from(n->groups) : buf_slice(&f.groups),
	    .disabled = n->disabled >= 0 ? (uint32_t)n->disabled : f.found ? f.user.disabled : 0,
	    .expires_us = n->expires_us != NULL ? *n->expires_us : f.found ? f.user.expires_us : 0 };
	r = r == 0 ? ask_put(c, MSG_DIR_USER, &m) : CTL_FAILED;
	buf_done(&f.display);
	buf_done(&f.groups);
	return r;
}

static int
expiry_bad(const struct ctl *c, const char *text)
{
	return ctl_bad(c, "--expires %s: a date or time to come, a duration from now (90d), or never", text);
}

static int
user_put(struct ctl *c, int argc, char **argv, int must)
{
	static const struct option longs[] = {
		{ "group", required_argument, NULL, 'g' }, { "groups", required_argument, NULL, 'g' },
		{ "display", required_argument, NULL, 'd' }, { "expires", required_argument, NULL, 'e' }, { NULL, 0, NULL, 0 },
	};
	struct user_change change = { .disabled = -1 };
	uint64_t expires_us;
	struct buf groups;
	int o, r = CTL_OK;

	buf_init(&groups, 16384);
	optind = 0;
	while (r == CTL_OK && (o = ctl_option(c, argc, argv, ":", longs)) != -1)
		if (o == 'd')
			change.display = optarg;
		else if (o == 'g' && buf_printf(&groups, "%s%s", groups.len > 0 ? "," : "", optarg) == 0)
			change.groups = buf_cstr(&groups);
		else if (o == 'e' && ctl_parse_expiry(optarg, &expires_us))
			change.expires_us = &expires_us;
		else
			r = o == 'g' ? ctl_bad(c, "too many groups") : o == 'e' ? expiry_bad(c, optarg) : CTL_USAGE;
	if (r == CTL_OK)
		r = ctl_words(c, argc, argv, 1, 1);
	if (r == CTL_OK && must == 1 && change.display == NULL && change.groups == NULL && change.expires_us == NULL)
		r = ctl_usage(c, "nothing to change");
	if (r == CTL_OK)
		r = user_change(c, argv[optind], must, &change);
	buf_done(&groups);
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

/* --- key --- */

static const struct out_column key_columns[] = {
	{ "user", OUT_STRING, 0 }, { "type", OUT_STRING, 0 }, { "fingerprint", OUT_STRING, 0 }, { "comment", OUT_STRING, 0 },
	{ "added", OUT_TIME, 0 }, { "expires", OUT_TIME, 0 }, { "key", OUT_STRING, 1 }, { NULL, 0, 0 },
};

struct key_list { struct out *out; const char *user; bool found; };

static bool
key_row(void *arg, unsigned type, const void *message)
{
	struct key_list *l = arg;
	const struct msg_dir_key *m = message;
	char fingerprint[64];
	struct buf blob;

	if (type == MSG_DIR_USER)
		l->found = l->found || slice_is(((const struct msg_dir_user *)message)->name, l->user);
	if (type != MSG_DIR_KEY || (l->user != NULL && !slice_is(m->user, l->user)))
		return type == MSG_DIR_END;
	buf_init(&blob, 65536);
	(void)text_base64(&blob, m->blob);
	out_text(l->out, m->user);
	out_text(l->out, m->alg);
	out_cstr(l->out, hosts_fingerprint(m->blob, fingerprint));
	out_text(l->out, m->comment);
	out_time(l->out, (int64_t)m->added_us);
	out_time(l->out, (int64_t)m->expires_us);
	out_text(l->out, buf_slice(&blob));
	buf_done(&blob);
	return false;
}

static int
key_list(struct ctl *c, int argc, char **argv)
{
	struct key_list l = { 0 };
	int r;

	if (ctl_plain(c, argc, argv, 0, 1) != CTL_OK)
		return CTL_USAGE;
	l.user = argv[optind];                    /* NULL behind the last */
	l.out = ctl_out(c, key_columns, false);
	r = directory_load(c, key_row, &l);
	if (r == 0 && l.user != NULL && !l.found)
		r = err_set(&c->e, -ENOENT, "there is no user %s", l.user);
	return out_end(l.out) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

/* The words of a key line: from a file, from "-" (standard input), or as they stand on the command line. */
static int
key_line(struct ctl *c, int argc, char **argv, struct buf *line)
{
	int r = 0;

	if (argc == 1 && strchr(argv[0], ' ') == NULL)
		return fd_read_file(strcmp(argv[0], "-") == 0 ? "/dev/stdin" : argv[0], 65536, line, &c->e);
	for (int i = 0; i < argc && r == 0; i++)
		r = buf_printf(line, "%s%s", i > 0 ? " " : "", argv[i]);
	return r == 0 ? 0 : err_set(&c->e, r, "the key is too long");
}

static int
key_add(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "expires", required_argument, NULL, 'e' }, { NULL, 0, NULL, 0 } };
	struct msg_dir_key m = { .req = 1, .op = MSG_DIR_PUT };
	struct buf line, blob;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		if (o != 'e' || !ctl_parse_expiry(optarg, &m.expires_us))
			return o == 'e' ? expiry_bad(c, optarg) : CTL_USAGE;
	if (ctl_words(c, argc, argv, 2, INT_MAX) != CTL_OK)
		return CTL_USAGE;
	buf_init(&line, 65536);
	buf_init(&blob, 65536);
	m.user = slice_from(argv[optind]);
	r = key_line(c, argc - optind - 1, argv + optind + 1, &line);
	if (r == 0)
		r = pubkey_parse(buf_slice(&line), &m.alg, &blob, &m.comment, &c->e);
	m.blob = buf_slice(&blob);
	r = r == 0 ? ask_put(c, MSG_DIR_KEY, &m) : CTL_FAILED;
	buf_done(&line);
	buf_done(&blob);
	return r;
}

struct key_find { const char *user, *fingerprint; struct buf alg, blob; bool found; };

static bool
key_seen(void *arg, unsigned type, const void *message)
{
	struct key_find *f = arg;
	const struct msg_dir_key *m = message;
	char fingerprint[64];

	if (type == MSG_DIR_KEY && !f->found && slice_is(m->user, f->user) &&
	    strcmp(hosts_fingerprint(m->blob, fingerprint), f->fingerprint) == 0)
		f->found = buf_slice_append(&f->alg, m->alg) == 0 && buf_slice_append(&f->blob, m->blob) == 0;
	return type == MSG_DIR_END;
}

static int
key_del(struct ctl *c, int argc, char **argv)
{
	struct key_find f = { 0 };
	struct msg_dir_key m = { .req = 1, .op = MSG_DIR_DELETE };
	int r;

	if (ctl_plain(c, argc, argv, 2, 2) != CTL_OK)
		return CTL_USAGE;
	f = (struct key_find){ .user = argv[optind], .fingerprint = argv[optind + 1] };
	buf_init(&f.alg, 128);
	buf_init(&f.blob, 65536);
	r = directory_load(c, key_seen, &f);
	if (r == 0 && !f.found)
		r = err_set(&c->e, -ENOENT, "%s has no key %s: fortress key list %s shows them", f.user, f.fingerprint, f.user);
	m.user = slice_from(f.user);
	m.alg = buf_slice(&f.alg);
	m.blob = buf_slice(&f.blob);
	r = r == 0 ? ask_put(c, MSG_DIR_KEY, &m) : CTL_FAILED;
	buf_done(&f.alg);
	buf_done(&f.blob);
	return r;
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
	struct ask *a;
	int o, r;

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
	a = ask_open(c);
	r = a != NULL ? ask_wait(a, MSG_ENROL, &m, enrolled_seen, &e) : -EPIPE;
	ask_close(a);
	return r == 0 && e.ok ? CTL_OK : CTL_FAILED;
}

const struct command commands_directory[] = {
	{ "enroll", NULL, "USER [--ttl TIME]", "make a single-use code that binds a key to USER at the first login", enroll },
	{ "user", "list", "", "list users", user_list },
	{ "user", "add", "NAME [--group G]... [--display TEXT] [--expires TIME]", "add a user", user_add },
	{ "user", "set", "NAME [--group G]... [--display TEXT] [--expires TIME|never]", "change a user", user_set },
	{ "user", "lock", "NAME", "let a user in no more", user_lock },
	{ "user", "unlock", "NAME", "let a locked user in again", user_unlock },
	{ "user", "disable", "NAME", "the same as lock", user_lock },
	{ "user", "enable", "NAME", "the same as unlock", user_unlock },
	{ "user", "reset-factor", "NAME", "forget a user's second factor: the next login makes a new one", user_reset_factor },
	{ "user", "del", "NAME", "delete a user and the user's keys", user_del },
	{ "key", "list", "[USER]", "list users' public keys", key_list },
	{ "key", "add", "USER FILE|-|KEY [--expires TIME]", "bind a public key to a user", key_add },
	{ "key", "del", "USER FINGERPRINT", "take a key from a user", key_del },
	{ "host", "list", "", "list hosts", host_list },
	{ "host", "add", "NAME ADDR [--port N] [--agent] [--login L]... [--label K=V]...\n"
	    "[--hostkey FILE|\"ALG BASE64\"]... [--trust-first-key] [--alias A]...", "add a host", host_add },
	{ "host", "set", "NAME [--addr ADDR] [the options of add]", "change a host", host_set },
	{ "host", "del", "NAME", "delete a host", host_del },
	{ "hosts", NULL, "[--user USER]", "what a user may reach, and why", hosts_reach },
	{ NULL, NULL, NULL, NULL, NULL },
};
