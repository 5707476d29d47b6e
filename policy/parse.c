/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The grammar of policy(5), by recursive descent: each construct is a function, and an
 * error names the place, the word and what could stand there.  By hand and not by yacc,
 * because what a word means depends on where it stands (a label, a pattern, a time), and
 * because "did you mean" needs the list of what was possible.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/lex.h"

#define FILE_MAX    (1u << 20)
#define FILES_MAX   1000
#define EXPR_DEPTH  64

struct parse {
	struct policy *p;
	struct lex *lex;
	struct token t;                      /* the token in front */
	policy_read_fn *read;
	void *arg;
	unsigned depth, files;
	struct err *e;
};

const char *const policy_verbs[] = { "shell", "exec", "put", "get", "forward", "jump", "agent-forward", "x11",
	"plugin", "fetch", "push", "watch", "join", "replay", "approve", "drill", "heal", "admin", NULL };

static const char *const statements[] = { "role", "hosts", "command", "time", "permit", "deny", "require", "watch",
	"Include" };
static const char *const clauses[] = { "on", "as", "cmd", "plugin", "path", "to", "from", "when", "options", "id",
	"unless", "reason" };
static const char *const obligations[] = { "approval", "mfa", "record", "ticket", "notify", "moderator" };
static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

/* ---- errors and tokens ---- */

