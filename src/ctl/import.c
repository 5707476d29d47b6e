/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress import: the plan, and what --apply does with it.  The whole file is read, and the gate asked of every host that
 * would be added, before the first one is; so a mistake anywhere means that nothing was done.  A host that is there already
 * is left as it is.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/directory.h"
#include "ctl/import.h"

enum { FILE_MAX = 64 << 20 };

struct options {
	const char *known_hosts;
	struct buf logins, labels;           /* for hosts that say none; for all hosts */
	bool apply, trust_first;
};

/* ---- against what is there ---- */

struct index { struct import_host **p; size_t n; };

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct import_host *const *)a)->name, (*(struct import_host *const *)b)->name);
}

static int
name_against(const void *key, const void *b)
{
	return strcmp(key, (*(struct import_host *const *)b)->name);
}

static bool
index_make(const struct import *im, struct index *ix)
{
	ix->p = calloc(im->n + 1, sizeof(struct import_host *));
	for (struct import_host *h = im->first; ix->p != NULL && h != NULL; h = h->next)
		ix->p[ix->n++] = h;
	if (ix->p != NULL)
		qsort(ix->p, ix->n, sizeof(struct import_host *), by_name);
	return ix->p != NULL;
}

static bool
compare_one(void *arg, unsigned type, const void *message)
{
	const struct index *ix = arg;
	const struct msg_dir_host *m = message;
	struct import_host **found;
	char name[65];

	if (type != MSG_DIR_HOST || slice_copy(m->name, name, sizeof(name)) != 0)
		return type == MSG_DIR_END;
	found = bsearch(name, ix->p, ix->n, sizeof(struct import_host *), name_against);
	if (found != NULL && (*found)->fate == IMPORT_ADD) {
		bool same = slice_is(m->addr, (*found)->addr) && m->port == (*found)->port;

		(*found)->fate = same ? IMPORT_SAME : IMPORT_DIFFERS;
		if (!same)
			(void)import_note(*found, "there is one at %.*s:%u; fortress host set changes it", (int)m->addr.n,
			    (const char *)m->addr.p, m->port);
	}
	return false;
}

static int
compare(struct ctl *c, const struct import *im)
{
	struct index ix = { 0 };
	int r = index_make(im, &ix) ? directory_load(c, compare_one, &ix) : err_set(&c->e, -ENOMEM, "out of memory");

	free(ix.p);
	return r;
}

/* ---- to the gate ---- */

struct sending { const struct options *o; struct import_host *at; uint32_t op, number; };

/* The next host that is to be added; req: its place in the file. */
static bool
row_next(void *arg, struct msg_dir_host *row)
{
	struct sending *s = arg;
	const struct import_host *h;

	for (; s->at != NULL && s->at->fate != IMPORT_ADD; s->number++)
		s->at = s->at->next;
	if (s->at == NULL)
		return false;
	h = s->at;
	*row = (struct msg_dir_host){ .req = ++s->number, .op = s->op, .name = slice_from(h->name), .addr = slice_from(h->addr),
	    .port = h->port, .target_kind = MSG_TARGET_SSHD, .trust_first = s->o->trust_first && h->pins.len == 0,
	    .labels = buf_slice(&h->labels), .logins = buf_slice(&h->logins), .pins = buf_slice(&h->pins),
	    .aliases = buf_slice(&h->aliases) };
	s->at = h->next;
	return true;
}

static int
send_all(struct ctl *c, const struct import *im, const struct options *o, uint32_t op, size_t *done)
{
	struct sending s = { .o = o, .at = im->first, .op = op };
	const struct import_host *h = im->first;
	uint32_t refused = 0;
	int r = ask_hosts(c, row_next, &s, done, &refused);

	for (uint32_t i = 1; h != NULL && i < refused; i++)
		h = h->next;
	return r == 0 || refused == 0 || h == NULL ? r : err_prefix(&c->e, "%s:%u:%u", im->file, h->line, h->col);
}

/* ---- the plan ---- */

