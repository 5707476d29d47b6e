/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Hosts: list, add, set, del; and what a user may reach. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/fd.h"
#include "base/pubkey.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/directory.h"
#include "ctl/hosts.h"
#include "ctl/pairs.h"

static const struct out_column host_columns[] = {
	{ "name", OUT_STRING, 0 }, { "address", OUT_STRING, 0 }, { "port", OUT_NUMBER, 0 }, { "kind", OUT_STRING, 0 },
	{ "logins", OUT_LIST, 0 }, { "labels", OUT_WORDS, 0 }, { "aliases", OUT_LIST, 1 }, { "host_keys", OUT_LIST, 1 },
	{ "trust_first_key", OUT_BOOL, 1 }, { NULL, 0, 0 },
};

static bool
host_row(void *arg, unsigned type, const void *message)
{
	const struct msg_dir_host *m = message;

	if (type == MSG_DIR_HOST) {
		out_text(arg, m->name);
		out_text(arg, m->addr);
		out_number(arg, m->port);
		out_cstr(arg, m->target_kind == MSG_TARGET_AGENT ? "agent" : "sshd");
		out_text(arg, m->logins);
		out_text(arg, m->labels);
		out_text(arg, m->aliases);
		out_text(arg, m->pins);
		out_bool(arg, m->trust_first != 0);
	}
	return type == MSG_DIR_END;
}

int
host_list(struct ctl *c, int argc, char **argv)
{
	struct out *o;
	int r;

	if (ctl_plain(c, argc, argv, 0, 0) != CTL_OK)
		return CTL_USAGE;
	o = ctl_out(c, host_columns, false);
	r = directory_load(c, host_row, o);
	return out_end(o) == 0 && r == 0 ? CTL_OK : CTL_FAILED;
}

/* --- keys --- */

const char *
hosts_fingerprint(struct slice blob, char out[64])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buf b;

	SHA256(blob.p, blob.n, hash);
	buf_init(&b, 64);
	(void)text_base64(&b, slice_of(hash, sizeof(hash)));
	while (b.len > 0 && b.p[b.len - 1] == '=')
		b.len--;
	snprintf(out, 64, "SHA256:%s", buf_cstr(&b));
	buf_done(&b);
	return out;
}

/* --- add and set --- */

struct host_edit {
	const char *name, *addr;
	uint64_t port;
	bool have_port, have_logins, have_aliases, agent, sshd, trust_first, given, found;
	struct buf logins, aliases;                      /* as given, if they are */
	struct buf labels, pins;                         /* as given; empty: as it was */
	struct msg_dir_host old;
	struct buf kept;                                 /* bytes that old's slices point into */
	uint64_t state;
	bool is_new;
	char **words;                                    /* of label */
};

enum { OPT_PORT = 1, OPT_AGENT, OPT_SSHD, OPT_LOGIN, OPT_LABEL, OPT_HOSTKEY, OPT_TRUST, OPT_ALIAS, OPT_ADDR };

static const struct option host_options[] = {
	{ "port", required_argument, NULL, OPT_PORT }, { "agent", no_argument, NULL, OPT_AGENT },
	{ "sshd", no_argument, NULL, OPT_SSHD }, { "login", required_argument, NULL, OPT_LOGIN },
	{ "label", required_argument, NULL, OPT_LABEL }, { "hostkey", required_argument, NULL, OPT_HOSTKEY },
	{ "trust-first-key", no_argument, NULL, OPT_TRUST }, { "alias", required_argument, NULL, OPT_ALIAS },
	{ "addr", required_argument, NULL, OPT_ADDR }, { NULL, 0, NULL, 0 },
};

static void
edit_init(struct host_edit *h)
{
	*h = (struct host_edit){ 0 };
	buf_init(&h->logins, 16384);
	buf_init(&h->labels, 16384);
	buf_init(&h->pins, 16384);
	buf_init(&h->aliases, 16384);
	buf_init(&h->kept, 65536);
}

static void
edit_done(struct host_edit *h)
{
	buf_done(&h->logins);
	buf_done(&h->labels);
	buf_done(&h->pins);
	buf_done(&h->aliases);
	buf_done(&h->kept);
}

