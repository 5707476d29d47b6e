/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The conditions of a rule: a table of words, each with its function and the verbs that it can be about. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/parse.h"

/* ---- login, command, destination ---- */

static int
clause_on(struct parse *p, struct rule *x)
{
	return parse_or(p, &x->on, false);
}

static int
clause_as(struct parse *p, struct rule *x)
{
	struct word **end = &x->logins;
	int r;

	do {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		r = parse_take_name(p, &(*end)->text, "a login");
		end = &(*end)->next;
	} while (r == 0 && (r = parse_more(p, ',')) == 1);
	return r;
}

static int
clause_cmd(struct parse *p, struct rule *x)
{
	if (!parse_at_mark(p, '{'))
		return parse_take_name(p, &x->cmd_name, "the name of a command, or { PATTERN }");
	x->cmd = pool_get(p->p->pool, sizeof(*x->cmd));
	return x->cmd != NULL ? parse_patterns(p, x->cmd) : parse_no_memory(p);
}

static int
parse_dest(struct parse *p, struct dest *d)
{
	const char *wrong;

	if (p->t.kind != TOKEN_WORD && p->t.kind != TOKEN_STRING)
		return parse_unexpected(p, "HOST:PORT");
	wrong = dest_parse(p->p, slice_from(p->t.text), d);
	return wrong == NULL ? parse_next(p) : parse_fail(p, p->t.at, "bad destination", p->t.text, wrong);
}

static int
parse_dests(struct parse *p, struct dest **end)
{
	int r;

	do {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		r = parse_dest(p, *end);
		end = &(*end)->next;
	} while (r == 0 && (r = parse_more(p, ',')) == 1);
	return r;
}

static int
clause_to(struct parse *p, struct rule *x)
{
	return parse_dests(p, &x->to);
}

static int
clause_listen(struct parse *p, struct rule *x)
{
	return parse_dests(p, &x->listen);
}

/* ---- files and plugins ---- */

static int
clause_path(struct parse *p, struct rule *x)
{
	struct word **end = &x->paths;
	int r;

	do {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		if (p->t.text[0] != '/' || strlen(p->t.text) > GLOB_MAX)
			return parse_unexpected(p, "an absolute path of at most 256 bytes, with * and **");
		r = parse_take_text(p, &(*end)->text, "a path");
		end = &(*end)->next;
	} while (r == 0 && (r = parse_more(p, ',')) == 1);
	return r;
}

/* NAME ARG, or [ NAME ARG ] for what may be left out. */
static int
parse_param(struct parse *p, struct param *x)
{
	bool optional = parse_at_word(p, "[");
	struct arg **end = &x->arg;
	struct place at;
	int r = optional ? parse_next(p) : 0;

	if (r == 0)
		r = parse_take_name(p, &x->name, "the name of a parameter");
	at = p->t.at;
	if (r == 0)
		r = parse_arg(p, &end, optional);
	if (r == 0 && !x->arg->quoted)
		r = strcmp(x->arg->text, "**") == 0 ? parse_fail(p, at, "** is no single value", NULL, "write *") : arg_finish(p, x->arg, at);
	if (r == 0 && optional && !parse_at_word(p, "]"))
		return parse_unexpected(p, "']' belongs here");
	return r == 0 && optional ? parse_next(p) : r;
}

static int
parse_params(struct parse *p, struct plugin *x)
{
	struct param **end = &x->params;
	int r;

	x->with = true;
	lex_set_raw(p->lex, true);
	r = parse_expect(p, '{');
	while (r == 0 && !parse_at_mark(p, '}')) {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		r = parse_param(p, *end);
		end = &(*end)->next;
		if (r != 0 || !parse_at_mark(p, ';'))
			break;
		r = parse_next(p);
	}
	lex_set_raw(p->lex, false);
	return r == 0 ? parse_expect(p, '}') : r;
}

