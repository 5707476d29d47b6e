/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress policy: check, print, explain, test.  explain asks the running bastion; when there is none (or
 * with --file) it reads the files and the database itself, by the same evaluator.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/net.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/directory.h"
#include "db/directory.h"
#include "policy/facts.h"

enum { WORDS_MAX = 256, FILE_BYTES_MAX = 1 << 20 };

static int
include_read(void *arg, const char *pattern, unsigned index, struct buf *text, char *name, size_t size)
{
	return fd_read_match(*(const int *)arg, pattern, index, FILE_BYTES_MAX, text, name, size);
}

/* NULL: the state's policy.conf. */
static struct policy *
policy_load(struct ctl *c, const char *path)
{
	char copy[4096], dir[4096], file[4096];
	struct policy *p = NULL;
	struct buf text;
	int fd, r;

	snprintf(file, sizeof(file), path != NULL ? "%s" : "%s/policy.conf", path != NULL ? path : c->state);
	snprintf(copy, sizeof(copy), "%s", file);
	snprintf(dir, sizeof(dir), "%s", dirname(copy));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)err_set(&c->e, -errno, "%s: %s", dir, strerror(errno));
		return NULL;
	}
	buf_init(&text, FILE_BYTES_MAX);
	r = fd_read_file(file, FILE_BYTES_MAX, &text, &c->e);
	if (r != 0)
		p = NULL;
	else
		p = policy_parse(path != NULL ? file : "policy.conf", buf_slice(&text), include_read, &fd, &c->e);
	buf_done(&text);
	close(fd);
	return p;
}

static int
policy_check(struct ctl *c, int argc, char **argv)
{
	struct policy *p;

	if (ctl_plain(c, argc, argv, 0, 1) != CTL_OK)
		return CTL_USAGE;
	p = policy_load(c, argv[optind]);
	if (p == NULL)
		return CTL_FAILED;
	printf("%s: good, %zu rule%s\n", argv[optind] != NULL ? argv[optind] : "policy.conf", policy_rules(p),
	    policy_rules(p) == 1 ? "" : "s");
	policy_free(p);
	return CTL_OK;
}

static int
policy_show(struct ctl *c, int argc, char **argv)
{
	struct policy *p;
	struct buf text;
	int r;

	if (ctl_plain(c, argc, argv, 0, 1) != CTL_OK)
		return CTL_USAGE;
	p = policy_load(c, argv[optind]);
	if (p == NULL)
		return CTL_FAILED;
	buf_init(&text, 16 << 20);
	r = policy_print(p, &text);
	if (r == 0 && fwrite(text.p, 1, text.len, stdout) != text.len)
		r = -EIO;
	buf_done(&text);
	policy_free(p);
	return r == 0 ? CTL_OK : ctl_fail(c, "cannot print: %s", strerror(-r));
}

/* --- explain --- */

struct question {
	const char *user, *verb, *host, *login, *src, *groups, *labels, *file, *certs;
	int64_t at_us;
	const char *to, *listen, *raw;         /* raw: a command string as a plain sshd gets it, instead of argv */
	char **argv;
	int argc;
};

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
struct rows { const struct question *q; char groups[16384], labels[4100], logins[16400]; bool user, host, refused; };

static int
user_seen(void *arg, const struct db_user *u)
{
	struct rows *x = arg;

	if (strcmp(u->name, x->q->user) == 0) {
		x->user = true;
		x->refused = u->disabled || (u->expires_us != 0 && u->expires_us <= clock_wall().us);
		snprintf(x->groups, sizeof(x->groups), "%s", u->groups);
	}
	return 0;
}