/* A .pub file, or the key itself; kept as "ALG BASE64". */
static int
hostkey_add(struct ctl *c, struct host_edit *h, const char *text)
{
	struct slice alg, comment;
	struct buf line, blob;
	int r;

	buf_init(&line, 65536);
	buf_init(&blob, 65536);
	r = strchr(text, ' ') != NULL ? buf_text(&line, text) : fd_read_file(text, 65536, &line, &c->e);
	if (r == 0)
		r = pubkey_parse(buf_slice(&line), &alg, &blob, &comment, &c->e);
	if (r == 0)
		r = buf_printf(&h->pins, "%s%.*s ", h->pins.len > 0 ? "\n" : "", (int)alg.n, (const char *)alg.p);
	if (r == 0)
		r = text_base64(&h->pins, buf_slice(&blob));
	buf_done(&line);
	buf_done(&blob);
	return r;
}

static int
list_add(struct buf *b, const char *text, const char *between)
{
	return buf_printf(b, "%s%s", b->len > 0 ? between : "", text);
}

/* An empty one among them is none. */
static int
name_add(struct ctl *c, struct buf *b, bool *given, const char *what, const char *text)
{
	*given = true;
	return text[0] == '\0' || list_add(b, text, ",") == 0 ? CTL_OK : ctl_bad(c, "too many %s", what);
}

static int
label_add(struct ctl *c, struct host_edit *h, const char *text)
{
	if (!pairs_is_good(text))
		return ctl_bad(c, "--label %s: a label is key=value without spaces, commas or quotes", text);
	return list_add(&h->labels, text, " ") == 0 ? CTL_OK : ctl_bad(c, "too many labels");
}

static int
edit_option(struct ctl *c, struct host_edit *h, int o)
{
	switch (o) {
	case OPT_PORT:
		h->have_port = true;
		return text_u64(slice_from(optarg), 65535, &h->port) && h->port > 0 ? CTL_OK :
		    ctl_bad(c, "--port %s: a port is 1 to 65535", optarg);
	case OPT_AGENT:   h->agent = true; return CTL_OK;
	case OPT_SSHD:    h->sshd = true; return CTL_OK;
	case OPT_TRUST:   h->trust_first = true; return CTL_OK;
	case OPT_ADDR:    h->addr = optarg; return CTL_OK;
	case OPT_LOGIN:   return name_add(c, &h->logins, &h->have_logins, "logins", optarg);
	case OPT_ALIAS:   return name_add(c, &h->aliases, &h->have_aliases, "aliases", optarg);
	case OPT_LABEL:   return label_add(c, h, optarg);
	case OPT_HOSTKEY: return hostkey_add(c, h, optarg) == 0 ? CTL_OK : ctl_bad(c, "--hostkey: %s", c->e.text);
	default:          return CTL_USAGE;
	}
}

/* Options into h; words of them are left, from optind on.  CTL_* */
static int
edit_parse(struct ctl *c, struct host_edit *h, int argc, char **argv, int words)
{
	int o, r = CTL_OK;

	optind = 0;
	while (r == CTL_OK && (o = ctl_option(c, argc, argv, ":", host_options)) != -1) {
		r = edit_option(c, h, o);
		h->given = true;
	}
	if (r == CTL_OK && h->agent && h->sshd)
		r = ctl_usage(c, "--agent and --sshd: only one of them");
	return r == CTL_OK ? ctl_words(c, argc, argv, words, words) : r;
}

static bool
old_keep(struct host_edit *h, struct slice *s)
{
	size_t at = h->kept.len;
	bool good = buf_slice_append(&h->kept, *s) == 0;

	*s = slice_of(h->kept.p + at, s->n);
	return good;
}

static bool
old_seen(void *arg, unsigned type, const void *message)
{
	struct host_edit *h = arg;
	const struct msg_dir_host *m = message;

	if (type == MSG_DIR_HOST && slice_is(m->name, h->name)) {
		h->old = *m;
		h->found = buf_reserve(&h->kept, m->addr.n + m->labels.n + m->logins.n + m->pins.n + m->aliases.n + 1) != NULL &&
		    old_keep(h, &h->old.addr) && old_keep(h, &h->old.labels) && old_keep(h, &h->old.logins) &&
		    old_keep(h, &h->old.pins) && old_keep(h, &h->old.aliases);
	}
	if (type == MSG_DIR_END)
		h->state = ((const struct msg_dir_end *)message)->state;
	return type == MSG_DIR_END;
}