static int
fail_at(struct parse *p, struct place at, const char *what, const char *word, const char *hint)
{
	return err_set(p->e, -EINVAL, "%s:%u:%u: %s%s%s%s%s%s", at.file, at.line, at.col, what, word != NULL ? " \"" : "",
	    word != NULL ? word : "", word != NULL ? "\"" : "", hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

static int
unexpected(struct parse *p, const char *wanted)
{
	return fail_at(p, p->t.at, p->t.kind == TOKEN_END ? "the text ends where more is needed" : "unexpected",
	    p->t.kind == TOKEN_END ? NULL : p->t.text, wanted);
}

static int
unknown(struct parse *p, struct place at, const char *what, const char *word, const char *const *words, size_t n)
{
	const char *near = text_nearest(word, words, n);
	char hint[128];

	if (near != NULL)
		(void)snprintf(hint, sizeof(hint), "did you mean %s?", near);
	return fail_at(p, at, what, word, near != NULL ? hint : "see policy(5)");
}

static int
out_of_memory(struct parse *p)
{
	return err_set(p->e, -ENOMEM, "the policy is too large: 64 MiB at most");
}

static int
next(struct parse *p)
{
	return lex_next(p->lex, &p->t);
}

static bool
is_mark(const struct parse *p, char c)
{
	return p->t.kind == TOKEN_MARK && p->t.text[0] == c;
}

static bool
is_word(const struct parse *p, const char *word)
{
	return p->t.kind == TOKEN_WORD && strcmp(p->t.text, word) == 0;
}

static int
expect_mark(struct parse *p, char c)
{
	char wanted[32];

	if (is_mark(p, c))
		return next(p);
	(void)snprintf(wanted, sizeof(wanted), "'%c' belongs here", c);
	return unexpected(p, wanted);
}

/* A word or string, copied, and on to the next token. */
static int
take_text(struct parse *p, const char **text, const char *wanted)
{
	if (p->t.kind != TOKEN_WORD && p->t.kind != TOKEN_STRING)
		return unexpected(p, wanted);
	*text = pool_text(p->p->pool, slice_from(p->t.text));
	return *text != NULL ? next(p) : out_of_memory(p);
}

static int
take_name(struct parse *p, const char **name, const char *wanted)
{
	if (p->t.kind != TOKEN_WORD || !text_is_name(slice_from(p->t.text)))
		return unexpected(p, wanted);
	return take_text(p, name, wanted);
}

static bool
is_one_of(const struct parse *p, const char *const *words, size_t n)
{
	for (size_t i = 0; p->t.kind == TOKEN_WORD && i < n; i++)
		if (strcmp(p->t.text, words[i]) == 0)
			return true;
	return false;
}

/* ---- who ---- */

static int
parse_who_one(struct parse *p, struct who **ret)
{
	struct who *w = pool_get(p->p->pool, sizeof(*w));
	const char *text = p->t.text;

	if (w == NULL)
		return out_of_memory(p);
	*ret = w;
	w->at = p->t.at;
	w->kind = WHO_USER;
	if (is_word(p, "any")) {
		w->kind = WHO_ANY;
		return next(p);
	}
	if (is_word(p, "role")) {
		w->kind = WHO_ROLE;
		return next(p) == 0 ? take_name(p, &w->name, "the name of a role") : p->e->code;
	}
	if (p->t.kind == TOKEN_WORD && (text[0] == ':' || strncmp(text, "cert:", 5) == 0)) {
		w->kind = text[0] == ':' ? WHO_GROUP : WHO_CERT;
		text += text[0] == ':' ? 1 : 5;
		if (!text_is_name(slice_from(text)))
			return unexpected(p, "a group is :NAME, a certificate's principal cert:NAME");
		w->name = pool_text(p->p->pool, slice_from(text));
		return w->name != NULL ? next(p) : out_of_memory(p);
	}
	return take_name(p, &w->name, "a user, :group, cert:principal, role NAME or any");
}

static int
parse_who(struct parse *p, struct who **ret)
{
	struct who **end = ret;
	int r;

	for (;;) {
		r = parse_who_one(p, end);
		if (r != 0 || !is_mark(p, ','))
			return r;
		end = &(*end)->next;
		r = next(p);
		if (r != 0)
			return r;
	}
}

/* ---- hosts ---- */

static int parse_or(struct parse *p, struct expr **ret, bool in_set);

static struct expr *
expr_new(struct parse *p, enum expr_kind kind, struct expr *a, struct expr *b)
{
	struct expr *x = pool_get(p->p->pool, sizeof(*x));

	if (x == NULL)
		return NULL;
	*x = (struct expr){ .kind = kind, .a = a, .b = b, .at = p->t.at };
	return x;
}

/* key=glob, or a bare word: a set; inside hosts {} also a label that the host must have. */
static int
parse_label(struct parse *p, struct expr *x, bool in_set)
{
	int r = take_name(p, &x->key, "a label KEY=VALUE, the name of a hosts set, name ~ \"GLOB\", host NAME or any");

	if (r != 0)
		return r;
	if (!is_mark(p, '=')) {
		x->kind = in_set ? EXPR_HAS : EXPR_SET;
		return 0;
	}
	x->kind = EXPR_LABEL;
	r = next(p);
	return r == 0 ? take_text(p, &x->value, "the label's value") : r;
}

static int
parse_atom(struct parse *p, struct expr **ret, bool in_set)
{
	struct expr *x = expr_new(p, EXPR_ANY, NULL, NULL);
	int r;

	if (x == NULL)
		return out_of_memory(p);
	*ret = x;
	if (is_word(p, "any"))
		return next(p);
	if (is_word(p, "host")) {
		x->kind = EXPR_NAME;
		r = next(p);
		return r == 0 ? take_name(p, &x->value, "a host's name") : r;
	}
	if (!is_word(p, "name"))
		return parse_label(p, x, in_set);
	x->kind = EXPR_NAME;
	r = next(p);
	if (r == 0 && !is_word(p, "~"))
		return unexpected(p, "name ~ \"GLOB\"");
	if (r == 0)
		r = next(p);
	return r == 0 ? take_text(p, &x->value, "a glob in quotes") : r;
}

static int
parse_unary(struct parse *p, struct expr **ret, bool in_set)
{
	struct expr *inner = NULL;
	int r;

	if (++p->depth > EXPR_DEPTH)
		return fail_at(p, p->t.at, "the expression nests too deep", NULL, "64 levels at most");
	if (is_mark(p, '!')) {
		r = next(p);
		if (r == 0)
			r = parse_unary(p, &inner, in_set);
		if (r == 0 && (*ret = expr_new(p, EXPR_NOT, inner, NULL)) == NULL)
			r = out_of_memory(p);
	} else if (is_mark(p, '(')) {
		r = next(p);
		if (r == 0)
			r = parse_or(p, ret, in_set);
		if (r == 0)
			r = expect_mark(p, ')');
	} else {
		r = parse_atom(p, ret, in_set);
	}
	p->depth--;
	return r;
}

static int
parse_binary(struct parse *p, struct expr **ret, bool in_set, char mark, enum expr_kind kind,
    int (*operand)(struct parse *, struct expr **, bool))
{
	struct expr *right = NULL;
	int r = operand(p, ret, in_set);

	while (r == 0 && is_mark(p, mark)) {
		r = next(p);
		if (r == 0)
			r = operand(p, &right, in_set);
		if (r == 0 && (*ret = expr_new(p, kind, *ret, right)) == NULL)
			r = out_of_memory(p);
	}
	return r;
}

static int
parse_and(struct parse *p, struct expr **ret, bool in_set)
{
	return parse_binary(p, ret, in_set, '&', EXPR_AND, parse_unary);
}

static int
parse_or(struct parse *p, struct expr **ret, bool in_set)
{
	return parse_binary(p, ret, in_set, '|', EXPR_OR, parse_and);
}

/* ---- commands ---- */

static int
parse_arg(struct parse *p, struct arg ***end, bool optional)
{
	struct arg *a = pool_get(p->p->pool, sizeof(*a));

	if (a == NULL)
		return out_of_memory(p);
	a->quoted = p->t.kind == TOKEN_STRING;
	a->optional = optional;
	**end = a;
	*end = &a->next;
	return take_text(p, &a->text, "an argument");
}

static int
pattern_check(struct parse *p, struct pattern *pat, struct place at)
{
	const char *wrong;

	if (pat->args == NULL || pat->args->text[0] != '/' || pat->args->optional)
		return fail_at(p, at, "a command starts with its absolute path", NULL, "e.g. /usr/bin/uptime");
	for (struct arg *a = pat->args; a != NULL; a = a->next)
		if (!a->quoted && (wrong = arg_check(a->text, a->next == NULL)) != NULL)
			return fail_at(p, at, "bad pattern", a->text, wrong);
	return 0;
}

static int
parse_pattern(struct parse *p, struct pattern *pat)
{
	struct arg **end = &pat->args;
	struct place at = p->t.at;
	bool optional = false;
	int r = 0;

	while (r == 0 && (p->t.kind == TOKEN_WORD || p->t.kind == TOKEN_STRING)) {
		if (is_word(p, "[") || is_word(p, "]")) {
			if (optional == is_word(p, "["))
				return unexpected(p, "[ and ] come in pairs and do not nest");
			optional = is_word(p, "[");
			r = next(p);
		} else {
			r = parse_arg(p, &end, optional);
		}
	}
	if (r == 0 && optional)
		return unexpected(p, "']' belongs here");
	return r == 0 ? pattern_check(p, pat, at) : r;
}

static int
parse_patterns(struct parse *p, struct command *c)
{
	struct pattern **end = &c->patterns;
	int r;

	lex_set_raw(p->lex, true);
	r = expect_mark(p, '{');
	while (r == 0) {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return out_of_memory(p);
		r = parse_pattern(p, *end);
		end = &(*end)->next;
		if (r != 0 || !is_mark(p, ';'))
			break;
		r = next(p);
		if (r == 0 && is_mark(p, '}'))
			break;
	}
	lex_set_raw(p->lex, false);
	return r == 0 ? expect_mark(p, '}') : r;
}

/* ---- statements with a name ---- */

static int
parse_role(struct parse *p)
{
	struct role *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return out_of_memory(p);
	x->at = p->t.at;
	r = take_name(p, &x->name, "the role's name");
	if (r == 0)
		r = expect_mark(p, '{');
	if (r == 0 && !is_mark(p, '}'))
		r = parse_who(p, &x->members);
	*p->p->roles_end = x;
	p->p->roles_end = &x->next;
	return r == 0 ? expect_mark(p, '}') : r;
}

static int
parse_hosts(struct parse *p)
{
	struct set *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return out_of_memory(p);
	x->at = p->t.at;
	r = take_name(p, &x->name, "the set's name");
	if (r == 0)
		r = expect_mark(p, '{');
	if (r == 0)
		r = parse_or(p, &x->expr, true);
	*p->p->sets_end = x;
	p->p->sets_end = &x->next;
	return r == 0 ? expect_mark(p, '}') : r;
}

static int
parse_command(struct parse *p)
{
	struct command *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return out_of_memory(p);
	x->at = p->t.at;
	r = take_name(p, &x->name, "the command's name");
	if (r == 0 && is_word(p, "sha256"))
		return fail_at(p, p->t.at, "sha256 of an executable is not available yet", NULL, "leave it out");
	*p->p->commands_end = x;
	p->p->commands_end = &x->next;
	return r == 0 ? parse_patterns(p, x) : r;
}

static int
day_index(struct slice s)
{
	for (int i = 0; i < 7; i++)
		if (slice_is(s, days[i]))
			return i;
	return -1;
}

/* "Mon-Fri", "Sat", "Mon,Wed" comes as words and commas. */
static int
parse_days(struct parse *p, unsigned *mask)
{
	const char *dash = strchr(p->t.text, '-');
	size_t n = strlen(p->t.text);
	int from, until;

	if (p->t.kind != TOKEN_WORD)
		return unexpected(p, "days: Mon-Fri, or Sat,Sun");
	from = day_index(slice_of(p->t.text, dash != NULL ? (size_t)(dash - p->t.text) : n));
	until = dash != NULL ? day_index(slice_from(dash + 1)) : from;
	if (from < 0 || until < 0)
		return unexpected(p, "days: Mon-Fri, or Sat,Sun");
	for (int i = from;; i = (i + 1) % 7) {
		*mask |= 1u << i;
		if (i == until)
			return next(p);
	}
}

static bool
minutes(const char *s, int *min)
{
	if (strlen(s) < 5 || !isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]) || s[2] != ':' ||
	    !isdigit((unsigned char)s[3]) || !isdigit((unsigned char)s[4]))
		return false;
	*min = ((s[0] - '0') * 10 + s[1] - '0') * 60 + (s[3] - '0') * 10 + s[4] - '0';
	return *min <= 24 * 60 && s[3] < '6';
}

