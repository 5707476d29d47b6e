/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The policy as it was read.  Everything lies in one pool and is freed at once. */
#ifndef POLICY_AST_H
#define POLICY_AST_H

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

struct rule {                                  /* permit, deny, or (in its own list) require */
	struct rule *next;
	bool permit;
	unsigned obligation;                   /* of a require: one bit */
	struct who *who;
	unsigned verbs;                        /* bits of enum; all for any */
	struct expr *on;
	struct word *logins;
	const char *cmd_name;
	struct command *cmd;                   /* by name, or in place */
	const char *to, *listen;               /* globs of HOST:PORT */
	struct cidr *from;
	const char *when_name;
	struct when *when;
	struct who *unless;
	const char *id, *reason;
	struct place at;
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
bool pattern_matches(const struct pattern *p, const struct slice *argv, size_t n);
/* Is the pattern argument well formed?  NULL, or what is wrong. */
const char *arg_check(const char *text, bool is_last);
/* eval.c: one rule against a request; NULL: it matches, else why not (into text). */
const char *rule_fails(const struct rule *r, const struct policy_request *req, char *text, size_t size);
bool who_matches(const struct who *w, const struct policy_request *req);
bool expr_matches(const struct expr *x, const struct policy_request *req);
bool login_matches(const struct word *w, struct slice login);
const char *rule_name(const struct rule *r);

#endif
