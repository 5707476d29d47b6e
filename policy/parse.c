/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The grammar of policy(5), by recursive descent: each construct is a function, and an
 * error names the place, the word and what could stand there.  By hand and not by yacc,
 * because what a word means depends on where it stands (a label, a pattern, a time), and
 * because "did you mean" needs the list of what was possible.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/match.h"
#include "policy/parse.h"

#define FILE_MAX    (1u << 20)
#define NAME_SIZE   65

const char *const policy_verbs[] = { "shell", "exec", "put", "get", "forward", "jump", "agent-forward", "x11",
	"plugin", "fetch", "push", "watch", "join", "replay", "approve", "drill", "heal", "admin", NULL };
static const char *const statements[] = { "role", "hosts", "command", "time", "permit", "deny", "require", "watch",
	"Include" };

unsigned
verb_bit(struct slice verb)
{
	for (unsigned i = 0; policy_verbs[i] != NULL; i++)
		if (slice_is(verb, policy_verbs[i]))
			return 1u << i;
	return 0;
}

bool
policy_verb_is_known(struct slice verb)
{
	return verb_bit(verb) != 0;
}

/* ---- statements with a name ---- */

struct head {
	struct place at;
	void *thing;                           /* what has the name, zeroed if nothing had it yet … */
	const char *name;                      /* … and then the name, for it; else NULL */
	bool adds;
};

/* NAME, or NAME +=: what is there adds to what is defined elsewhere, before or behind. */
static int
parse_head(struct parse *p, const char *what, unsigned kind, size_t size, struct head *h)
{
	struct slice name = slice_from(p->t.text);
	void **slot;
	int r;

	*h = (struct head){ .at = p->t.at };
	if (p->t.kind != TOKEN_WORD || !text_is_name(name))
		return parse_unexpected(p, what);
	slot = dict_at(p->p->names, kind, name);
	if (slot != NULL && *slot == NULL) {
		*slot = pool_get(p->p->pool, size);
		h->name = pool_text(p->p->pool, name);
		if (h->name == NULL)
			return parse_no_memory(p);
	}
	if (slot == NULL || *slot == NULL)
		return parse_no_memory(p);
	h->thing = *slot;
	r = parse_next(p);
	h->adds = r == 0 && parse_at_word(p, "+");
	if (h->adds)
		r = parse_next(p);
	return r == 0 && h->adds ? parse_expect(p, '=') : r;
}

/* The first that is not an addition defines it; a second one is an error. */
static int
define(struct parse *p, const char *what, const char *name, const struct head *h, bool *defined, struct place *where)
{
	char text[NAME_SIZE + 32];

	if (h->adds || !*defined) {
		if (!h->adds || where->file == NULL)
			*where = h->at;
		*defined = *defined || !h->adds;
		return 0;
	}
	(void)snprintf(text, sizeof(text), "%s \"%s\" is defined twice", what, name);
	return parse_fail(p, h->at, text, NULL, "+= adds to one");
}

static int
parse_role(struct parse *p)
{
	struct head h;
	struct role *x;
	int r = parse_head(p, "the role's name", NAME_ROLE, sizeof(*x), &h);

	if (r != 0)
		return r;
	x = h.thing;
	if (h.name != NULL) {
		if (p->p->roles_n++ == ROLES_MAX)
			return parse_fail(p, h.at, "too many roles", NULL, "4096 at most");
		x->name = h.name;
		x->members_end = &x->members;
		*p->p->roles_end = x;
		p->p->roles_end = &x->next;
	}
	r = define(p, "role", x->name, &h, &x->defined, &x->at);
	if (r == 0)
		r = parse_expect(p, '{');
	if (r == 0 && !parse_at_mark(p, '}'))
		r = parse_who(p, x->members_end);
	while (*x->members_end != NULL)
		x->members_end = &(*x->members_end)->next;
	return r == 0 ? parse_expect(p, '}') : r;
}

static int
parse_hosts(struct parse *p)
{
	struct expr *more = NULL;
	struct head h;
	struct set *x;
	int r = parse_head(p, "the set's name", NAME_SET, sizeof(*x), &h);

	if (r != 0)
		return r;
	x = h.thing;
	if (h.name != NULL) {
		x->name = h.name;
		*p->p->sets_end = x;
		p->p->sets_end = &x->next;
	}
	r = define(p, "hosts set", x->name, &h, &x->defined, &x->at);
	if (r == 0)
		r = parse_expect(p, '{');
	if (r == 0)
		r = parse_or(p, &more, true);
	if (r == 0)
		r = parse_or_join(p, &x->expr, more);
	return r == 0 ? parse_expect(p, '}') : r;
}

