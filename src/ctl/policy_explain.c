/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress policy explain: asks the running bastion; when there is none, or what is asked about is not the bastion's own, it
 * reads the files and the database itself, by the same evaluator.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/net.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/directory.h"
#include "ctl/policy.h"
#include "db/directory.h"
#include "msg/msg.h"
#include "policy/facts.h"

enum { ARGV_MAX = 256 };

static const struct out_column answer_columns[] = {
	{ "permit", OUT_BOOL, 1 }, { "why", OUT_STRING, 0 }, { NULL, 0, 0 },
};

static int
answer(struct ctl *c, bool permit, struct slice text)
{
	struct out *o;

	if (c->format == OUT_TEXT) {
		printf("%.*s\n", (int)text.n, (const char *)text.p);
	} else {
		o = ctl_out(c, answer_columns, true);
		out_bool(o, permit);
		out_text(o, text);
		if (out_end(o) != 0)
			return CTL_FAILED;
	}
	return permit ? CTL_OK : CTL_FAILED;
}

struct explained { struct ctl *c; int r; };

static bool
explained_seen(void *arg, unsigned type, const void *message)
{
	struct explained *x = arg;
	const struct msg_explained *m = message;

	if (type == MSG_EXPLAINED)
		x->r = answer(x->c, m->permit != 0, m->text);
	return type == MSG_EXPLAINED;
}

static int
explain_by_gate(struct ctl *c, struct ask *a, const struct question *q)
{
	struct msg_explain m = { .req = 1, .user = slice_from(q->user), .verb = slice_from(q->verb),
	    .host = slice_from(q->host), .login = slice_from(q->login), .src = slice_from(q->src), .at_us = (uint64_t)q->at_us };
	struct explained x = { .c = c, .r = CTL_FAILED };
	struct buf words;
	int r = 0;

	buf_init(&words, 65536);
	for (int i = 0; i < q->argc && r == 0; i++)
		r = buf_append(&words, q->argv[i], strlen(q->argv[i]) + 1);
	m.argv = buf_slice(&words);
	r = r == 0 ? ask_wait(a, MSG_EXPLAIN, &m, explained_seen, &x) : err_set(&c->e, r, "the command is too long");
	buf_done(&words);
	return r == 0 ? x.r : CTL_FAILED;
}

/* The rows of one user and one host, out of the database. */
struct rows { const struct question *q; char groups[16384], attrs[4100], labels[4100], logins[16400]; bool user, host, agent, refused; };

static int
user_seen(void *arg, const struct db_user *u)
{
	struct rows *x = arg;

	if (strcmp(u->name, x->q->user) == 0) {
		x->user = true;
		x->refused = u->disabled || (u->expires_us != 0 && u->expires_us <= clock_wall().us);
		snprintf(x->groups, sizeof(x->groups), "%s", u->groups);
		snprintf(x->attrs, sizeof(x->attrs), "%s", u->attrs);
	}
	return 0;
}

static int
host_seen(void *arg, const struct db_host *h)
{
	struct rows *x = arg;

	if (strcmp(h->name, x->q->host) == 0) {
		x->host = true;
		x->agent = h->target_kind == MSG_TARGET_AGENT;
		snprintf(x->labels, sizeof(x->labels), "%s", h->labels);
		snprintf(x->logins, sizeof(x->logins), "%s", h->logins);
	}
	return 0;
}

static int
rows_load(struct ctl *c, struct rows *x)
{
	struct db *db = ctl_db(c);
	int r;

	if (db == NULL)
		return -ENOENT;
	r = db_user_list(db, user_seen, x, &c->e);
	if (r == 0)
		r = db_host_list(db, host_seen, x, &c->e);
	db_close(db);
	if (r == 0 && (!x->user || !x->host))
		r = err_set(&c->e, -ENOENT, "there is no %s %s", x->user ? "host" : "user", x->user ? x->q->host : x->q->user);
	return r;
}

/* argv as the one string that a plain sshd gets. */
static int
command_join(const struct question *q, struct buf *out)
{
	int r = 0;

	for (int i = 0; i < q->argc && r == 0; i++) {
		r = i > 0 ? buf_text(out, " ") : 0;
		if (r == 0)
			r = text_shell(out, slice_from(q->argv[i]));
	}
	return r;
}

/* What a request points to. */
struct pieces {
	struct policy_facts facts, certs;
	struct policy_label params[QUESTION_PARAMS];
	struct slice argv[ARGV_MAX];
	struct buf command;
};

