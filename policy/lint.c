/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Findings: rules compared by what they cover (lint_cover.c), commands that run others, names that nothing uses or nobody has. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/lint.h"
#include "policy/lint_cover.h"
#include "policy/match.h"

#define PAIRS_MAX 30000000               /* rules that are compared with one another */
#define KEYS_MAX  512

enum { SEEN_USER = 1, SEEN_GROUP, SEEN_KEY, SEEN_SINK, USED_ROLE, USED_SET, USED_COMMAND, USED_TIME };

struct policy_lint {
	const struct policy *p;
	struct pool *pool;
	struct dict *names;              /* of the kinds above */
	bool *hit, *served;              /* by a rule's number: some host is one of its; and has a staragent */
	struct policy_scope *scope;      /* room */
	const char *keys[KEYS_MAX];      /* of labels, to guess what was meant */
	size_t keys_n;
	bool any_host, any_user, all_sinks;
	policy_lint_fn *fn;
	void *arg;
};

/* ---- what there is ---- */

struct policy_lint *
policy_lint_new(const struct policy *p)
{
	struct policy_lint *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->p = p;
	l->pool = pool_new();
	l->names = l->pool != NULL ? dict_new(l->pool) : NULL;
	l->hit = calloc(index_rules(p) + 1, sizeof(*l->hit));
	l->served = calloc(index_rules(p) + 1, sizeof(*l->served));
	l->scope = policy_scope_new(p, &(struct policy_person){ .name = { 0 } });
	if (l->names != NULL && l->hit != NULL && l->served != NULL && l->scope != NULL)
		return l;
	policy_lint_free(l);
	return NULL;
}

void
policy_lint_free(struct policy_lint *l)
{
	if (l == NULL)
		return;
	pool_free(l->pool);
	policy_scope_free(l->scope);
	free(l->hit);
	free(l->served);
	free(l);
}

/* What does not fit into memory is not known to be there: a finding too many, no more. */
static void
see(struct policy_lint *l, unsigned kind, struct slice name)
{
	void **at = dict_at(l->names, kind, name);

	if (at != NULL)
		*at = l;
}

static bool
seen(const struct policy_lint *l, unsigned kind, const char *name)
{
	return dict_find(l->names, kind, slice_from(name)) != NULL;
}

/* A comparison with an attribute depends on who asks. */
static bool
has_reference(const struct expr *x)
{
	if (x == NULL)
		return false;
	return x->kind == EXPR_REFERENCE || (x->kind == EXPR_SET && has_reference(x->set->expr)) || has_reference(x->a) || has_reference(x->b);
}

static void
key_see(struct policy_lint *l, struct slice key)
{
	char *text;

	if (dict_find(l->names, SEEN_KEY, key) != NULL)
		return;
	see(l, SEEN_KEY, key);
	text = l->keys_n < KEYS_MAX ? pool_text(l->pool, key) : NULL;
	if (text != NULL)
		l->keys[l->keys_n++] = text;
}

void
policy_lint_host(struct policy_lint *l, const struct policy_request *host)
{
	struct asked a;

	l->any_host = true;
	asked_init(&a, l->p, host, l->scope);
	for (size_t i = 0; i < index_rules(l->p); i++) {
		if (l->hit[i] && (l->served[i] || !host->agent))
			continue;
		if (!has_reference(index_rule(l->p, i)->on) && !expr_matches(index_rule(l->p, i)->on, &a))
			continue;
		l->hit[i] = true;
		l->served[i] = l->served[i] || host->agent;
	}
	for (size_t i = 0; i < host->labels_n; i++)
		key_see(l, host->labels[i].key);
	asked_done(&a);
}

void
policy_lint_user(struct policy_lint *l, const struct policy_person *user)
{
	l->any_user = true;
	see(l, SEEN_USER, user->name);
	for (size_t i = 0; i < user->groups_n; i++)
		see(l, SEEN_GROUP, user->groups[i]);
}

void
policy_lint_sink(struct policy_lint *l, const char *name)
{
	if (name != NULL)
		see(l, SEEN_SINK, slice_from(name));
	else
		l->all_sinks = true;
}

/* ---- findings ---- */