/* UTC, or the zone's distance as +08:00. */
static int
parse_zone(struct parse *p, struct when *w)
{
	const char *t = p->t.text;
	int min;

	if (is_word(p, "UTC"))
		return next(p);
	if (p->t.kind == TOKEN_WORD && (t[0] == '+' || t[0] == '-') && strlen(t) == 6 && minutes(t + 1, &min)) {
		w->offset_min = t[0] == '-' ? -min : min;
		return next(p);
	}
	if (p->t.kind == TOKEN_WORD && strchr(t, '/') != NULL)
		return fail_at(p, p->t.at, "names of time zones are not available yet:", t, "write the distance from UTC, e.g. +08:00");
	return 0;
}

static int
parse_time(struct parse *p)
{
	struct when *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return out_of_memory(p);
	x->at = p->t.at;
	r = take_name(p, &x->name, "the time's name");
	if (r == 0)
		r = parse_days(p, &x->days);
	while (r == 0 && is_mark(p, ',')) {
		r = next(p);
		if (r == 0)
			r = parse_days(p, &x->days);
	}
	if (r == 0 && (p->t.kind != TOKEN_WORD || strlen(p->t.text) != 11 || p->t.text[5] != '-' ||
	    !minutes(p->t.text, &x->from_min) || !minutes(p->t.text + 6, &x->until_min)))
		return unexpected(p, "hours: 09:00-18:00");
	if (r == 0)
		r = next(p);
	if (r == 0)
		r = parse_zone(p, x);
	*p->p->times_end = x;
	p->p->times_end = &x->next;
	return r;
}

