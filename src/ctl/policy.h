/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* What the commands of `fortress policy` share. */
#ifndef CTL_POLICY_H
#define CTL_POLICY_H

#include "ctl/ctl.h"
#include "policy/policy.h"

struct zones;

/* The policy in path, or (NULL) the state's policy.conf.  whole: as if this bastion did all that the language has; else what it
 * does not do yet is an error.  NULL with c->e; caller frees with policy_free. */
struct policy *ctl_policy_load(struct ctl *c, const char *path, bool whole);

/* Of a policy_zone_fn: the system's, read into *z when the first one is asked for; zones_free. */
int ctl_policy_zone(struct zones **z, const char *name, struct buf *bytes);

/* --whole alone, then min to max words from argv[optind] on.  CTL_OK, or what is wrong was said. */
int ctl_policy_options(const struct ctl *c, int argc, char **argv, int min, int max, bool *whole);

enum { QUESTION_PARAMS = 16 };

/* Who wants to do what where.  Texts are loans; NULL: not said. */
struct question {
	const char *user, *verb, *host, *login, *src, *file, *to, *listen, *path, *plugin, *sha256;
	const char *groups, *labels, *certs;   /* "a,b", "k=v k=v", "a,b"; any of them or attrs: not out of the database */
	const char *attrs;                     /* of the user: "k=v k=v" */
	const char *params[QUESTION_PARAMS];   /* of the plugin: "k=v" */
	int params_n;
	const char *raw;                       /* a command as a plain sshd gets it, instead of argv */
	char **argv;                           /* words: joined to such a string … */
	int argc;
	bool exact;                            /* … or as they are, as an agent gets them */
	int64_t at_us;                         /* 0: now */
	bool whole, agent;                     /* agent: a staragent serves the host, as exact says too */
};

/* The decision, and in out why.  logins: of the host, the first is the default; user: the default without any. */
int question_ask(const struct policy *p, const struct question *q, const char *logins, struct buf *out, struct policy_decision *d);

int policy_explain_run(struct ctl *c, int argc, char **argv);
int policy_test_run(struct ctl *c, int argc, char **argv);
int policy_lint_run(struct ctl *c, int argc, char **argv);
int policy_diff_run(struct ctl *c, int argc, char **argv);

#endif