static int
host_seen(void *arg, const struct db_host *h)
{
	struct rows *x = arg;

	if (strcmp(h->name, x->q->host) == 0) {
		x->host = true;
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

static int
explain_eval(const struct policy *p, const struct question *q, const struct rows *x, struct buf *out, struct policy_decision *d)
{
	struct policy_request req = { .user = slice_from(q->user), .verb = slice_from(q->verb), .host = slice_from(q->host),
	    .src = slice_from(q->src), .to = slice_from(q->to), .listen = slice_from(q->listen), .now = { q->at_us != 0 ? q->at_us : clock_wall().us } };
	struct policy_facts facts, certs;
	struct buf command;
	char first[256];
	int r;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(x->logins, ","), x->logins);
	req.login = slice_from(q->login != NULL ? q->login : first[0] != '\0' ? first : q->user);
	if (!policy_facts_set(&facts, slice_from(x->groups), req.host, slice_from(x->labels)) ||
	    !policy_facts_set(&certs, slice_from(q->certs), slice_from(""), slice_from("")))
		return -E2BIG;
	policy_facts_use(&facts, &req);
	req.principals = certs.groups;                 /* split in the same way */
	req.principals_n = certs.groups_n;
	buf_init(&command, 65536);
	r = q->raw != NULL ? buf_text(&command, q->raw) : command_join(q, &command);
	req.command = buf_slice(&command);
	policy_eval(p, &req, d);
	if (r == 0)
		r = policy_explain(p, &req, out);
	buf_done(&command);
	return r;
}

static int
explain_by_files(struct ctl *c, const struct question *q)
{
	struct rows *x = calloc(1, sizeof(*x));
	struct policy_decision d = { 0 };
	struct policy *p;
	struct buf text;
	int r;

	if (x == NULL)
		return ctl_fail(c, "out of memory");
	x->q = q;
	if (q->groups != NULL || q->labels != NULL || q->certs != NULL) {
		snprintf(x->groups, sizeof(x->groups), "%s", q->groups != NULL ? q->groups : "");
		snprintf(x->labels, sizeof(x->labels), "%s", q->labels != NULL ? q->labels : "");
	} else if (rows_load(c, x) != 0) {
		free(x);
		return CTL_FAILED;
	}
	p = policy_load(c, q->file);
	buf_init(&text, 16384);
	r = p != NULL ? explain_eval(p, q, x, &text, &d) : -EINVAL;
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

static int
policy_explain_command(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "from", required_argument, NULL, 'f' }, { "at", required_argument, NULL, 'a' },
		{ "file", required_argument, NULL, 'F' }, { "groups", required_argument, NULL, 'g' },
		{ "labels", required_argument, NULL, 'l' }, { "cert", required_argument, NULL, 'c' }, { NULL, 0, NULL, 0 },
	};
	struct question q = { 0 };
	struct net_addr from;
	struct ask *a;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, "+:", longs)) != -1) {
		if (o == 'f' && net_parse(slice_from(optarg), &from) == 0)
			q.src = optarg;
		else if (o == 'f')
			return ctl_bad(c, "--from %s: not an IP address", optarg);
		else if (o == 'F')
			q.file = optarg;
		else if (o == 'g')
			q.groups = optarg;
		else if (o == 'l')
			q.labels = optarg;
		else if (o == 'c')
			q.certs = optarg;
		else if (o != 'a')
			return CTL_USAGE;
		else if (!ctl_parse_time(optarg, &q.at_us))
			return ctl_bad(c, "--at %s: write 2026-11-24 or 2026-11-24T10:00", optarg);
	}
	if (question_parse(c, &q, argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (q.file != NULL || q.groups != NULL || q.labels != NULL || q.certs != NULL)
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

/* --- test --- */

/*
 * One case a line:  USER[:GROUP,..] VERB HOST[{K=V ..}] [as LOGIN] [to H:P] [from ADDR] [cert P,..] [at TIME]
 *     [-- COMMAND] => permit|deny [RULE [mfa]] [: WORDS]         WORDS: what the explanation holds
 */
struct test { struct ctl *c; const struct policy *p; const char *file; unsigned line, cases, failed; };

static char *
bracket_take(char *word, char open, char close)
{
	char *at = strchr(word, open), *end;

	if (at == NULL)
		return NULL;
	*at++ = '\0';
	end = close != '\0' ? strchr(at, close) : NULL;
	if (end != NULL)
		*end = '\0';
	for (char *p = at; close != '\0' && *p != '\0'; p++)
		*p = *p == ',' ? ' ' : *p;
	return at;
}

static bool
case_parse(struct question *q, struct rows *x, char *words[], int n)
{
	const char *groups, *labels;
	int i = 3;

	if (n < 3)
		return false;
	groups = bracket_take(words[0], ':', '\0');
	labels = bracket_take(words[2], '{', '}');
	snprintf(x->groups, sizeof(x->groups), "%s", groups != NULL ? groups : "");
	snprintf(x->labels, sizeof(x->labels), "%s", labels != NULL ? labels : "");
	q->user = words[0];
	q->verb = words[1];
	q->host = words[2];
	for (; i + 1 < n; i += 2) {
		if (strcmp(words[i], "as") == 0)
			q->login = words[i + 1];
		else if (strcmp(words[i], "to") == 0)
			q->to = words[i + 1];
		else if (strcmp(words[i], "listen") == 0)
			q->listen = words[i + 1];
		else if (strcmp(words[i], "from") == 0)
			q->src = words[i + 1];
		else if (strcmp(words[i], "cert") == 0)
			q->certs = words[i + 1];
		else if (strcmp(words[i], "at") != 0 || !ctl_parse_time(words[i + 1], &q->at_us))
			return false;
	}
	return i == n;
}

static int
case_words(char *text, char *words[WORDS_MAX])
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(text, " \t", &save); w != NULL && n < WORDS_MAX; w = strtok_r(NULL, " \t", &save))
		words[n++] = w;
	return n;
}