static const char digest_form[] = "command NAME sha256 HEX { ... }";

static int
parse_digest(struct parse *p, struct command *x, bool adds)
{
	struct slice text;
	int r;

	if (!able_has(p->able->clauses, slice_from("sha256")))
		return parse_not_yet(p, p->t.at, "", "sha256");
	if (adds)
		return parse_fail(p, p->t.at, "misplaced", "sha256", digest_form);
	r = parse_next(p);
	if (r != 0)
		return r;
	text = slice_from(p->t.text);
	if (p->t.kind != TOKEN_WORD || text.n != DIGEST_HEX || strspn(p->t.text, "0123456789abcdef") != DIGEST_HEX)
		return parse_unexpected(p, "64 small hexadecimal letters, as sha256sum prints them");
	return parse_take_text(p, &x->sha256, "a digest");
}

static int
parse_command(struct parse *p)
{
	struct head h;
	struct command *x;
	int r = parse_head(p, "the command's name", NAME_COMMAND, sizeof(*x), &h);

	if (r != 0)
		return r;
	x = h.thing;
	if (h.name != NULL) {
		x->name = h.name;
		*p->p->commands_end = x;
		p->p->commands_end = &x->next;
	}
	r = define(p, "command", x->name, &h, &x->defined, &x->at);
	if (r == 0 && parse_at_word(p, "sha256"))
		r = parse_digest(p, x, h.adds);
	return r == 0 ? parse_patterns(p, x) : r;
}

static int
parse_time(struct parse *p)
{
	struct head h;
	struct when *x;
	int r = parse_head(p, "the time's name", NAME_TIME, sizeof(*x), &h);

	if (r != 0)
		return r;
	x = h.thing;
	if (h.name != NULL) {
		x->name = h.name;
		x->windows_end = &x->windows;
		*p->p->times_end = x;
		p->p->times_end = &x->next;
	}
	r = define(p, "time", x->name, &h, &x->defined, &x->at);
	return r == 0 ? parse_window(p, x) : r;
}

static int
parse_include(struct parse *p)
{
	struct place at = p->t.at;
	char names[LEX_FILES_MAX][256], pattern[1024], name[256];
	struct buf texts[LEX_FILES_MAX], more;
	unsigned n = 0;
	int r = 0;

	if (p->t.kind != TOKEN_WORD && p->t.kind != TOKEN_STRING)
		return parse_unexpected(p, "the files to read: policy.d/*.conf");
	(void)snprintf(pattern, sizeof(pattern), "%s", p->t.text);
	if (p->from->read == NULL)
		return parse_fail(p, at, "Include is not possible here", NULL, NULL);
	for (r = 1; r == 1 && n < LEX_FILES_MAX; n += r == 1) {
		buf_init(&texts[n], FILE_MAX);
		r = p->from->read(p->from->arg, pattern, n, &texts[n], names[n], sizeof(names[n]));
		if (r != 1)
			buf_done(&texts[n]);
	}
	buf_init(&more, FILE_MAX);
	if (r == 1)
		r = p->from->read(p->from->arg, pattern, n, &more, name, sizeof(name));
	buf_done(&more);
	r = r < 0 ? parse_fail(p, at, "cannot read", pattern, strerror(-r)) :
	    r == 1 ? parse_fail(p, at, "too many files for one Include:", pattern, "64 at most") : 0;
	/* The last is opened first, so that the first is read first. */
	for (unsigned i = n; i > 0; i--) {
		if (r == 0)
			r = lex_push(p->lex, names[i - 1], buf_slice(&texts[i - 1]));
		if (r != 0 && r != -EINVAL)
			r = parse_fail(p, at, "Include nests too deep, or the files are too large in all:", pattern, "8 MiB at most");
		buf_done(&texts[i - 1]);
	}
	return r == 0 ? parse_next(p) : r;
}

static int
parse_macro(struct parse *p, const char *name, struct place at)
{
	int r = parse_next(p);

	if (r != 0)
		return r;
	if (p->t.kind != TOKEN_STRING)
		return parse_unexpected(p, "a macro is NAME = \"text\"");
	r = lex_define(p->lex, name, p->t.text);
	if (r == -EEXIST)
		return parse_fail(p, at, "this macro is used before it is defined, or defined twice:", name, "define it once, before its use");
	if (r == -E2BIG)
		return parse_fail(p, at, "too many macros", NULL, "256 at most");
	if (r == -ENOMEM)
		return parse_no_memory(p);
	return r == 0 ? parse_next(p) : r;
}

