/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The policy in force: read from its files, asked, replaced.  What a permit is not good without is in the answer; whether
 * it is there needs.h says.
 */
#ifndef GATE_RULES_H
#define GATE_RULES_H

#include "base/clock.h"
#include "base/limits.h"
#include "gate/approval.h"
#include "gate/directory.h"
#include "policy/facts.h"

struct rules;
struct policy_scope;

/* Opens the directory of path for reading now and later (reloads happen inside the sandbox).  NULL with e. */
struct rules *rules_open(const char *path, struct err *e);
void rules_close(struct rules *r);
/* Reads the files again.  0, or negative with e (file:line:col: why); then what was in force stays. */
int rules_load(struct rules *r, struct err *e);

/* Somebody, as the policy sees people. */
struct rules_who {
	const char *name, *groups, *attrs;     /* attrs: "team=pay site=hz" */
	const struct slice *principals;    /* of the certificate that logged in */
	size_t principals_n;
	const struct policy_scope *scope;  /* rules_scope_new, for many questions about one; or NULL */
	bool guest;                /* not in the directory: only cert:NAME and any are about them, whatever their name */
};

struct rules_question {
	const struct rules_who *who;
	const struct dir_host *host;
	struct slice verb, login, command, to, listen, path, src;
	wall_t at;
	bool given;                /* see policy.h */
	bool terse;                /* a no needs no words */
	bool brief;                /* few words will do */
};
struct rules_answer {
	bool permit;
	bool by_path;              /* of put and get without a path: each is to be asked about */
	char rule[128];            /* the rule that decided, "" for the default */
	char text[1024];           /* policy's words: why, or why not */
	char brief[200];           /* the same in the few words that a column of a list has */
	struct policy_decision d;  /* until the policy is read again … */
	struct limits limits;      /* … and its limits and digests, for longer */

	/* needs.h */
	unsigned lacks;            /* bits of enum msg_lack: then it is no permit */
	char approval[APPROVAL_ID];        /* the request that was approved, or the one that waits, or "" */
	enum policy_record record; /* what has to be recorded of it */
	bool single;               /* the former is good for one time */
	char change[257];          /* the ticket that it is done for, or "" */
};

/* Nothing is permitted, and nobody says why.  (Most of the struct is room for words.) */
void rules_answer_init(struct rules_answer *a);
/* Pure.  Without a policy in force everything is denied. */
void rules_ask(const struct rules *r, const struct rules_question *q, struct rules_answer *ret);
/* If the policy permits q, and only because of what its command is (cmd): its words, appended as SSH strings, which are to
 * be run as they stand, by no shell.  How many; 0: a shell may have the command.  Negative: out of memory, or too long. */
int rules_words(const struct rules *r, const struct rules_question *q, struct buf *words);
/* What of the policy is about them; NULL (out of memory, no policy) does as well, only slower.  Good until the policy or they change. */
struct policy_scope *rules_scope_new(const struct rules *r, const struct rules_who *who);
void rules_scope_free(struct policy_scope *s);

/* Would this person do for the need?  None without a name, nor the one who asks. */
bool rules_takes(const struct rules *r, const struct policy_need *need, const struct rules_who *helper, const struct rules_who *asker);

/* Might they, from there, need a second factor for anything? */
bool rules_want_mfa(const struct rules *r, const struct rules_who *who, struct slice src);

/* What is watched for in the sessions of somebody on a host: copies. */
struct rules_watch {
	char id[128], ere[512];
	enum { RULES_ALERT = 1, RULES_FREEZE, RULES_KILL } action;
};
#define RULES_WATCH_MAX 64
/* At most RULES_WATCH_MAX into *ret, which the caller frees (NULL for none).  How many, or -ENOMEM. */
int rules_watches(const struct rules *r, const struct rules_question *q, struct rules_watch **ret);

/* Does a permit let them do this anywhere? */
bool rules_may_verb(const struct rules *r, const struct rules_who *who, const char *verb);
/* Does a permit name one of their principals? */
bool rules_name_principal(const struct rules *r, const struct rules_who *who);

const char *rules_hash(const struct rules *r);         /* hexadecimal SHA-256 of all files, "" without a policy */
const char *rules_error(const struct rules *r);        /* why the last load failed, "" if it did not */
struct slice rules_body(const struct rules *r);        /* the files as they were read, one after another */
/* When one of its times begins or ends next, in microseconds since 1970; 0: never. */
uint64_t rules_next_us(const struct rules *r, wall_t now);
unsigned rules_count(const struct rules *r);
const char *rules_dir(const struct rules *r);          /* where the sandbox must let us read */

#endif