/* ---- rules ---- */

static int
parse_verbs(struct parse *p, unsigned *verbs)
{
	unsigned bit;
	size_t n = 0;
	int r;

	while (policy_verbs[n] != NULL)
		n++;
	for (;;) {
		if (p->t.kind != TOKEN_WORD)
			return unexpected(p, "verbs: shell, exec, put, get … or any");
		bit = is_word(p, "any") ? POLICY_VERBS_ALL : verb_bit(slice_from(p->t.text));
		if (bit == 0)
			return unknown(p, p->t.at, "unknown verb", p->t.text, policy_verbs, n);
		*verbs |= bit;
		r = next(p);
		if (r != 0 || !is_mark(p, ','))
			return r;
		r = next(p);
		if (r != 0)
			return r;
	}
}

static int
clause_as(struct parse *p, struct rule *x)
{
	struct word **end = &x->logins;
	int r;

	for (;;) {
		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return out_of_memory(p);
		r = take_name(p, &(*end)->text, "a login");
		end = &(*end)->next;
		if (r != 0 || !is_mark(p, ','))
			return r;
		r = next(p);
		if (r != 0)
			return r;
	}
}

static int
clause_cmd(struct parse *p, struct rule *x)
{
	if (!is_mark(p, '{'))
		return take_name(p, &x->cmd_name, "the name of a command, or { PATTERN }");
	x->cmd = pool_get(p->p->pool, sizeof(*x->cmd));
	return x->cmd != NULL ? parse_patterns(p, x->cmd) : out_of_memory(p);
}

static int
clause_from(struct parse *p, struct rule *x)
{
	struct cidr **end = &x->from;
	int r;

	for (;;) {
		struct place at = p->t.at;

		*end = pool_get(p->p->pool, sizeof(**end));
		if (*end == NULL)
			return out_of_memory(p);
		r = take_text(p, &(*end)->text, "an address or network: 10.8.0.0/24");
		if (r == 0 && cidr_parse((*end)->text, *end) != 0)
			return fail_at(p, at, "not an address or network", (*end)->text, "e.g. 10.8.0.0/24, 2001:db8::/32");
		end = &(*end)->next;
		if (r != 0 || !is_mark(p, ','))
			return r;
		r = next(p);
		if (r != 0)
			return r;
	}
}