/* Where a word belongs that starts no statement, if it has a place in one. */
static int
unknown_statement(struct parse *p, struct place at, const char *word)
{
	static const struct { const char *word, *form; } inner[] = {
		{ "sha256", digest_form }, { "on", "permit WHO VERB,.. on HOSTS" }, { "reason", "deny WHO VERB,.. on HOSTS reason TEXT" },
		{ "unless", "deny WHO VERB,.. on HOSTS unless ..." }, { "for", "require OBLIGATION for WHO VERB,.. on HOSTS" },
		{ "within", "require approval N from WHO within TIME for ..." }, { "match", "watch WHO on HOSTS match /ERE/ then ACTION" },
		{ "then", "watch WHO on HOSTS match /ERE/ then ACTION" }, { "with", "permit WHO plugin on HOSTS plugin NAME with { ... }" },
	};
	char form[160];

	for (size_t i = 0; i < COUNT(inner); i++)
		if (strcmp(word, inner[i].word) == 0)
			return parse_fail(p, at, "misplaced", word, inner[i].form);
	if (clause_bit(word) != 0)
		(void)snprintf(form, sizeof(form), "permit WHO VERB,.. on HOSTS %.40s ...", word);
	else if (obligation_is(word))
		(void)snprintf(form, sizeof(form), "require %.40s ... for WHO VERB,.. on HOSTS", word);
	else if (option_is(word))
		(void)snprintf(form, sizeof(form), "permit WHO VERB,.. on HOSTS options { %.40s ... }", word);
	else
		return parse_unknown(p, at, "unknown statement", word, statements, COUNT(statements));
	return parse_fail(p, at, "misplaced", word, form);
}

static int
parse_statement(struct parse *p)
{
	struct place at = p->t.at;
	char word[sizeof(p->t.text)];
	int r;

	if (p->t.kind != TOKEN_WORD)
		return parse_unexpected(p, "a statement starts here: role, hosts, command, time, permit, deny");
	memcpy(word, p->t.text, sizeof(word));
	r = parse_next(p);
	if (r != 0)
		return r;
	if (parse_at_mark(p, '='))
		return parse_macro(p, word, at);
	if (strcmp(word, "role") == 0)
		return parse_role(p);
	if (strcmp(word, "hosts") == 0)
		return parse_hosts(p);
	if (strcmp(word, "command") == 0)
		return parse_command(p);
	if (strcmp(word, "time") == 0)
		return parse_time(p);
	if (strcmp(word, "permit") == 0 || strcmp(word, "deny") == 0)
		return parse_rule(p, word[0] == 'p', at);
	if (strcmp(word, "require") == 0)
		return parse_require(p, at);
	if (strcmp(word, "watch") == 0)
		return parse_watch(p, at);
	if (strcmp(word, "Include") == 0)
		return parse_include(p);
	return unknown_statement(p, at, word);
}

static struct policy *
policy_new(void)
{
	struct pool *pool = pool_new();
	struct policy *p = pool != NULL ? pool_get(pool, sizeof(*p)) : NULL;

	if (p == NULL) {
		pool_free(pool);
		return NULL;
	}
	p->pool = pool;
	p->names = dict_new(pool);
	p->roles_end = &p->roles;
	p->sets_end = &p->sets;
	p->commands_end = &p->commands;
	p->times_end = &p->times;
	p->rules_end = &p->rules;
	p->requires_end = &p->requires;
	p->watches_end = &p->watches;
	if (p->names != NULL)
		return p;
	pool_free(pool);
	return NULL;
}

struct policy *
policy_parse(const char *name, struct slice text, const struct policy_source *from, struct err *e)
{
	static const struct policy_able everything = { 0 };
	struct err ignored = { 0 };
	struct parse p = { .p = policy_new(), .from = from, .able = from->able != NULL ? from->able : &everything,
		.e = e != NULL ? e : &ignored };
	int r = -ENOMEM;

	p.lex = p.p != NULL ? lex_new(p.p->pool, p.e) : NULL;
	if (p.lex != NULL)
		r = lex_push(p.lex, name, text);
	if (r != 0 && r != -EINVAL)
		err_set(p.e, r, "%s: out of memory", name);
	if (r == 0)
		r = parse_next(&p);
	while (r == 0 && p.t.kind != TOKEN_END)
		r = parse_statement(&p);
	if (r == 0)
		r = policy_check(p.p, p.e);
	if (r == 0 && index_build(p.p) != 0)
		r = parse_no_memory(&p);
	lex_free(p.lex);
	if (r == 0)
		return p.p;
	policy_free(p.p);
	return NULL;
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	ere_free_all(p);
	pool_free(p->pool);
}

struct policy_size
policy_size(const struct policy *p)
{
	return (struct policy_size){ p->rules_n, p->requires_n, p->watches_n };
}