static int say(const struct policy_lint *l, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
say(const struct policy_lint *l, struct place at, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return l->fn(l->arg, at.file, at.line, at.col, text);
}

static const char *
kind_of(const struct rule *r)
{
	return r->need.kind != 0 ? "require" : r->permit ? "permit" : "deny";
}

/* Would b be missed?  a makes it needless if a matches whenever b does, and says as much. */
static bool
makes_needless(const struct rule *a, const struct rule *b)
{
	if (a == b || (b->verbs & ~a->verbs) != 0 || a->need.kind != b->need.kind)
		return false;
	if (a->need.kind != 0 && strcmp(a->need.words, b->need.words) != 0)
		return false;
	if (a->permit != b->permit && a->permit)
		return false;
	for (size_t i = 0; a->permit && b->permit && i < POLICY_OPTIONS; i++)
		if (a->options[i] != b->options[i])
			return false;
	/* Of two that are the same one stays. */
	return rule_covers(a, b) && (a->permit != b->permit || a->number < b->number || !rule_covers(b, a));
}

static int
lint_needless(const struct policy_lint *l)
{
	const size_t n = index_rules(l->p);
	int r = 0;

	if (n * n > PAIRS_MAX)
		return say(l, l->p->rules->at, "more than 5000 rules: they were not compared with one another");
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct rule *b = index_rule(l->p, i), *a = NULL;

		for (size_t k = 0; a == NULL && k < n; k++)
			if (makes_needless(index_rule(l->p, k), b))
				a = index_rule(l->p, k);
		if (a == NULL)
			continue;
		r = say(l, b->at, a->permit != b->permit && b->permit ? "%s %s never counts: %s %s (%s:%u) is for all of it" :
		    "%s %s adds nothing: %s %s (%s:%u) is for all of it", kind_of(b), b->id, kind_of(a), a->id, a->at.file, a->at.line);
	}
	return r;
}

/* ---- names that nobody has ---- */

static int
lint_expr_keys(struct policy_lint *l, const struct expr *x)
{
	int r = 0;

	if (x == NULL)
		return 0;
	if ((x->kind == EXPR_LABEL || x->kind == EXPR_HAS || x->kind == EXPR_REFERENCE) && !seen(l, SEEN_KEY, x->key)) {
		const char *near = text_nearest(x->key, l->keys, l->keys_n);

		see(l, SEEN_KEY, slice_from(x->key));          /* once is enough */
		r = say(l, x->at, "no host has a label %s%s%s%s", x->key, near != NULL ? "; did you mean " : "", near != NULL ? near : "",
		    near != NULL ? "?" : "");
	}
	if (r == 0)
		r = lint_expr_keys(l, x->a);
	return r == 0 ? lint_expr_keys(l, x->b) : r;
}

static int
lint_hosts(struct policy_lint *l)
{
	int r = 0;

	for (const struct set *s = l->p->sets; r == 0 && s != NULL; s = s->next)
		r = lint_expr_keys(l, s->expr);
	for (size_t i = 0; r == 0 && i < index_rules(l->p); i++) {
		const struct rule *x = index_rule(l->p, i);

		r = lint_expr_keys(l, x->on);
		if (r == 0 && !l->hit[i])
			r = say(l, x->at, "%s %s is about no host", kind_of(x), x->id);
	}
	return r;
}

static int
lint_who(struct policy_lint *l, const struct who *w)
{
	int r = 0;

	for (; r == 0 && w != NULL; w = w->next) {
		unsigned kind = w->kind == WHO_USER ? SEEN_USER : SEEN_GROUP;

		if ((w->kind != WHO_USER && w->kind != WHO_GROUP) || seen(l, kind, w->name))
			continue;
		see(l, kind, slice_from(w->name));
		r = say(l, w->at, w->kind == WHO_USER ? "there is no user %s" : "nobody is in the group %s", w->name);
	}
	return r;
}

static int
lint_people(struct policy_lint *l)
{
	int r = 0;

	for (const struct role *x = l->p->roles; r == 0 && x != NULL; x = x->next)
		r = lint_who(l, x->members);
	for (size_t i = 0; r == 0 && i < index_rules(l->p); i++) {
		const struct rule *x = index_rule(l->p, i);

		r = lint_who(l, x->who);
		if (r == 0)
			r = lint_who(l, x->people);
		for (const struct except *u = x->unless; r == 0 && u != NULL; u = u->next)
			r = lint_who(l, u->who);
	}
	return r;
}

/* ---- names that nothing uses ---- */

static void
use_who(struct policy_lint *l, const struct who *w)
{
	for (; w != NULL; w = w->next)
		if (w->kind == WHO_ROLE)
			see(l, USED_ROLE, slice_from(w->name));
}

static void
use_expr(struct policy_lint *l, const struct expr *x)
{
	if (x == NULL)
		return;
	if (x->kind == EXPR_SET)
		see(l, USED_SET, slice_from(x->key));
	use_expr(l, x->a);
	use_expr(l, x->b);
}