static const struct out_column plan_columns[] = {
	{ "action", OUT_STRING, 0 }, { "name", OUT_STRING, 0 }, { "address", OUT_STRING, 0 }, { "port", OUT_NUMBER, 0 },
	{ "logins", OUT_LIST, 0 }, { "labels", OUT_STRING, 0 }, { "aliases", OUT_LIST, 1 }, { "host_keys", OUT_LIST, 1 },
	{ "line", OUT_NUMBER, 1 }, { "note", OUT_STRING, 0 }, { NULL, 0, 0 },
};

static int
plan_print(struct ctl *c, const struct import *im, size_t counts[4])
{
	static const char *const words[] = { [IMPORT_ADD] = "add", [IMPORT_SAME] = "same", [IMPORT_DIFFERS] = "differs", [IMPORT_SKIP] = "skip" };
	struct out *o = ctl_out(c, plan_columns, false);

	for (const struct import_host *h = im->first; h != NULL; h = h->next) {
		counts[h->fate]++;
		out_cstr(o, words[h->fate]);
		out_cstr(o, h->name);
		out_cstr(o, h->addr);
		out_number(o, h->port);
		out_text(o, buf_slice(&h->logins));
		out_text(o, buf_slice(&h->labels));
		out_text(o, buf_slice(&h->aliases));
		out_text(o, buf_slice(&h->pins));
		out_number(o, h->line);
		out_text(o, buf_slice(&h->note));
	}
	return out_end(o);
}

/* A host whose key nobody knows is not let in quietly. */
static int
keys_check(struct import *im, const struct options *o)
{
	for (struct import_host *h = im->first; h != NULL; h = h->next) {
		if (h->fate != IMPORT_ADD || h->pins.len > 0 || o->trust_first)
			continue;
		if (o->apply)
			return import_fail(im, h->line, h->col, "%s has no host key: name a file that has it with --known-hosts, or accept "
			    "the first one that each host shows with --trust-first-key", h->name);
		(void)import_note(h, "no host key (--known-hosts, or --trust-first-key)");
	}
	return 0;
}

static int
apply(struct ctl *c, struct import *im, const struct options *o, size_t wanted)
{
	size_t done = 0;
	int r = send_all(c, im, o, MSG_DIR_PUT, &done);

	return r == 0 ? 0 : err_prefix(&c->e, "%zu of %zu hosts were added (run it again to go on), then", done, wanted);
}

static int
finish(struct ctl *c, struct import *im, const struct options *o)
{
	size_t counts[4] = { 0 };
	int r;

	if (im->notes.len > 0)
		fputs(buf_cstr(&im->notes), stderr);
	r = plan_print(c, im, counts);
	if (r == 0 && o->apply)
		r = apply(c, im, o, counts[IMPORT_ADD]);
	if (r != 0)
		return r;
	fprintf(stderr, "%zu %s, %zu there already, %zu there with another address, %zu skipped%s\n", counts[IMPORT_ADD],
	    o->apply ? "added" : "to add", counts[IMPORT_SAME], counts[IMPORT_DIFFERS], counts[IMPORT_SKIP],
	    o->apply || counts[IMPORT_ADD] == 0 ? "" : "; nothing was changed: --apply adds them");
	return 0;
}

/* ---- the command ---- */

static int
defaults_take(struct import *im, const struct options *o)
{
	struct slice label, rest;
	int r = 0;

	for (struct import_host *h = im->first; r == 0 && h != NULL; h = h->next) {
		if (h->logins.len == 0)
			r = buf_slice_append(&h->logins, buf_slice(&o->logins));
		for (rest = buf_slice(&o->labels); r == 0 && import_line(&rest, &label);) {
			const unsigned char *eq = memchr(label.p, '=', label.n);
			char key[65];

			r = slice_copy(slice_of(label.p, (size_t)(eq - label.p)), key, sizeof(key));
			if (r == 0)
				r = import_label_add(h, key, slice_of(eq + 1, label.n - (size_t)(eq + 1 - label.p)));
		}
	}
	return r == 0 ? 0 : err_set(im->e, r, "a host's logins or labels are too long");
}