static int
clause_plugin(struct parse *p, struct rule *x)
{
	int r;

	x->plugin = pool_get(p->p->pool, sizeof(*x->plugin));
	if (x->plugin == NULL)
		return parse_no_memory(p);
	r = parse_take_name(p, &x->plugin->name, "a plugin: NAME@VERSION");
	if (r != 0 || !parse_at_word(p, "with"))
		return r;
	r = parse_next(p);
	return r == 0 ? parse_params(p, x->plugin) : r;
}

/* ---- options ---- */

static bool
option_value(const struct option_row *o, const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	size_t n = strlen(text);
	uint64_t scale = 1;
	const char *unit;

	if (n == 0 || (text[n - 1] == '%') != (o->kind == OPTION_PERCENT))
		return false;
	if (o->kind == OPTION_PERCENT)
		n--;
	if (o->kind == OPTION_BYTES && (unit = strchr(units, text[n - 1])) != NULL) {
		scale = UINT64_C(1024) << 10 * (unit - units);
		n--;
	}
	if (!text_u64(slice_of(text, n), o->max / scale, ret) || *ret == 0)
		return false;
	*ret *= scale;
	return true;
}

/* A clause, or an option, narrows any to the verbs that it can be about; a verb that was named and is none of them is an error. */
static int
narrow(struct parse *p, struct rule *x, const char *word, const char *verbs, struct place at)
{
	char what[128];
	unsigned about = 0;

	for (unsigned i = 0; policy_verbs[i] != NULL; i++)
		if (able_has(verbs, slice_from(policy_verbs[i])))
			about |= 1u << i;
	if (x->any_verb)
		x->verbs &= about;
	if (x->verbs != 0 && (x->verbs & ~about) == 0)
		return 0;
	(void)snprintf(what, sizeof(what), "%s is about %s", word, verbs);
	return parse_fail(p, at, what, NULL, "other verbs need a rule of their own");
}

/* The rows of a word differ in what a value looks like. */
static int
parse_option(struct parse *p, struct rule *x)
{
	const char *words[POLICY_OPTIONS];
	char word[32];
	uint64_t value;
	struct place at = p->t.at;
	unsigned seconds;
	int r;

	(void)snprintf(word, sizeof(word), "%.31s", p->t.text);
	for (size_t i = 0; i < POLICY_OPTIONS; i++)
		words[i] = option_rows[i].word;
	if (p->t.kind != TOKEN_WORD || !option_is(p->t.text))
		return parse_unknown(p, p->t.at, "unknown option", word, words, POLICY_OPTIONS);
	if (!able_has(p->able->options, slice_from(word)))
		return parse_not_yet(p, p->t.at, "the option ", word);
	r = parse_next(p);
	for (size_t i = 0; r == 0 && i < POLICY_OPTIONS; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		if (option_rows[i].kind == OPTION_SECONDS && (r = parse_take_seconds(p, &seconds)) == 0)
			value = seconds;
		else if (r != 0 || p->t.kind != TOKEN_WORD || !option_value(&option_rows[i], p->t.text, &value))
			continue;
		else
			r = parse_next(p);
		if (r == 0 && option_rows[i].verbs != NULL)
			r = narrow(p, x, word, option_rows[i].verbs, at);
		x->options[i] = x->options[i] != 0 && x->options[i] < value ? x->options[i] : value;
		return r;
	}
	return r == 0 ? parse_unexpected(p, "a value that this option can have: timeout 10s, mem 64M, procs 20, "
	    "parallel 5%") : r;
}

static int
clause_options(struct parse *p, struct rule *x)
{
	int r = parse_expect(p, '{');

	while (r == 0 && !parse_at_mark(p, '}')) {
		r = parse_option(p, x);
		if (r != 0 || !parse_at_mark(p, ';'))
			break;
		r = parse_next(p);
	}
	return r == 0 ? parse_expect(p, '}') : r;
}

/* ---- from where, when, for whom not ---- */