static void
use_rule(struct policy_lint *l, const struct rule *x)
{
	use_who(l, x->who);
	use_who(l, x->people);
	use_expr(l, x->on);
	if (x->cmd_name != NULL)
		see(l, USED_COMMAND, slice_from(x->cmd_name));
	if (x->when_name != NULL)
		see(l, USED_TIME, slice_from(x->when_name));
	for (const struct except *u = x->unless; u != NULL; u = u->next) {
		use_who(l, u->who);
		if (u->when_name != NULL)
			see(l, USED_TIME, slice_from(u->when_name));
	}
}

static int
unused(const struct policy_lint *l, unsigned kind, const char *what, const char *name, struct place at)
{
	return seen(l, kind, name) ? 0 : say(l, at, "nothing uses the %s %s", what, name);
}

static int
lint_unused(struct policy_lint *l)
{
	const struct policy *p = l->p;
	int r = 0;

	for (const struct role *x = p->roles; x != NULL; x = x->next)
		use_who(l, x->members);
	for (const struct set *x = p->sets; x != NULL; x = x->next)
		use_expr(l, x->expr);
	for (size_t i = 0; i < index_rules(p); i++)
		use_rule(l, index_rule(p, i));
	for (const struct watch *x = p->watches; x != NULL; x = x->next) {
		use_who(l, x->who);
		use_expr(l, x->on);
	}
	for (const struct role *x = p->roles; r == 0 && x != NULL; x = x->next)
		r = unused(l, USED_ROLE, "role", x->name, x->at);
	for (const struct set *x = p->sets; r == 0 && x != NULL; x = x->next)
		r = unused(l, USED_SET, "hosts set", x->name, x->at);
	for (const struct command *x = p->commands; r == 0 && x != NULL; x = x->next)
		r = unused(l, USED_COMMAND, "command", x->name, x->at);
	for (const struct when *x = p->times; r == 0 && x != NULL; x = x->next)
		r = unused(l, USED_TIME, "time", x->name, x->at);
	return r;
}

/* ---- commands that run others ---- */

/* Programs that run, or write, what they are told to; python3.11 is python. */
static const char *const runners[] = {
	"ash", "at", "awk", "bash", "batch", "busybox", "chroot", "cp", "crontab", "csh", "dash", "dd", "docker", "ed",
	"emacs", "env", "ex", "expect", "find", "flock", "ftp", "gawk", "gdb", "git", "install", "ionice", "irb", "jshell",
	"ksh", "less", "ln", "lua", "mail", "make", "man", "mawk", "more", "mount", "mv", "mysql", "nano", "nice", "node",
	"nohup", "nsenter", "perl", "pg", "php", "podman", "psql", "python", "rsync", "ruby", "run-parts", "rvim", "scp",
	"screen", "script", "sed", "setsid", "sftp", "sh", "socat", "sqlite", "ssh", "stdbuf", "strace", "su", "sudo",
	"systemd-run", "tar", "taskset", "tclsh", "tee", "time", "timeout", "tmux", "unshare", "vi", "view", "vim", "watch",
	"wget", "xargs", "zip", "zsh"
};

static bool
is_runner(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(runners) / sizeof(runners[0]); i++) {
		size_t n = strlen(runners[i]);

		if (strncmp(name, runners[i], n) == 0 && name[n + strspn(name + n, "0123456789.")] == '\0')
			return true;
	}
	return false;
}

static int
lint_command(const struct policy_lint *l, const struct rule *x)
{
	int r = 0;

	for (const struct pattern *p = x->cmd->patterns; r == 0 && p != NULL; p = p->next) {
		const struct arg *last = p->args;

		while (last->next != NULL)
			last = last->next;
		if (!last->quoted && strcmp(last->text, "**") == 0 && is_runner(p->args->text))
			r = say(l, x->at, "permit %s: %s with ** runs, or writes, whatever it is told to: name its arguments", x->id, p->args->text);
	}
	return r;
}

/* ---- rules, one by one ---- */

/* Members that are users and nothing else; -1: they cannot be counted, or are too many to.  depth: of roles below. */
static int
people_count(const struct who *w, unsigned depth)
{
	int n = 0, more;

	for (; w != NULL; w = w->next) {
		if ((w->kind != WHO_USER && w->kind != WHO_ROLE) || (w->kind == WHO_ROLE && depth == 0))
			return -1;
		more = w->kind == WHO_USER ? 1 : people_count(w->role->members, depth - 1);
		if (more < 0 || n + more > 20)
			return -1;
		n += more;
	}
	return n;
}