static int
clause_unless(struct parse *p, struct rule *x)
{
	if (!is_word(p, "role"))
		return unexpected(p, "unless role NAME");
	return parse_who(p, &x->unless);
}

static int
parse_clause(struct parse *p, struct rule *x)
{
	char word[16];
	struct place at = p->t.at;
	int r;

	(void)snprintf(word, sizeof(word), "%.15s", p->t.text);
	if (strcmp(word, "plugin") == 0 || strcmp(word, "path") == 0 || strcmp(word, "options") == 0)
		return fail_at(p, at, "not available yet:", word, "leave the rule out until it is");
	r = next(p);
	if (r != 0)
		return r;
	if (strcmp(word, "on") == 0)
		return x->on == NULL ? parse_or(p, &x->on, false) : fail_at(p, at, "given twice:", word, NULL);
	if (strcmp(word, "as") == 0)
		return clause_as(p, x);
	if (strcmp(word, "cmd") == 0)
		return clause_cmd(p, x);
	if (strcmp(word, "to") == 0)
		return take_text(p, &x->to, "HOST:PORT");
	if (strcmp(word, "from") == 0)
		return clause_from(p, x);
	if (strcmp(word, "when") == 0)
		return take_name(p, &x->when_name, "the name of a time");
	if (strcmp(word, "id") == 0)
		return take_name(p, &x->id, "the rule's id");
	if (strcmp(word, "unless") == 0)
		return clause_unless(p, x);
	return take_text(p, &x->reason, "the reason in quotes");
}

/* Every rule has a name: its id, or its place in the policy, which stands in each decision's audit row. */
static int
name_rule(struct parse *p, struct rule *x)
{
	char name[32];

	(void)snprintf(name, sizeof(name), x->obligation != 0 ? "require-%zu" : "rule-%zu",
	    x->obligation != 0 ? p->p->requires_n : p->p->rules_n);
	x->id = pool_text(p->p->pool, slice_from(name));
	return x->id != NULL ? 0 : out_of_memory(p);
}

/* WHO VERB,.. on HOSTS and what follows. */
static int
parse_matchers(struct parse *p, struct rule *x)
{
	int r = parse_who(p, &x->who);

	if (r == 0)
		r = parse_verbs(p, &x->verbs);
	if (r == 0 && !is_word(p, "on"))
		return unexpected(p, "on HOSTS belongs here");
	while (r == 0 && is_one_of(p, clauses, COUNT(clauses)))
		r = parse_clause(p, x);
	return r;
}

static int
parse_rule(struct parse *p, bool permit, struct place at)
{
	struct rule *x = pool_get(p->p->pool, sizeof(*x));
	int r;

	if (x == NULL)
		return out_of_memory(p);
	x->permit = permit;
	x->at = at;
	r = parse_matchers(p, x);
	if (r == 0 && permit && (x->unless != NULL || x->reason != NULL))
		return fail_at(p, at, "unless and reason belong to deny", NULL, "take them out of this permit");
	*p->p->rules_end = x;
	p->p->rules_end = &x->next;
	p->p->rules_n++;
	return r == 0 && x->id == NULL ? name_rule(p, x) : r;
}

static int
parse_require(struct parse *p, struct place at, unsigned obligation)
{
	struct rule *x = pool_get(p->p->pool, sizeof(*x));
	int r = next(p);

	if (x == NULL)
		return out_of_memory(p);
	x->obligation = obligation;
	x->at = at;
	if (r == 0 && !is_word(p, "for"))
		return unexpected(p, "for WHO VERB,.. on HOSTS belongs here");
	if (r == 0)
		r = next(p);
	if (r == 0)
		r = parse_matchers(p, x);
	if (r == 0 && x->reason != NULL)
		return fail_at(p, at, "reason belongs to deny", NULL, "take it out of this requirement");
	*p->p->requires_end = x;
	p->p->requires_end = &x->next;
	p->p->requires_n++;
	return r == 0 && x->id == NULL ? name_rule(p, x) : r;
}

