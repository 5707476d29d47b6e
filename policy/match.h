/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A request as the rules are asked about it, and the conditions of a rule, one after another: does it fit, and if not, in
 * what words.  Decisions and explanations both go by this and by nothing else.
 */
#ifndef POLICY_MATCH_H
#define POLICY_MATCH_H

#include "policy/ast.h"

#define MATCH_WORDS_MAX 256

/* ---- index.c ---- */

/* Which rules and watches are about somebody, and which roles somebody has: bits, by number. */
struct policy_scope {
	uint64_t rules[RULES_MAX / 64], roles[ROLES_MAX / 64];
};

/* What index_build found out: 0 or -ENOMEM. */
int index_build(struct policy *p);
/* everybody: with the rules that are for any. */
void scope_fill(const struct policy *p, const struct policy_person *who, bool everybody, struct policy_scope *ret);
size_t index_rules(const struct policy *p);                                /* rules and requires together */
const struct rule *index_rule(const struct policy *p, size_t number);

struct seen_label {
	unsigned key, value;                           /* as the policy numbers its words; value 0: it does not know it */
	struct slice text;
};

struct asked {
	const struct policy *p;
	const struct policy_request *req;
	const struct policy_scope *scope;
	unsigned verb;                                 /* its bit */
	bool met_path;                                 /* a rule that looks at paths came as far as that */
	const struct rule *by;                         /* what asked_decide decided by, or NULL */
	struct seen_label labels[POLICY_LABELS_MAX];   /* those that the policy speaks of */
	size_t labels_n;
	unsigned short pairs[POLICY_LABELS_MAX + 1];   /* which key=value there are, folded */
	size_t pairs_n;
	bool split;                                    /* words were sought */
	int words_n;                                   /* or negative: no simple command */
	struct slice *words;                           /* room for MATCH_WORDS_MAX … */
	struct buf store;                              /* … and what they point to; both only if split */
};

/* scope: room for one, if the request brings none. */
void asked_init(struct asked *a, const struct policy *p, const struct policy_request *req, struct policy_scope *scope);
void asked_done(struct asked *a);
/* Those of the rules 64 * word … that can match at all, by who, verb and labels, a bit each.  Never leaves one out that does. */
uint64_t asked_candidates(const struct asked *a, size_t word);

/* eval.c: policy_eval, of a request that is prepared. */
void asked_decide(struct asked *a, struct policy_decision *ret);

/* ---- match.c ---- */

struct condition {
	enum fit (*fits)(const struct rule *r, struct asked *a);
	int (*say)(const struct rule *r, struct asked *a, struct buf *out);        /* why it does not, for people */
};
enum { CONDITION_WHO, CONDITION_VERB, CONDITION_HOST };
extern const struct condition rule_conditions[];       /* in the order in which they are asked; ended by a NULL fits */

/* match_what.c: those of them that are about what is done. */
enum fit what_fits_command(const struct rule *r, struct asked *a);
enum fit what_fits_path(const struct rule *r, struct asked *a);
enum fit what_fits_plugin(const struct rule *r, struct asked *a);
enum fit what_fits_forward(const struct rule *r, struct asked *a);
int what_say_command(const struct rule *r, struct asked *a, struct buf *out);
int what_say_path(const struct rule *r, struct asked *a, struct buf *out);
int what_say_plugin(const struct rule *r, struct asked *a, struct buf *out);
int what_say_forward(const struct rule *r, struct asked *a, struct buf *out);
/* The digest that a staragent must find the program to have before this permit, which matches, is one.  NULL: there is none. */
const char *what_demands(const struct rule *r, const struct asked *a);

/* Does this condition stop the rule?  A permit needs a yes, a deny and a require everything but a no. */
bool condition_stops(const struct condition *c, const struct rule *r, struct asked *a);
bool rule_matches(const struct rule *r, struct asked *a);
/* Has it conditions that, of all that is asked somehow, some meets and some does not? */
bool rule_is_partial(const struct rule *r);
bool who_matches(const struct who *w, const struct policy_person *who, const struct policy_scope *scope);
bool expr_matches(const struct expr *x, const struct asked *a);
bool login_matches(const struct word *w, struct slice login);
/* Might it, if nothing is known but who it is and from where? */
bool rule_may_match(const struct rule *r, struct asked *a);

#endif