/* Cuts text at the last or first mark; what follows it, or NULL. */
static char *
case_cut(char *text, const char *mark, bool last)
{
	char *at = strstr(text, mark), *more;

	while (last && at != NULL && (more = strstr(at + 1, mark)) != NULL)
		at = more;
	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + strlen(mark);
}

static bool
want_is_good(char *want[], int n)
{
	return n >= 1 && n <= 3 && (strcmp(want[0], "permit") == 0 || strcmp(want[0], "deny") == 0) &&
	    (n < 3 || strcmp(want[2], "mfa") == 0);
}

static bool
case_holds(const struct policy_decision *d, char *want[], int n, const char *told, const char *text)
{
	return d->permit == (strcmp(want[0], "permit") == 0) && (n < 2 || strcmp(want[1], d->rule) == 0) &&
	    ((d->obligations & POLICY_MFA) != 0) == (n == 3) && (told == NULL || strstr(text, told) != NULL);
}

static int
case_run(struct test *t, char *line)
{
	char *words[WORDS_MAX], *want[WORDS_MAX], *wanted = case_cut(line, " => ", true), *told;
	struct rows *x = calloc(1, sizeof(*x));
	struct policy_decision d = { 0 };
	struct question q = { 0 };
	struct buf text;
	int n, wants;

	told = wanted != NULL ? case_cut(wanted, " : ", false) : NULL;
	q.raw = case_cut(line, " -- ", false);
	n = case_words(line, words);
	wants = wanted != NULL ? case_words(wanted, want) : 0;
	if (x == NULL || !want_is_good(want, wants) || !case_parse(&q, x, words, n)) {
		free(x);
		return ctl_fail(t->c, "%s:%u: a case is USER[:GROUP,..] VERB HOST[{K=V,..}] [as LOGIN] [to H:P] [from ADDR] "
		    "[cert P,..] [at TIME] [-- COMMAND] => permit|deny [RULE [mfa]] [: WORDS]", t->file, t->line);
	}
	buf_init(&text, 16384);
	t->cases++;
	if (explain_eval(t->p, &q, x, &text, &d) != 0 || !case_holds(&d, want, wants, told, buf_cstr(&text))) {
		t->failed++;
		printf("%s:%u: wanted %s%s%s%s%s, got %s\n", t->file, t->line, want[0], wants > 1 ? " " : "",
		    wants > 1 ? want[1] : "", told != NULL ? " : " : wants > 2 ? " mfa" : "", told != NULL ? told : "",
		    buf_cstr(&text));
	}
	buf_done(&text);
	free(x);
	return CTL_OK;
}

static int
cases_run(struct test *t, char *text)
{
	char *save = NULL;
	int r = CTL_OK;

	for (char *line = text; line != NULL && r == CTL_OK; line = save) {
		save = strchr(line, '\n');
		if (save != NULL)
			*save++ = '\0';
		t->line++;
		line += strspn(line, " \t");
		if (*line != '\0' && *line != '#')
			r = case_run(t, line);
	}
	return r;
}

static int
policy_test(struct ctl *c, int argc, char **argv)
{
	struct test t = { .c = c };
	struct policy *p;
	struct buf text;
	char *copy;
	int r;

	if (ctl_plain(c, argc, argv, 1, 2) != CTL_OK)
		return CTL_USAGE;
	t.file = argv[optind];
	p = policy_load(c, argv[optind + 1]);
	if (p == NULL)
		return CTL_FAILED;
	t.p = p;
	buf_init(&text, 16 << 20);
	r = fd_read_file(t.file, 16 << 20, &text, &c->e) == 0 ? CTL_OK : CTL_FAILED;
	copy = r == CTL_OK ? slice_dup(buf_slice(&text)) : NULL;
	if (copy != NULL)
		r = cases_run(&t, copy);
	if (r == CTL_OK)
		printf("%u case%s, %u failed\n", t.cases, t.cases == 1 ? "" : "s", t.failed);
	free(copy);
	buf_done(&text);
	policy_free(p);
	return r == CTL_OK && t.failed > 0 ? CTL_FAILED : r;
}

const struct command commands_policy[] = {
	{ "policy", "check", "[FILE]", "is this policy good? (without FILE: the state's policy.conf)", policy_check },
	{ "policy", "explain", "[--from ADDR] [--at TIME] [--file FILE] [--groups G,..] [--labels \"K=V ..\"] [--cert P,..]\n"
	    "USER VERB HOST [as LOGIN] [-- COMMAND]", "may they, and why (not)? exits 0 if permitted", policy_explain_command },
	{ "policy", "test", "CASES [FILE]", "run cases: USER[:GROUP] VERB HOST[{K=V}] [as LOGIN] [-- COMMAND] => permit|deny [RULE]",
	    policy_test },
	{ "policy", "print", "[FILE]", "the policy in its canonical form", policy_show },
	{ NULL, NULL, NULL, NULL, NULL },
};