static int
import_all(struct ctl *c, struct import *im, struct slice text, int (*read)(struct import *, struct slice), const struct options *o)
{
	size_t good = 0;
	int r = import_check_text(im, &text);

	if (r == 0)
		r = read(im, text);
	if (r == 0)
		r = import_check_names(im);
	if (r == 0)
		r = defaults_take(im, o);
	if (r == 0 && o->known_hosts != NULL)
		r = import_known_hosts(im, o->known_hosts);
	if (r == 0)
		r = compare(c, im);
	if (r == 0)
		r = keys_check(im, o);
	if (r == 0)
		r = send_all(c, im, o, MSG_DIR_CHECK, &good);
	return r == 0 ? finish(c, im, o) : r;
}

enum { OPT_APPLY = 1, OPT_TRUST, OPT_KNOWN, OPT_LOGIN, OPT_LABEL };

static const struct option longs[] = {
	{ "apply", no_argument, NULL, OPT_APPLY }, { "trust-first-key", no_argument, NULL, OPT_TRUST },
	{ "known-hosts", required_argument, NULL, OPT_KNOWN }, { "login", required_argument, NULL, OPT_LOGIN },
	{ "label", required_argument, NULL, OPT_LABEL }, { NULL, 0, NULL, 0 },
};

static int
option_take(struct ctl *c, struct options *o, int opt)
{
	const char *eq;

	switch (opt) {
	case OPT_APPLY: o->apply = true; return 0;
	case OPT_TRUST: o->trust_first = true; return 0;
	case OPT_KNOWN: o->known_hosts = optarg; return 0;
	case OPT_LOGIN:
		return import_list_add(&o->logins, slice_from(optarg)) == 0 ? CTL_OK : ctl_fail(c, "out of memory");
	case OPT_LABEL:
		eq = strchr(optarg, '=');
		if (eq == NULL || !text_is_name(slice_of(optarg, (size_t)(eq - optarg))) || strchr(optarg, '\n') != NULL)
			return ctl_bad(c, "--label %s: a label is KEY=VALUE", optarg);
		return buf_printf(&o->labels, "%s\n", optarg) == 0 ? CTL_OK : ctl_fail(c, "out of memory");
	default:
		return CTL_USAGE;
	}
}

static int
import_run(struct ctl *c, int argc, char **argv, int (*read)(struct import *, struct slice))
{
	struct options o = { 0 };
	struct import im;
	struct buf text;
	int opt, r = CTL_OK;

	buf_init(&o.logins, 4096);
	buf_init(&o.labels, 4096);
	buf_init(&text, FILE_MAX);
	optind = 0;
	while (r == CTL_OK && (opt = ctl_option(c, argc, argv, ":", longs)) != -1)
		r = option_take(c, &o, opt);
	if (r == CTL_OK)
		r = ctl_words(c, argc, argv, 1, 1);
	if (r != CTL_OK)
		goto out;
	import_init(&im, argv[optind], &c->e);
	r = fd_read_file(strcmp(im.file, "-") == 0 ? "/dev/stdin" : im.file, FILE_MAX, &text, &c->e);
	if (r == 0)
		r = import_all(c, &im, buf_slice(&text), read, &o);
	r = r == 0 ? CTL_OK : CTL_FAILED;
	import_done(&im);
out:
	buf_done(&o.logins);
	buf_done(&o.labels);
	buf_done(&text);
	return r;
}

static int
ssh_config(struct ctl *c, int argc, char **argv)
{
	return import_run(c, argc, argv, import_ssh_config);
}

static int
ansible(struct ctl *c, int argc, char **argv)
{
	return import_run(c, argc, argv, import_ansible);
}

static int
jumpserver(struct ctl *c, int argc, char **argv)
{
	return import_run(c, argc, argv, import_jumpserver);
}

#define ARGS "FILE|- [--apply] [--known-hosts FILE | --trust-first-key]\n[--login L]... [--label K=V]..."

const struct command commands_import[] = {
	{ "import", "ssh-config", ARGS, "hosts out of an ssh_config: shows what it would add, --apply adds it", ssh_config },
	{ "import", "ansible", ARGS, "hosts out of an inventory of Ansible (INI); their groups become labels group=NAME", ansible },
	{ "import", "jumpserver-csv", ARGS, "hosts out of the assets that JumpServer exports; their nodes become labels", jumpserver },
	{ NULL, NULL, NULL, NULL, NULL },
};