static int
parse_networks(struct parse *p, struct cidr **ret)
{
	struct cidr **end = ret;
	int r;

	do {
		struct place at = p->t.at;

		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return parse_no_memory(p);
		r = parse_take_text(p, &(*end)->text, "an address or network: 10.8.0.0/24");
		if (r == 0 && net_prefix_parse(slice_from((*end)->text), &(*end)->prefix) != 0)
			return parse_fail(p, at, "not an address or network", (*end)->text, "e.g. 10.8.0.0/24, 2001:db8::/32");
		end = &(*end)->next;
	} while (r == 0 && (r = parse_more(p, ',')) == 1);
	return r;
}

static int
clause_from(struct parse *p, struct rule *x)
{
	return parse_networks(p, &x->from);
}

static int
clause_when(struct parse *p, struct rule *x)
{
	return parse_take_name(p, &x->when_name, "the name of a time");
}

/* WHO, or from NETWORK,.., or when TIME; may be said more than once. */
static int
clause_unless(struct parse *p, struct rule *x)
{
	struct except **end = &x->unless;
	int r;

	while (*end != NULL)
		end = &(*end)->next;
	*end = pool_get(p->p->pool, sizeof(**end));
	if (*end == NULL)
		return parse_no_memory(p);
	(*end)->at = p->t.at;
	if (!parse_at_word(p, "from") && !parse_at_word(p, "when"))
		return parse_who(p, &(*end)->who);
	if (parse_at_word(p, "from"))
		return (r = parse_next(p)) == 0 ? parse_networks(p, &(*end)->from) : r;
	r = parse_next(p);
	return r == 0 ? parse_take_name(p, &(*end)->when_name, "the name of a time") : r;
}

static int
clause_id(struct parse *p, struct rule *x)
{
	x->named = true;
	return parse_take_name(p, &x->id, "the rule's id");
}

static int
clause_reason(struct parse *p, struct rule *x)
{
	return parse_take_text(p, &x->reason, "the reason in quotes");
}

static const struct clause {
	const char *word;
	int (*parse)(struct parse *, struct rule *);
	bool again;                            /* may be given more than once */
	const char *verbs;                     /* that it can be about; NULL: all */
} clauses[] = {
	{ "on", clause_on, false, NULL }, { "as", clause_as, false, NULL }, { "cmd", clause_cmd, false, "exec" },
	{ "to", clause_to, false, "forward jump" }, { "listen", clause_listen, false, "forward" }, { "from", clause_from, false, NULL },
	{ "when", clause_when, false, NULL }, { "unless", clause_unless, true, NULL }, { "id", clause_id, false, NULL },
	{ "reason", clause_reason, false, NULL }, { "plugin", clause_plugin, false, "plugin" }, { "path", clause_path, false, "put get fetch push" },
	{ "options", clause_options, false, NULL },
};

unsigned
clause_bit(const char *word)
{
	for (size_t i = 0; i < COUNT(clauses); i++)
		if (strcmp(clauses[i].word, word) == 0)
			return 1u << i;
	return 0;
}

static const struct clause *
clause_find(const struct parse *p)
{
	for (size_t i = 0; i < COUNT(clauses); i++)
		if (parse_at_word(p, clauses[i].word))
			return &clauses[i];
	return NULL;
}

int
parse_clause(struct parse *p, struct rule *x)
{
	const struct clause *c = clause_find(p);
	struct place at = p->t.at;
	unsigned bit;
	int r;

	if (c == NULL)
		return 0;
	bit = 1u << (c - clauses);
	if (!able_has(p->able->clauses, slice_from(c->word)))
		return parse_not_yet(p, at, "", c->word);
	if ((x->clauses & bit) != 0 && !c->again)
		return parse_fail(p, at, "given twice:", c->word, NULL);
	x->clauses |= bit;
	r = c->verbs != NULL ? narrow(p, x, c->word, c->verbs, at) : 0;
	if (r == 0)
		r = parse_next(p);
	if (r == 0)
		r = c->parse(p, x);
	return r == 0 ? 1 : r;
}
