/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The policy as it was read.  Everything lies in one pool and is freed at once. */
#ifndef POLICY_AST_H
#define POLICY_AST_H

#include <regex.h>

#include "base/net.h"
#include "policy/policy.h"
#include "policy/pool.h"

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
	struct who *members, **members_end;
	bool defined;                          /* else only extended so far */
	unsigned depth;                        /* of roles in it (check.c) */
	unsigned number;                       /* from 0 */
	struct place at;
};

/* Which hosts: a tree. */
enum expr_kind { EXPR_ANY, EXPR_LABEL, EXPR_REFERENCE, EXPR_HAS, EXPR_NAME, EXPR_SET, EXPR_NOT, EXPR_AND, EXPR_OR };

struct expr {
	enum expr_kind kind;
	const char *key, *value;               /* LABEL: key=glob; REFERENCE: key=$value; HAS: key; NAME: glob in value; SET: name in key */
	unsigned key_id, value_id;             /* interned (index.c); value_id 0: a glob */
	struct set *set;
	struct expr *a, *b;
	struct place at;
};

struct set {
	struct set *next;
	const char *name;
	struct expr *expr;
	bool defined;
	unsigned depth, nodes;                 /* of sets in it (check.c) */
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

#define DIGEST_HEX 64
struct command {
	struct command *next;
	const char *name;
	const char *sha256;                    /* of the program, DIGEST_HEX small letters, or NULL */
	struct pattern *patterns, **patterns_end;
	bool defined;
	struct place at;
};

struct window {
	struct window *next;
	unsigned days;                         /* bit 0: Monday */
	int from_min, until_min;               /* of the day */
	int offset_min;                        /* of the zone, east of UTC … */
	const char *zone_name;                 /* … or NULL, or its name, */
	const struct zone *zone;               /* with what it says */
};

struct when {
	struct when *next;
	const char *name;
	struct window *windows, **windows_end;
	bool defined;
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

/* HOST:PORT of forwards. */
struct dest {
	struct dest *next;
	const char *text, *host, *port;        /* as written; globs */
	struct net_prefix prefix;
	bool is_prefix;                        /* host is an address or a network */
};

struct param {
	struct param *next;
	const char *name;
	struct arg *arg;                       /* optional: may be left out */
};

struct plugin {
	const char *name;                      /* NAME, or NAME@VERSION */
	struct param *params;
	bool with;                             /* params say what may be given; else anything may */
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
	unsigned clauses;                      /* which were given: bits of parse_clause.c's table */
	struct who *who;
	unsigned verbs;                        /* bits, in the order of policy_verbs; all for any */
	bool any_verb;                         /* any was written; clauses may have narrowed it since */
	struct expr *on;
	struct word *logins;
	const char *cmd_name;
	struct command *cmd;                   /* by name, or in place */
	struct plugin *plugin;
	struct word *paths;                    /* globs */
	struct dest *to, *listen;
	struct cidr *from;
	const char *when_name;
	struct when *when;
	struct except *unless;
	uint64_t options[POLICY_OPTIONS];      /* 0: not given */
	const char *id, *reason;
	bool named;                            /* id was given */
	unsigned number;                       /* from 0: rules, then requires */
	struct place at;
};

struct watch {
	struct watch *next;
	struct policy_watch w;
	struct who *who;
	struct expr *on;
	bool named;
	struct place at;
};

/* Extended regular expressions, compiled once; freed with the policy. */
#define ERE_MAX 500
struct ere {
	struct ere *next;
	const char *text;
	regex_t re;
};

#define RULES_MAX 16384
#define ROLES_MAX 4096

struct policy {
	struct pool *pool;
	struct role *roles, **roles_end;
	size_t roles_n;
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
	struct dict *names;                   /* of roles, sets, commands, times, by kind */
	struct index *index;
};

/* Kinds of names in p->names. */
enum { NAME_ROLE = 1, NAME_SET, NAME_COMMAND, NAME_TIME, NAME_ID };

/* Verbs, in the order of their bits; ended by NULL. */
#define POLICY_VERBS_ALL 0xffffffffu
unsigned verb_bit(struct slice verb);                  /* 0: unknown */

/* able.c: is word among words?  NULL: they are all. */
bool able_has(const char *words, struct slice word);

/* options.c */
enum option_kind { OPTION_SECONDS, OPTION_BYTES, OPTION_COUNT, OPTION_PERCENT };
struct option_row {
	const char *word;
	enum option_kind kind;
	uint64_t max;
	const char *verbs;                     /* that it can be about; NULL: all */
	bool agent;                            /* only a staragent keeps it */
};
extern const struct option_row option_rows[POLICY_OPTIONS];
bool option_is(const char *word);

/* check.c: resolves names, refuses unknown ones and cycles. */
int policy_check(struct policy *p, struct err *e);

/* glob.c: ? one character, * any, ** any with slashes among them. */
#define GLOB_MAX 256
bool glob_path(struct slice glob, struct slice path);
/* Absolute, without "." or ".." or "//", at most 1,024 bytes. */
bool path_is_plain(struct slice path);

/* argv.c */
#define PATTERN_ARGS_MAX 64
/* by_name: the program counts by the last part of its path, wherever it lies. */
bool pattern_matches(const struct pattern *p, const struct slice *argv, size_t n, bool by_name);
/* How many words fit before the first that does not (n: too few words); *wanted: what could stand there, NULL: nothing more. */
size_t pattern_reach(const struct pattern *p, const struct slice *argv, size_t n, const struct arg **wanted);
bool arg_matches(const struct arg *a, struct slice word);
/* Is the pattern argument well formed?  NULL, or what is wrong. */
const char *arg_check(const char *text, bool is_last);
/* The expression inside <re:…>, or an empty slice. */
struct slice arg_ere(const char *text);

/* ere.c: bounded in size and in what it may take to match.  whole: anchored at both ends.  NULL: why it is none goes to *wrong;
 * or out of memory. */
const struct ere *ere_new(struct policy *p, struct slice text, bool whole, const char **wrong);
void ere_free_all(struct policy *p);
#define ERE_LINE_MAX 4096
bool ere_hits(const struct ere *e, struct slice s);            /* what is longer hits nothing */

/* dest.c */
enum fit { FIT_NO, FIT_YES, FIT_UNKNOWN };             /* unknown: it cannot be judged */
const char *dest_parse(struct policy *p, struct slice text, struct dest *ret);         /* NULL, or what is wrong */
enum fit dest_fits(const struct dest *d, struct slice where);
enum fit dest_fits_listening(const struct dest *d, struct slice where);                /* where a host listens */

/* print.c */
extern const char *const day_names[7];                 /* in the order of a window's bits */
int print_who(struct buf *b, const struct who *w);
int print_string(struct buf *b, const char *text);
int print_ere(struct buf *b, const char *text);
int print_need(struct buf *b, const struct rule *r);
int print_expr(struct buf *b, const struct expr *x);
int print_arg(struct buf *b, const struct arg *a);
int print_patterns(struct buf *b, const struct command *c);
int print_plugin(struct buf *b, const struct plugin *x);
int print_rule(struct buf *b, const struct rule *x);

#endif