/* What is not there yet is understood so far that a typing error is told apart, and never ignored. */
static int
parse_obligation(struct parse *p, struct place at, bool watch)
{
	char what[64];

	if (!watch && is_word(p, "mfa"))
		return parse_require(p, at, POLICY_MFA);
	if (!watch && !is_one_of(p, obligations, COUNT(obligations)))
		return p->t.kind != TOKEN_WORD ? unexpected(p, "an obligation: approval, mfa, record …") :
		    unknown(p, p->t.at, "unknown obligation", p->t.text, obligations, COUNT(obligations));
	(void)snprintf(what, sizeof(what), "%s%.20s is not available yet", watch ? "" : "require ", watch ? "watch" : p->t.text);
	return fail_at(p, at, what, NULL, "a policy that needs it cannot be loaded");
}

static int
parse_include(struct parse *p)
{
	struct place at = p->t.at;
	char names[64][256], pattern[1024];
	struct buf texts[64];
	unsigned n = 0;
	int r = 0;

	if (p->t.kind != TOKEN_WORD && p->t.kind != TOKEN_STRING)
		return unexpected(p, "the files to read: policy.d/*.conf");
	(void)snprintf(pattern, sizeof(pattern), "%s", p->t.text);
	if (p->read == NULL)
		return fail_at(p, at, "Include is not possible here", NULL, NULL);
	for (r = 1; r == 1 && n < 64; n += r == 1) {
		buf_init(&texts[n], FILE_MAX);
		r = p->read(p->arg, pattern, n, &texts[n], names[n], sizeof(names[n]));
		if (r != 1)
			buf_done(&texts[n]);
	}
	if (r < 0)
		r = fail_at(p, at, "cannot read", pattern, strerror(-r));
	/* The last is opened first, so that the first is read first. */
	for (unsigned i = n; i > 0; i--) {
		if (r == 0 && lex_push(p->lex, names[i - 1], buf_slice(&texts[i - 1])) != 0)
			r = fail_at(p, at, "Include nests too deep, or too many files at once:", pattern, "16 at most");
		buf_done(&texts[i - 1]);
	}
	return r == 0 ? next(p) : r;
}

static int
parse_macro(struct parse *p, const char *name, struct place at)
{
	int r = next(p);

	if (r == 0 && p->t.kind != TOKEN_STRING)
		return unexpected(p, "a macro is NAME = \"text\"");
	if (r == 0 && lex_define(p->lex, name, p->t.text) != 0)
		return fail_at(p, at, "too many macros", NULL, "256 at most");
	return r == 0 ? next(p) : r;
}

static int
parse_statement(struct parse *p)
{
	struct place at = p->t.at;
	char word[sizeof(p->t.text)];
	int r;

	if (p->t.kind != TOKEN_WORD)
		return unexpected(p, "a statement starts here: role, hosts, command, time, permit, deny");
	memcpy(word, p->t.text, sizeof(word));
	r = next(p);
	if (r != 0)
		return r;
	if (is_mark(p, '='))
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
	if (strcmp(word, "require") == 0 || strcmp(word, "watch") == 0)
		return parse_obligation(p, at, word[0] == 'w');
	if (strcmp(word, "Include") == 0)
		return parse_include(p);
	return unknown(p, at, "unknown statement", word, statements, COUNT(statements));
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
	p->roles_end = &p->roles;
	p->sets_end = &p->sets;
	p->commands_end = &p->commands;
	p->times_end = &p->times;
	p->rules_end = &p->rules;
	p->requires_end = &p->requires;
	return p;
}

struct policy *
policy_parse(const char *name, struct slice text, policy_read_fn *read, void *arg, struct err *e)
{
	struct err ignored = { 0 };
	struct parse p = { .p = policy_new(), .read = read, .arg = arg, .e = e != NULL ? e : &ignored };
	int r = -ENOMEM;

	p.lex = p.p != NULL ? lex_new(p.p->pool, p.e) : NULL;
	if (p.lex != NULL)
		r = lex_push(p.lex, name, text);
	if (r != 0)
		err_set(p.e, r, "%s: out of memory", name);
	if (r == 0)
		r = next(&p);
	while (r == 0 && p.t.kind != TOKEN_END)
		r = parse_statement(&p);
	if (r == 0)
		r = policy_check(p.p, p.e);
	lex_free(p.lex);
	if (r == 0)
		return p.p;
	policy_free(p.p);
	return NULL;
}

void
policy_free(struct policy *p)
{
	if (p != NULL)
		pool_free(p->pool);
}

size_t
policy_rules(const struct policy *p)
{
	return p->rules_n;
}