static int
command_set(const struct question *q, struct pieces *s, struct policy_request *req)
{
	int r = 0;

	for (int i = 0; q->exact && i < q->argc && i < ARGV_MAX; i++)
		s->argv[i] = slice_from(q->argv[i]);
	if (q->exact) {
		req->argv = s->argv;
		req->argv_n = (size_t)q->argc;
		return q->argc <= ARGV_MAX ? 0 : -E2BIG;
	}
	r = q->raw != NULL ? buf_text(&s->command, q->raw) : command_join(q, &s->command);
	req->command = buf_slice(&s->command);
	return r;
}

static int
request_set(const struct question *q, const char *logins, struct pieces *s, struct policy_request *req)
{
	size_t first = strcspn(logins, ",");

	*req = (struct policy_request){ .who = { .name = slice_from(q->user) }, .verb = slice_from(q->verb), .host = slice_from(q->host),
	    .src = slice_from(q->src), .to = slice_from(q->to), .listen = slice_from(q->listen), .path = slice_from(q->path),
	    .plugin = slice_from(q->plugin), .sha256 = slice_from(q->sha256), .agent = q->agent || q->exact,
	    .params = s->params, .params_n = (size_t)q->params_n,
	    .now = { q->at_us != 0 ? q->at_us : clock_wall().us } };
	req->login = q->login != NULL ? slice_from(q->login) : first > 0 ? slice_of(logins, first) : slice_from(q->user);
	if (!policy_facts_set(&s->facts, slice_from(q->groups), slice_from(q->attrs), req->host, slice_from(q->labels)) ||
	    !policy_facts_set(&s->certs, slice_from(q->certs), slice_from(""), slice_from(""), slice_from("")))
		return -E2BIG;
	policy_facts_use(&s->facts, req);
	req->who.principals = s->certs.groups;         /* split in the same way */
	req->who.principals_n = s->certs.groups_n;
	for (int i = 0; i < q->params_n; i++) {
		size_t key = strcspn(q->params[i], "=");

		s->params[i] = (struct policy_label){ slice_of(q->params[i], key),
			slice_from(q->params[i] + key + (q->params[i][key] == '=')) };
	}
	return command_set(q, s, req);
}

int
question_ask(const struct policy *p, const struct question *q, const char *logins, struct buf *out, struct policy_decision *d)
{
	struct policy_request req;
	struct pieces *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return -ENOMEM;
	buf_init(&s->command, 65536);
	r = request_set(q, logins, s, &req);
	if (r == 0)
		r = policy_tell(p, &req, d, out, NULL);
	buf_done(&s->command);
	free(s);
	return r;
}

static int
explain_by_files(struct ctl *c, const struct question *q)
{
	struct rows *x = calloc(1, sizeof(*x));
	struct question known = *q;
	struct policy_decision d = { 0 };
	struct policy *p;
	struct buf text;
	int r;

	if (x == NULL)
		return ctl_fail(c, "out of memory");
	x->q = q;
	if (q->groups == NULL && q->labels == NULL && q->certs == NULL && q->attrs == NULL) {
		if (rows_load(c, x) != 0) {
			free(x);
			return CTL_FAILED;
		}
		known.groups = x->groups;
		known.labels = x->labels;
		known.attrs = x->attrs;
		known.agent = x->agent;
	}
	p = ctl_policy_load(c, q->file, q->whole);
	buf_init(&text, 16384);
	r = p != NULL ? question_ask(p, &known, x->logins, &text, &d) : c->e.code;
	if (p != NULL && r != 0)
		(void)err_set(&c->e, r, "this cannot be asked: %s",
		    r == -E2BIG ? "at most 256 words, 63 labels, 64 groups, attributes or principals" : strerror(-r));
	r = r == 0 ? answer(c, d.permit && !x->refused, x->refused ? slice_from("DENY: this user is locked or has expired") : buf_slice(&text)) :
	    CTL_FAILED;
	buf_done(&text);
	policy_free(p);
	free(x);
	return r;
}

static int
verb_unknown(struct ctl *c, const char *verb)
{
	size_t n = 0;
	const char *near;

	while (policy_verbs[n] != NULL)
		n++;
	near = text_nearest(verb, policy_verbs, n);
	return near != NULL ? ctl_bad(c, "%s: no such verb; did you mean %s?", verb, near) :
	    ctl_bad(c, "%s: no such verb: policy(5) lists them", verb);
}

