/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The policy language, policy(5): a readable text and a pure evaluator,
 *
 *	(policy, request) → decision
 *
 * No file, no clock, no global: the caller brings the text, and the time in the request.
 * Total and order-independent.  A matching deny decides; else a matching permit; else the
 * default, which is to deny.  A permit comes with all that the matching requirements ask for.
 * What cannot be judged (a command that would take a shell to understand, a path with ".." in
 * it) matches no permit, but every deny and every require that asks for it.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct policy;
struct policy_scope;
struct who;
struct ere;

/* ---- reading ---- */

/*
 * What the caller does for a policy.  A policy that asks for more is refused with the place, "not available yet": nothing
 * in a policy is ever passed over.  Each is a list of words with one blank between them; NULL: all that the language has.
 */
struct policy_able {
	const char *obligations;               /* of require: "mfa record"; and "watch" for that statement */
	const char *verbs;                     /* that some door asks for; "any" means these */
	const char *clauses;                   /* of rules: "cmd to listen from when" … */
	const char *options;                   /* of options { } */
};
extern const struct policy_able policy_able_here;      /* what a bastion of this release does: the gate and fortress policy */

/* For Include: appends the text of the index-th file (from 0, sorted) that matches pattern, and its name.
 * 1, 0 when there are no more, or a negative code. */
typedef int policy_read_fn(void *arg, const char *pattern, unsigned index, struct buf *text, char *name, size_t size);

/* For time: appends the bytes of the time zone of this name (a file of zoneinfo, tzfile(5)).  The name is letters, digits, _ + -
 * and / between them.  0, -ENOENT: there is none, or another negative code. */
typedef int policy_zone_fn(void *arg, const char *name, struct buf *bytes);

struct policy_source {
	policy_read_fn *read;                  /* NULL: Include is an error */
	policy_zone_fn *zone;                  /* NULL: only UTC and +08:00 are known */
	void *arg;                             /* of both */
	const struct policy_able *able;        /* NULL: everything (for tools that judge texts, never for a door) */
};

/* NULL with e "FILE:LINE:COL: what: what to do".  Caller frees with policy_free. */
struct policy *policy_parse(const char *name, struct slice text, const struct policy_source *from, struct err *e);
void policy_free(struct policy *p);
/* rules: permits and denies. */
struct policy_size { size_t rules, requires, watches; };
struct policy_size policy_size(const struct policy *p);

/* ---- asking ---- */

struct policy_label {
	struct slice key, value;
};

/* A person: the one who asks, or one who approves. */
struct policy_person {
	struct slice name;                             /* empty: not in the directory */
	const struct slice *groups, *principals;       /* of the user; of his certificate */
	size_t groups_n, principals_n;
	const struct policy_label *attrs;              /* of the user: what $team stands for */
	size_t attrs_n;
};

#define POLICY_LABELS_MAX 64

struct policy_request {
	struct policy_person who;
	const struct policy_scope *scope;              /* of who, made before; NULL: none */
	struct slice verb, host, login;
	const struct policy_label *labels;             /* of the host; more than POLICY_LABELS_MAX: denied, by "too-many-labels" */
	size_t labels_n;
	struct slice command;                          /* an exec string, as a plain sshd gets it … */
	const struct slice *argv;                      /* … or the vector itself (agent): argv_n > 0 */
	size_t argv_n;
	struct slice sha256;                           /* of the program, 64 small hexadecimal letters; empty: not known … */
	bool agent;                                    /* … unless a staragent, which serves this host, finds it out; it also keeps limits of
	                                                * processes */
	struct slice path;                             /* of put, get, fetch, push */
	bool some_path;                                /* not known yet: what might be permitted for some path is; see by_path */
	bool somehow;                                  /* what might be permitted at some hour, from some address, for some command, file and
	                                                * destination, whatever of these stands here; see in_part */
	struct slice plugin;                           /* "log.tail@1" … */
	const struct policy_label *params;             /* … and what it is given */
	size_t params_n;
	struct slice to;                               /* "HOST:PORT" of a forward … */
	struct slice listen;                           /* … and of one that the host shall listen for: one of them */
	struct slice src;                              /* the user's address, as text */
	bool given;                                    /* permitted by what is no rule: only denies and requirements speak */
	wall_t now;
};

enum policy_obligation {                               /* bits */
	POLICY_APPROVAL = 1, POLICY_MFA = 2, POLICY_RECORD = 4, POLICY_TICKET = 8, POLICY_NOTIFY = 16, POLICY_MODERATOR = 32,
};
enum policy_record { POLICY_RECORD_NONE, POLICY_RECORD_META, POLICY_RECORD_IO, POLICY_RECORD_FULL };      /* the last asks most */

/* One thing that must be so before (approval, mfa, ticket), while (record, moderator) or when (notify) it is done. */
struct policy_need {
	enum policy_obligation kind;
	const char *id;                                /* of its require: what stands behind id, or "require-N" */
	const char *words;                             /* "approval 2 from role lead within 30m": canonical, for people and records */
	unsigned count;                                /* APPROVAL: by so many different people of who, 1 to 9 … */
	unsigned within_s;                             /* … each good for so long after it was given; 0: for this one request */
	enum policy_record record;                     /* RECORD */
	const char *sink;                              /* NOTIFY: a name */
	const struct who *who;                         /* APPROVAL, MODERATOR: policy_need_takes */
	const struct ere *ticket;                      /* TICKET: policy_need_fits */
};