static int
lint_need(const struct policy_lint *l, const struct rule *x)
{
	int n;

	if (x->need.kind == POLICY_NOTIFY && l->all_sinks && !seen(l, SEEN_SINK, x->need.sink))
		return say(l, x->at, "require %s can never be met: fortress.conf has no NotifySink %s", x->id, x->need.sink);
	if (x->need.kind != POLICY_APPROVAL && x->need.kind != POLICY_MODERATOR)
		return 0;
	n = people_count(x->people, 3);
	if (n >= 0 && n < (x->need.kind == POLICY_APPROVAL ? (int)x->need.count : 1))
		return say(l, x->at, "require %s can never be met: %s has only %d", x->id, x->need.words, n);
	if (n >= 0 && x->need.kind == POLICY_APPROVAL && n == (int)x->need.count)
		return say(l, x->at, "require %s: %s has only %d: if one of them asks, too few are left", x->id, x->need.words, n);
	return 0;
}

static int
lint_verbs(const struct policy_lint *l, const struct rule *x, unsigned permitted)
{
	int r = 0;

	if (!x->permit && (x->verbs & permitted) == 0)
		r = say(l, x->at, "%s %s: no permit is for its verbs", kind_of(x), x->id);
	for (unsigned i = 0; r == 0 && !x->any_verb && policy_verbs[i] != NULL; i++)
		if ((x->verbs >> i & 1) != 0 && !able_has(policy_able_here.verbs, slice_from(policy_verbs[i])))
			r = say(l, x->at, "%s %s: no door asks for %s yet, and a bastion does not load this", kind_of(x), x->id, policy_verbs[i]);
	return r;
}

/* What only a staragent sees to in this permit, or NULL. */
static const char *
takes_agent(const struct rule *x)
{
	for (size_t i = 0; i < POLICY_OPTIONS; i++)
		if (x->options[i] != 0 && option_rows[i].agent)
			return option_rows[i].word;
	return x->permit && x->cmd != NULL && x->cmd->sha256 != NULL ? "sha256" : NULL;
}

static int
lint_limits(const struct policy_lint *l, const struct rule *x)
{
	const uint64_t *o = x->options;
	const char *word = takes_agent(x);
	int r = 0;

	if (!x->permit && x->cmd != NULL && x->cmd->sha256 != NULL)
		r = say(l, x->at, "%s %s: no digest is known before its program runs, so this is for programs of these names with any digest",
		    kind_of(x), x->id);
	if (r == 0 && o[POLICY_IDLE_S] != 0 && o[POLICY_TIMEOUT_S] != 0 && o[POLICY_IDLE_S] >= o[POLICY_TIMEOUT_S])
		r = say(l, x->at, "permit %s: its idle has no effect, timeout comes first", x->id);
	if (r == 0 && o[POLICY_PROCS] != 0 && x->logins != NULL && x->logins->next == NULL && strcmp(x->logins->text, "root") == 0)
		r = say(l, x->at, "permit %s never matches: procs cannot be kept for root", x->id);
	if (r == 0 && word != NULL && l->hit[x->number] && !l->served[x->number])
		r = say(l, x->at, "permit %s never matches: only a staragent keeps its %s, and none of its hosts has one", x->id, word);
	return r;
}

static int
lint_rules(const struct policy_lint *l)
{
	unsigned permitted = 0;
	int r = 0;

	for (const struct rule *x = l->p->rules; x != NULL; x = x->next)
		permitted |= x->permit ? x->verbs : 0;
	for (size_t i = 0; r == 0 && i < index_rules(l->p); i++) {
		const struct rule *x = index_rule(l->p, i);

		r = lint_verbs(l, x, permitted);
		if (r == 0)
			r = lint_need(l, x);
		if (r == 0)
			r = lint_limits(l, x);
		if (r == 0 && x->permit && x->cmd != NULL)
			r = lint_command(l, x);
		if (r == 0 && x->permit && x->any_verb && x->on->kind == EXPR_ANY && x->who->kind == WHO_ANY && x->logins == NULL &&
		    !rule_is_partial(x))
			r = say(l, x->at, "permit %s permits everything to everybody", x->id);
	}
	return r;
}

int
policy_lint_report(struct policy_lint *l, policy_lint_fn *fn, void *arg)
{
	int r;

	l->fn = fn;
	l->arg = arg;
	r = lint_needless(l);
	if (r == 0)
		r = lint_rules(l);
	if (r == 0)
		r = lint_unused(l);
	if (r == 0 && l->any_host)
		r = lint_hosts(l);
	return r == 0 && l->any_user ? lint_people(l) : r;
}