/* USER VERB HOST [as LOGIN] [-- WORD...] */
static int
question_parse(struct ctl *c, struct question *q, int argc, char **argv)
{
	int i = 3;

	if (ctl_words(c, argc, argv, 3, INT_MAX) != CTL_OK)
		return CTL_USAGE;
	argc -= optind;
	argv += optind;
	q->user = argv[0];
	q->verb = argv[1];
	q->host = argv[2];
	if (i + 1 < argc && strcmp(argv[i], "as") == 0) {
		q->login = argv[i + 1];
		i += 2;
	}
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	else if (i < argc)
		return ctl_usage(c, "%s: not understood here; a command stands behind --", argv[i]);
	q->argv = argv + i;
	q->argc = argc - i;
	return policy_verb_is_known(slice_from(q->verb)) ? CTL_OK : verb_unknown(c, q->verb);
}

/* The texts among the options. */
static const char **
question_text(struct question *q, int o)
{
	switch (o) {
	case 'F': return &q->file;
	case 'g': return &q->groups;
	case 'l': return &q->labels;
	case 'c': return &q->certs;
	case 'A': return &q->attrs;
	case 't': return &q->to;
	case 'L': return &q->listen;
	case 'p': return &q->path;
	case 'P': return &q->plugin;
	case 'S': return &q->sha256;
	case 'm': return q->params_n < QUESTION_PARAMS ? &q->params[q->params_n++] : NULL;
	default:  return NULL;
	}
}

static int
question_option(const struct ctl *c, struct question *q, int o)
{
	const char **text = question_text(q, o);
	struct net_addr from;

	if (text != NULL) {
		*text = optarg;
	} else if (o == 'w') {
		q->whole = true;
	} else if (o == 'G') {
		q->agent = true;
	} else if (o == 'x') {
		q->exact = true;
	} else if (o == 'f') {
		if (net_parse(slice_from(optarg), &from) != 0)
			return ctl_bad(c, "--from %s: not an IP address", optarg);
		q->src = optarg;
	} else if (o == 'a') {
		if (!ctl_parse_time(optarg, &q->at_us))
			return ctl_bad(c, "--at %s: " CTL_TIMES, optarg);
	} else {
		return o == 'm' ? ctl_bad(c, "--param: %d at most", QUESTION_PARAMS) : CTL_USAGE;
	}
	return CTL_OK;
}

/* The running bastion is asked about its own users and hosts, and what its doors ask. */
static bool
question_is_for_gate(const struct question *q)
{
	return q->file == NULL && q->groups == NULL && q->labels == NULL && q->certs == NULL && q->attrs == NULL && q->to == NULL &&
	    q->listen == NULL && q->path == NULL && q->plugin == NULL && q->sha256 == NULL && !q->exact && !q->whole && !q->agent;
}

int
policy_explain_run(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "from", required_argument, NULL, 'f' }, { "at", required_argument, NULL, 'a' },
		{ "file", required_argument, NULL, 'F' }, { "groups", required_argument, NULL, 'g' },
		{ "labels", required_argument, NULL, 'l' }, { "cert", required_argument, NULL, 'c' },
		{ "attrs", required_argument, NULL, 'A' }, { "to", required_argument, NULL, 't' },
		{ "listen", required_argument, NULL, 'L' }, { "path", required_argument, NULL, 'p' },
		{ "plugin", required_argument, NULL, 'P' }, { "param", required_argument, NULL, 'm' },
		{ "sha256", required_argument, NULL, 'S' }, { "argv", no_argument, NULL, 'x' },
		{ "whole", no_argument, NULL, 'w' }, { "agent", no_argument, NULL, 'G' }, { NULL, 0, NULL, 0 },
	};
	struct question q = { 0 };
	struct ask *a;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, "+:", longs)) != -1)
		if ((r = question_option(c, &q, o)) != CTL_OK)
			return r;
	if (question_parse(c, &q, argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (!question_is_for_gate(&q))
		return explain_by_files(c, &q);
	a = ask_open(c);
	if (a == NULL && (c->e.code == -ENOENT || c->e.code == -ECONNREFUSED)) {
		c->e = (struct err){ 0 };
		return explain_by_files(c, &q);
	}
	r = a != NULL ? explain_by_gate(c, a, &q) : CTL_FAILED;
	ask_close(a);
	return r;
}