/* Limits of what a permit allows, in the order in which they are printed. */
enum policy_option {
	POLICY_TIMEOUT_S, POLICY_IDLE_S, POLICY_MEM_BYTES, POLICY_CPU_S, POLICY_PROCS, POLICY_NOFILE, POLICY_FSIZE_BYTES,
	POLICY_PARALLEL, POLICY_PARALLEL_PERCENT, POLICY_STOP_ON_ERRORS, POLICY_OPTIONS,
};

#define POLICY_NEEDS_MAX   32
#define POLICY_DIGESTS_MAX 8

struct policy_decision {
	bool permit;
	bool by_default;                               /* no rule matched */
	bool by_path;                                  /* of some_path: another path may be decided otherwise */
	bool in_part;                                  /* of somehow: at some hours, from some addresses, for some commands … it is not */
	const char *rule;                              /* its id, or "rule-N"; of several the first by name; "" by default */
	const char *reason;                            /* of a deny, or "" */
	/* Of a permit: all of these must be met.  By kind, then by id, whatever the order of the policy; none twice in the
	 * same words; of records only the one that asks most.  More than POLICY_NEEDS_MAX: it is a deny, by "too-many-needs". */
	unsigned obligations;                          /* the bits of needs */
	const struct policy_need *needs[POLICY_NEEDS_MAX];
	size_t needs_n;
	uint64_t options[POLICY_OPTIONS];              /* of all permits that match the strictest; 0: no limit */
	/* Of a permit that a staragent is to see to: the program must have one of these, in their order; none: any program does.
	 * More than POLICY_DIGESTS_MAX: it is a deny, by "too-many-digests". */
	const char *digests[POLICY_DIGESTS_MAX];
	size_t digests_n;
};

/* Pointers in *ret live as long as the policy.  An unknown verb is denied by default. */
void policy_eval(const struct policy *p, const struct policy_request *req, struct policy_decision *ret);
/* The first need of this kind, or NULL. */
const struct policy_need *policy_decision_need(const struct policy_decision *d, enum policy_obligation kind);

/* What of a policy can be about this person: for many questions about one.  Holds for this policy and who's name, groups and
 * principals alone; NULL when out of memory.  Caller frees. */
struct policy_scope *policy_scope_new(const struct policy *p, const struct policy_person *who);
void policy_scope_free(struct policy_scope *s);

/* May helper approve, or be the moderator of, what asker wants to do?  Never oneself; never somebody without a name. */
bool policy_need_takes(const struct policy *p, const struct policy_need *need, const struct policy_person *helper,
    const struct policy_person *asker);
/* Has this ticket the form that is asked for?  At most 256 bytes, one line. */
bool policy_need_fits(const struct policy_need *need, struct slice ticket);

/* Might this user (who, src; the rest is not looked at) be required this on some host for some verb, now or later?  For the login. */
bool policy_may_require(const struct policy *p, const struct policy_request *req, enum policy_obligation obligation);
/* Is some permit for people with one of these principals (cert:NAME)?  For the login of those whom only a certificate knows. */
bool policy_names_principal(const struct policy *p, const struct slice *principals, size_t n);
/* The principals that permits and roles name, and the logins that rules do, one perhaps more than once; a return of fn's other than 0
 * ends it and is returned.  0. */
typedef int policy_name_fn(void *arg, const char *name);
int policy_each_principal(const struct policy *p, policy_name_fn *fn, void *arg);
int policy_each_login(const struct policy *p, policy_name_fn *fn, void *arg);
/* Is there a permit with this verb for them at all, wherever it may be?  For what is about the bastion itself. */
bool policy_may_verb(const struct policy *p, const struct policy_person *who, struct slice verb);
/* Might some permit reach this host with this verb at all, whatever login, command or source?  For lists of hosts. */
bool policy_may_reach(const struct policy *p, const struct policy_request *req);

/* When one of its times begins or ends next, in microseconds since 1970 (at times too early, never too late); 0: never. */
uint64_t policy_next_us(const struct policy *p, wall_t now);

/* ---- what is watched in a shell ---- */

/* Advisory: a shell has other ways to say a thing.  The last is the strongest. */
enum policy_action { POLICY_WATCH_NOTHING, POLICY_WATCH_ALERT, POLICY_WATCH_FREEZE, POLICY_WATCH_KILL };

struct policy_watch {
	const char *id;                                /* or "watch-N" */
	const char *ere;                               /* POSIX extended, sought anywhere in a line */
	enum policy_action action;
	const struct ere *compiled;
};

/* What is watched of this user on this host: up to max of them, by id.  Returns how many there are in all. */
size_t policy_watches(const struct policy *p, const struct policy_request *req, const struct policy_watch **ret, size_t max);
/* The one whose action is strongest among those that hit the line (its first 4,096 bytes), or NULL. */
const struct policy_watch *policy_watch_line(const struct policy_watch *const *w, size_t n, struct slice line);

/* ---- words ---- */

/* policy_eval, and why, from one look at the policy; either may be NULL.  explain: the verdict and its grounds, in one sentence; brief:
 * the same in the few words that a column of a list has: a permit's rule and its place, or first what is lacking.
 * 0 or buf_append's codes. */
int policy_tell(const struct policy *p, const struct policy_request *req, struct policy_decision *ret, struct buf *explain,
    struct buf *brief);
/* "mem 64M; timeout 10s", nothing if there are none; print: " options { mem 64M; timeout 10s }". */
int policy_options_list(struct buf *b, const uint64_t options[POLICY_OPTIONS]);
int policy_options_print(struct buf *b, const uint64_t options[POLICY_OPTIONS]);
/* The policy in canonical form; parsing it gives the same policy, and printing that the same text. */
int policy_print(const struct policy *p, struct buf *out);
extern const char *const policy_verbs[];               /* ended by NULL */
bool policy_verb_is_known(struct slice verb);

#endif