static int
old_load(struct ctl *c, struct host_edit *h)
{
	int r;

	buf_clear(&h->kept);
	h->old = (struct msg_dir_host){ 0 };
	h->found = false;
	r = directory_load(c, old_seen, h);
	return r == 0 ? directory_state(c, h->state) : r;
}

static struct slice
choose(const struct buf *given, struct slice old)
{
	return given->len > 0 ? buf_slice(given) : old;
}

static int
edit_put(struct ctl *c, const struct host_edit *h)
{
	const struct msg_dir_host *old = &h->old;
	struct msg_dir_host m = { .req = 1, .op = MSG_DIR_PUT, .name = slice_from(h->name),
	    .addr = h->addr != NULL ? slice_from(h->addr) : old->addr,
	    .labels = choose(&h->labels, old->labels), .logins = h->have_logins ? buf_slice(&h->logins) : old->logins,
	    .pins = choose(&h->pins, old->pins), .aliases = h->have_aliases ? buf_slice(&h->aliases) : old->aliases, .state = h->state };

	m.target_kind = h->agent ? MSG_TARGET_AGENT : h->sshd || !h->found ? MSG_TARGET_SSHD : old->target_kind;
	m.port = h->have_port ? (uint32_t)h->port : h->found ? old->port : 22;
	if (h->addr != NULL && strncmp(h->addr, "unix:", 5) == 0)
		m.port = 0;
	m.trust_first = h->trust_first || (h->found && old->trust_first);
	if (m.pins.n == 0 && m.trust_first == 0)
		return err_set(&c->e, -EINVAL, "%s: name its host key with --hostkey, or accept the first one that it shows with "
		    "--trust-first-key", h->name);
	return ask_put(c, MSG_DIR_HOST, &m);
}

/* The row as it is, then as it shall be. */
static int
edit_once(struct ctl *c, void *arg)
{
	struct host_edit *h = arg;
	int r = old_load(c, h);

	if (r == 0 && h->found == h->is_new)
		r = h->is_new ? err_set(&c->e, -EEXIST, "host %s is there already: fortress host set changes it", h->name) :
		    err_set(&c->e, -ENOENT, "there is no host %s", h->name);
	r = r == 0 ? edit_put(c, h) : CTL_FAILED;
	return r < 0 ? CTL_FAILED : r;
}

static int
edit_run(struct ctl *c, struct host_edit *h, bool is_new)
{
	int r;

	h->is_new = is_new;
	r = directory_change(c, edit_once, h);
	if (r == CTL_OK && (is_new || h->have_logins) && h->logins.len == 0)
		ctl_note(c, "%s has no login: people come to it by their own names, as far as the policy says so; --login names others",
		    h->name);
	if (r == CTL_OK && h->trust_first && h->pins.len == 0 && h->old.pins.n > 0)
		ctl_note(c, "%s has a pinned key, which stays: --hostkey FILE puts another in its place", h->name);
	return r;
}

int
host_add(struct ctl *c, int argc, char **argv)
{
	struct host_edit h;
	int r;

	edit_init(&h);
	r = edit_parse(c, &h, argc, argv, 2);
	if (r == CTL_OK && h.addr != NULL)
		r = ctl_usage(c, "--addr: the address stands behind the name");
	if (r == CTL_OK) {
		h.name = argv[optind];
		h.addr = argv[optind + 1];
		r = edit_run(c, &h, true);
	}
	edit_done(&h);
	return r;
}

int
host_set(struct ctl *c, int argc, char **argv)
{
	struct host_edit h;
	int r;

	edit_init(&h);
	r = edit_parse(c, &h, argc, argv, 1);
	if (r == CTL_OK && !h.given)
		r = ctl_usage(c, "nothing to change");
	if (r == CTL_OK) {
		h.name = argv[optind];
		r = edit_run(c, &h, false);
	}
	edit_done(&h);
	return r;
}

