/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The policy as it was read.  Everything lies in one pool and is freed at once. */
#ifndef POLICY_AST_H
#define POLICY_AST_H

#include <regex.h>

#include "base/buf.h"
#include "base/net.h"
#include "policy/policy.h"

struct pool;

struct pool *pool_new(void);
void *pool_get(struct pool *p, size_t n);              /* zeroed; NULL when out of memory or above 64 MiB */
char *pool_text(struct pool *p, struct slice s);
void pool_free(struct pool *p);

struct place {
	const char *file;
	unsigned line, col;
};

/* Who: any of a list. */
enum who_kind { WHO_ANY, WHO_USER, WHO_GROUP, WHO_CERT, WHO_ROLE };

struct who {
	struct who *next;
	enum who_kind kind;
	const char *name;
	struct role *role;                     /* resolved by check */
	struct place at;
};

struct role {
	struct role *next;
	const char *name;
	struct who *members;
	unsigned mark;                         /* for the search of cycles */
	struct place at;
};

/* Which hosts: a tree. */
enum expr_kind { EXPR_ANY, EXPR_LABEL, EXPR_HAS, EXPR_NAME, EXPR_SET, EXPR_NOT, EXPR_AND, EXPR_OR };

struct expr {
	enum expr_kind kind;
	const char *key, *value;               /* LABEL: key=glob; HAS: key; NAME: glob in value; SET: name in key */
	struct set *set;
	struct expr *a, *b;
	struct place at;
};

struct set {
	struct set *next;
	const char *name;
	struct expr *expr;
	unsigned mark;
	struct place at;
};

/* Which commands: patterns over the argument vector. */
struct arg {
	struct arg *next;
	const char *text;                      /* as written */
	bool quoted, optional;
	const struct ere *ere;                 /* of <re:…> */
};

struct pattern {
	struct pattern *next;
	struct arg *args;
};

struct command {
	struct command *next;
	const char *name;
	struct pattern *patterns;
	struct place at;
};

struct when {
	struct when *next;
	const char *name;
	unsigned days;                         /* bit 0: Monday */
	int from_min, until_min;               /* of the day */
	int offset_min;                        /* of the zone, east of UTC */
	struct place at;
};

struct word {
	struct word *next;
	const char *text;
};

struct cidr {
	struct cidr *next;
	const char *text;
	struct net_prefix prefix;
};

/* Whom a deny or a require spares: one of the three. */
struct except {
	struct except *next;
	struct who *who;
	struct cidr *from;
	const char *when_name;
	struct when *when;
	struct place at;
};

struct rule {                                  /* permit, deny, or (in its own list) require */
	struct rule *next;
	bool permit;
	struct policy_need need;               /* of a require; its kind is 0 in others */
	struct who *people;                    /* of the need */
	unsigned clauses;                      /* which were given: bits of parse_rule.c's table */
	struct who *who;
	unsigned verbs;                        /* bits, in the order of policy_verbs; all for any */
	bool any_verb;                         /* any was written; clauses may have narrowed it since */
	struct expr *on;
	struct word *logins;
	const char *cmd_name;
	struct command *cmd;                   /* by name, or in place */
	const char *to, *listen;               /* globs of HOST:PORT */
	struct cidr *from;
	const char *when_name;
	struct when *when;
	struct except *unless;
	const char *id, *reason;
	bool named;                            /* id was given */
	struct place at;
};

struct watch {
	struct watch *next;
	struct policy_watch w;
	struct who *who;
	struct expr *on;
	struct place at;
};

/* Extended regular expressions, compiled once; freed with the policy. */
#define ERE_MAX 500
struct ere {
	struct ere *next;
	const char *text;
	regex_t re;
};

struct policy {
	struct pool *pool;
	struct role *roles, **roles_end;
	struct set *sets, **sets_end;
	struct command *commands, **commands_end;
	struct when *times, **times_end;
	struct rule *rules, **rules_end;
	size_t rules_n;
	struct rule *requires, **requires_end;
	size_t requires_n;
	struct watch *watches, **watches_end;
	size_t watches_n;
	struct ere *eres;
};

/* Verbs, in the order of their bits; ended by NULL. */
#define POLICY_VERBS_ALL 0xffffffffu
unsigned verb_bit(struct slice verb);                  /* 0: unknown */

/* check.c: resolves names, refuses unknown ones and cycles. */
int policy_check(struct policy *p, struct err *e);
/* glob.c: ? one character, * any, ** any with slashes among them. */
#define GLOB_MAX 256
bool glob_path(struct slice glob, struct slice path);
/* argv.c */
#define PATTERN_ARGS_MAX 64
/* by_name: the program counts by the last part of its path, wherever it lies. */
bool pattern_matches(const struct pattern *p, const struct slice *argv, size_t n, bool by_name);
/* Is the pattern argument well formed?  NULL, or what is wrong. */
const char *arg_check(const char *text, bool is_last);
/* The expression inside <re:…>, or an empty slice. */
struct slice arg_ere(const char *text);

/* ere.c: bounded in size and in what it may take to match.  whole: anchored at both ends.  NULL: why it is none goes to *wrong;
 * or out of memory. */
const struct ere *ere_new(struct policy *p, struct slice text, bool whole, const char **wrong);
void ere_free_all(struct policy *p);
bool ere_hits(const struct ere *e, struct slice s);

/* able.c: is word among words?  NULL: they are all. */
bool able_has(const char *words, struct slice word);

/* match.c: the conditions of a rule, in the order in which they are asked. */
enum fit { FIT_NO, FIT_YES, FIT_UNKNOWN };             /* unknown: it cannot be judged */
struct condition {
	enum fit (*fits)(const struct rule *r, const struct policy_request *req);
	/* Why it does not fit, for people. */
	int (*say)(const struct rule *r, const struct policy_request *req, struct buf *out);
};
enum { CONDITION_WHO, CONDITION_VERB, CONDITION_HOST, CONDITIONS_MAX = 16 };
extern const struct condition rule_conditions[];       /* ended by a NULL fits */
/* Does this condition stop the rule?  A permit needs a yes, a deny and a require everything but a no. */
bool condition_stops(const struct condition *c, const struct rule *r, const struct policy_request *req);
bool rule_matches(const struct rule *r, const struct policy_request *req);
bool who_matches(const struct who *w, const struct policy_person *who);
bool expr_matches(const struct expr *x, const struct policy_request *req);
bool login_matches(const struct word *w, struct slice login);
/* Does unless spare this person, if nothing is known but who it is? */
bool except_person(const struct except *x, const struct policy_person *who);

/* print.c */
int print_who(struct buf *b, const struct who *w);
int print_ere(struct buf *b, const char *text);
int print_need(struct buf *b, const struct rule *r);
int print_expr(struct buf *b, const struct expr *x);
int print_patterns(struct buf *b, const struct command *c);

#endif
