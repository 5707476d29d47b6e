/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "base/fd.h"
#include "base/pubkey.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/directory.h"
#include "ctl/hosts.h"
#include "ctl/keys.h"

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

int
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

int
key_add(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = { { "expires", required_argument, NULL, 'e' }, { NULL, 0, NULL, 0 } };
	struct msg_dir_key m = { .req = 1, .op = MSG_DIR_PUT };
	struct buf line, blob;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		if (o != 'e' || !ctl_parse_expiry(optarg, &m.expires_us))
			return o == 'e' ? directory_expiry_bad(c, optarg) : CTL_USAGE;
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

int
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