/* The row as it is, with other labels; it cannot be left without any, as the options of set can. */
static int
label_once(struct ctl *c, void *arg)
{
	struct host_edit *h = arg;
	int r = old_load(c, h);
	char *old;

	buf_clear(&h->labels);
	if (r == 0 && !h->found)
		r = err_set(&c->e, -ENOENT, "there is no host %s", h->name);
	old = r == 0 ? slice_dup(h->old.labels) : NULL;
	if (old == NULL)
		return r == 0 ? ctl_fail(c, "out of memory") : CTL_FAILED;
	r = pairs_edit(c, old, h->words, &h->labels);
	h->old.labels = slice_from("");
	free(old);
	if (r == CTL_OK)
		r = edit_put(c, h);
	return r < 0 ? CTL_FAILED : r;
}

int
host_label(struct ctl *c, int argc, char **argv)
{
	struct host_edit h;
	int r;

	if (ctl_plain(c, argc, argv, 2, INT_MAX) != CTL_OK)
		return CTL_USAGE;
	edit_init(&h);
	h.name = argv[optind];
	h.words = argv + optind + 1;
	r = directory_change(c, label_once, &h);
	edit_done(&h);
	return r;
}

int
host_del(struct ctl *c, int argc, char **argv)
{
	struct msg_dir_host m = { .req = 1, .op = MSG_DIR_DELETE };

	if (ctl_plain(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	m.name = slice_from(argv[optind]);
	return ask_put(c, MSG_DIR_HOST, &m);
}

/* --- what may be reached --- */

static const struct out_column reach_columns[] = {
	{ "name", OUT_STRING, 0 }, { "address", OUT_STRING, 0 }, { "logins", OUT_LIST, 0 }, { "labels", OUT_WORDS, 0 },
	{ "allowed", OUT_BOOL, 0 }, { "why", OUT_STRING, 0 }, { NULL, 0, 0 },
};

/* All that there are, when it is nobody's question. */
static const struct out_column there_columns[] = {
	{ "name", OUT_STRING, 0 }, { "address", OUT_STRING, 0 }, { "logins", OUT_LIST, 0 }, { "labels", OUT_WORDS, 0 }, { NULL, 0, 0 },
};

struct reach { struct ctl *ctl; struct out *out; const char *user; bool nobody; };

static bool
reach_rows(void *arg, unsigned type, const void *message)
{
	struct reach *x = arg;
	const struct msg_host_rows *m = message;
	struct slice rest = m->rows;
	struct msg_host_row row;

	if (type != MSG_HOST_ROWS)
		return false;
	x->nobody = m->nobody != 0;
	if (x->nobody)
		return true;
	if (x->out == NULL)
		x->out = ctl_out(x->ctl, x->user != NULL ? reach_columns : there_columns, false);
	while (msg_host_row_take(&rest, &row) == 1) {
		out_text(x->out, row.name);
		out_text(x->out, row.addr);
		out_text(x->out, row.logins);
		out_text(x->out, row.labels);
		if (x->user == NULL)
			continue;
		out_bool(x->out, row.allowed != 0);
		out_text(x->out, row.brief);
	}
	return m->more == 0;
}

static int
reach_parse(struct ctl *c, int argc, char **argv, struct msg_hosts_ask *m)
{
	static const struct option longs[] = { { "user", required_argument, NULL, 'u' }, { "allowed", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 } };
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) == 'u' || o == 'a') {
		if (o == 'u')
			m->user = slice_from(optarg);
		else
			m->which = MSG_HOSTS_ALLOWED;
	}
	if (o == -1 && m->which == MSG_HOSTS_ALLOWED && m->user.n == 0)
		return ctl_usage(c, "--allowed: to whom?  --user names one");
	return o == -1 ? ctl_words(c, argc, argv, 0, 0) : CTL_USAGE;
}

int
hosts_reach(struct ctl *c, int argc, char **argv)
{
	struct msg_hosts_ask m = { .which = MSG_HOSTS_ALL };
	struct reach reach = { .ctl = c };
	int r;

	if (reach_parse(c, argc, argv, &m) != CTL_OK)
		return CTL_USAGE;
	reach.user = (const char *)m.user.p;
	r = ask_once(c, MSG_HOSTS_ASK, &m, reach_rows, &reach);
	if (r == 0 && reach.nobody)
		r = err_set(&c->e, -ENOENT, "there is no user %s", reach.user);
	return (reach.out == NULL || out_end(reach.out) == 0) && r == 0 ? CTL_OK : CTL_FAILED;
}
