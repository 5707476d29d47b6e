/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * What the files of the parser share: the token that comes next, and the pieces that rules and
 * named things are made of.  Every function returns 0 or a negative code with p->e filled.
 */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include "policy/ast.h"
#include "policy/lex.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct parse {
	struct policy *p;
	struct lex *lex;
	struct token t;                      /* the token in front */
	const struct policy_source *from;
	const struct policy_able *able;
	struct zone_known *zones;            /* those that were read */
	unsigned depth;
	struct err *e;
};

/* parse_token.c */
int parse_fail(struct parse *p, struct place at, const char *what, const char *word, const char *hint);
int parse_unexpected(struct parse *p, const char *wanted);
int parse_unknown(struct parse *p, struct place at, const char *what, const char *word, const char *const *words, size_t n);
int parse_no_memory(struct parse *p);
int parse_not_yet(struct parse *p, struct place at, const char *before, const char *word);
int parse_next(struct parse *p);
bool parse_at_mark(const struct parse *p, char c);
bool parse_at_word(const struct parse *p, const char *word);
int parse_expect(struct parse *p, char c);
/* Behind one of a list: 1, and on to the next one, if this mark is in front; 0: that was the last; or negative. */
int parse_more(struct parse *p, char between);
int parse_take_text(struct parse *p, const char **text, const char *wanted);
int parse_take_name(struct parse *p, const char **name, const char *wanted);
/* The token that stands behind this one is a label's value, where $NAME may be an attribute of the user. */
int parse_next_value(struct parse *p);
/* The token that stands behind this one is /ERE/: compiled, and on to the next. */
int parse_take_ere(struct parse *p, const struct ere **ere);
int parse_take_number(struct parse *p, uint64_t min, uint64_t max, unsigned *ret, const char *wanted);
int parse_take_seconds(struct parse *p, unsigned *ret);

/* parse_expr.c */
int parse_who(struct parse *p, struct who **ret);
int parse_or(struct parse *p, struct expr **ret, bool in_set);
/* *x = *x | more; *x may be NULL. */
int parse_or_join(struct parse *p, struct expr **x, struct expr *more);
/* One argument of a pattern, at *end, which moves. */
int parse_arg(struct parse *p, struct arg ***end, bool optional);
int arg_finish(struct parse *p, struct arg *a, struct place at);
int parse_patterns(struct parse *p, struct command *c);

/* parse_when.c: DAYS HOURS [ZONE], added to x. */
int parse_window(struct parse *p, struct when *x);

/* parse_rule.c */
int parse_rule(struct parse *p, bool permit, struct place at);
/* WHO VERB,.. on HOSTS and what follows. */
int parse_matchers(struct parse *p, struct rule *x);

/* parse_clause.c: 1 and the clause is taken in; 0: there is none in front; or negative. */
int parse_clause(struct parse *p, struct rule *x);
unsigned clause_bit(const char *word);         /* of rule.clauses */

/* parse_require.c */
int parse_require(struct parse *p, struct place at);
int parse_watch(struct parse *p, struct place at);
bool obligation_is(const char *word);

#endif
