/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The policy's files are read through a descriptor of their directory, which stays open: inside
 * the sandbox that is the only thing that can be opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/fd.h"
#include "base/text.h"
#include "base/words.h"
#include "base/zones.h"
#include "base/be.h"
#include "gate/rules.h"

#define BODY_MAX (MSG_MAX - 4096)

struct rules {
	char dir[4096], file[256];
	int fd;
	struct zones *zones;
	struct buf body;
	char hash[2 * SHA256_DIGEST_LENGTH + 1];
	char error[512];
	struct policy *policy;
};

struct rules *
rules_open(const char *path, struct err *e)
{
	struct rules *r = calloc(1, sizeof(*r));
	char copy[4096];

	if (r == NULL || (size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy)) {
		free(r);
		(void)err_set(e, -ENAMETOOLONG, "%s: too long", path);
		return NULL;
	}
	snprintf(r->file, sizeof(r->file), "%s", basename(copy));
	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(r->dir, sizeof(r->dir), "%s", dirname(copy));
	buf_init(&r->body, BODY_MAX);
	r->zones = zones_load(ZONES_DIR);
	r->fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->fd >= 0)
		return r;
	(void)err_set(e, -errno, "%s: %s", r->dir, strerror(errno));
	rules_close(r);
	return NULL;
}

void
rules_close(struct rules *r)
{
	if (r == NULL)
		return;
	fd_close(&r->fd);
	policy_free(r->policy);
	zones_free(r->zones);
	buf_done(&r->body);
	free(r);
}

/* What is read counts towards the hash and the body that the store keeps. */
struct loading {
	struct rules *rules;
	struct buf body;
};

static int
read_include(void *arg, const char *pattern, unsigned index, struct buf *text, char *name, size_t size)
{
	struct loading *l = arg;
	int r = fd_read_match(l->rules->fd, pattern, index, BODY_MAX, text, name, size);

	if (r == 1 && (buf_printf(&l->body, "\n# %s\n", name) != 0 || buf_slice_append(&l->body, buf_slice(text)) != 0))
		return -EFBIG;
	return r;
}

static int
read_zone(void *arg, const char *name, struct buf *bytes)
{
	const struct loading *l = arg;

	return l->rules->zones != NULL ? zones_get(l->rules->zones, name, bytes) : -ENOMEM;
}

/* By its name alone: the directory may be one that this account may not list. */
static int
read_main(struct loading *l, struct err *e)
{
	int fd = openat(l->rules->fd, l->rules->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd >= 0 ? 1 : -errno;
	unsigned char *room;

	while (n > 0) {
		room = buf_reserve(&l->body, 4096);
		n = room != NULL ? fd_read_full(fd, room, 4096) : -EFBIG;
		if (n > 0)
			buf_added(&l->body, (size_t)n);
	}
	fd_close(&fd);
	return n == 0 ? 0 : err_set(e, (int)n, "%s/%s: %s", l->rules->dir, l->rules->file, strerror((int)-n));
}

static void
rules_take(struct rules *r, struct policy *policy, struct buf *body)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct buf hex;

	policy_free(r->policy);
	r->policy = policy;
	buf_done(&r->body);
	r->body = *body;
	buf_init(body, BODY_MAX);
	(void)SHA256(r->body.p, r->body.len, digest);
	buf_init(&hex, 256);
	if (text_hex(&hex, slice_of(digest, sizeof(digest))) == 0)
		snprintf(r->hash, sizeof(r->hash), "%s", buf_cstr(&hex));
	buf_done(&hex);
	r->error[0] = '\0';
}

int
rules_load(struct rules *r, struct err *e)
{
	struct loading l = { .rules = r };
	const struct policy_source from = { .read = read_include, .zone = read_zone, .arg = &l, .able = &policy_able_here };
	struct err why = { 0 };
	struct policy *policy = NULL;
	char *text = NULL;
	int code;

	buf_init(&l.body, BODY_MAX);
	code = read_main(&l, &why);
	if (code == 0) {
		size_t n = l.body.len;

		text = slice_dup(buf_slice(&l.body));
		policy = text != NULL ? policy_parse(r->file, slice_of(text, n), &from, &why) : NULL;
		code = policy != NULL ? 0 : why.code != 0 ? why.code : -ENOMEM;
	}
	if (code == 0)
		rules_take(r, policy, &l.body);
	else
		snprintf(r->error, sizeof(r->error), "%s", why.text);
	free(text);
	buf_done(&l.body);
	return code == 0 ? 0 : err_set(e, code, "%s", why.text);
}

static struct policy_request
request_of(const struct rules_who *who)
{
	return (struct policy_request){ .who = { .name = slice_from(who->guest ? "" : who->name), .principals = who->principals,
	    .principals_n = who->principals_n }, .scope = who->scope };
}

/* All of q; facts holds what it points to.  false: the user or the host has too many. */
static bool
request_all(const struct rules_question *q, struct policy_facts *facts, struct policy_request *req)
{
	*req = request_of(q->who);
	req->verb = q->verb;
	req->host = slice_from(q->host->name);
	req->login = q->login;
	req->command = q->command;
	req->to = q->to;
	req->listen = q->listen;
	req->path = q->path;
	req->some_path = q->path.n == 0 && (slice_is(q->verb, "get") || slice_is(q->verb, "put"));
	req->src = q->src;
	req->now = q->at;
	req->given = q->given;
	req->agent = q->host->kind == MSG_TARGET_AGENT;
	if (!policy_facts_set(facts, slice_from(q->who->groups), slice_from(q->who->attrs), req->host,
	    slice_from(q->host->labels)))
		return false;
	policy_facts_use(facts, req);
	return true;
}

struct policy_scope *
rules_scope_new(const struct rules *r, const struct rules_who *who)
{
	struct policy_request req = request_of(who);
	struct policy_facts facts;

	if (r->policy == NULL || !policy_facts_set(&facts, slice_from(who->groups), slice_from(who->attrs), slice_from(""), slice_from("")))
		return NULL;
	policy_facts_use(&facts, &req);
	return policy_scope_new(r->policy, &req.who);
}

void
rules_scope_free(struct policy_scope *s)
{
	policy_scope_free(s);
}

/* The verdict and its words. */
static void
ask_in_words(const struct rules *r, const struct policy_request *req, bool briefly, struct policy_decision *d, struct rules_answer *ret)
{
	struct buf words, few;

	buf_init(&words, 65536);
	buf_init(&few, 65536);
	if (policy_tell(r->policy, req, d, briefly ? NULL : &words, &few) != 0)
		buf_clear(&words);
	ret->permit = d->permit;
	ret->by_path = d->by_path;
	snprintf(ret->rule, sizeof(ret->rule), "%s", d->rule);
	snprintf(ret->text, sizeof(ret->text), "%s", words.len > 0 ? buf_cstr(&words) : d->permit ? "PERMIT" : "DENY");
	snprintf(ret->brief, sizeof(ret->brief), "%s", buf_cstr(&few));
	buf_done(&words);
	buf_done(&few);
}

static void
limits_of(const struct policy_decision *d, struct limits *ret)
{
	static const enum policy_option options[LIMITS] = {
		[LIMIT_TIMEOUT_S] = POLICY_TIMEOUT_S, [LIMIT_IDLE_S] = POLICY_IDLE_S, [LIMIT_MEM_BYTES] = POLICY_MEM_BYTES,
		[LIMIT_CPU_S] = POLICY_CPU_S, [LIMIT_PROCS] = POLICY_PROCS, [LIMIT_NOFILE] = POLICY_NOFILE,
		[LIMIT_FSIZE_BYTES] = POLICY_FSIZE_BYTES,
	};

	_Static_assert(POLICY_DIGESTS_MAX <= LIMITS_DIGESTS_MAX, "all of them");
	for (size_t i = 0; i < LIMITS; i++)
		ret->value[i] = d->options[options[i]];
	for (size_t i = 0; i < d->digests_n; i++)
		snprintf(ret->digests[i], sizeof(ret->digests[i]), "%s", d->digests[i]);
	ret->digests_n = d->digests_n;
}

void
rules_answer_init(struct rules_answer *a)
{
	a->permit = a->by_path = a->single = false;
	a->rule[0] = a->text[0] = a->brief[0] = a->approval[0] = a->change[0] = '\0';
	a->d = (struct policy_decision){ 0 };
	a->limits = (struct limits){ 0 };
	a->lacks = 0;
	a->record = POLICY_RECORD_NONE;
}

void
rules_ask(const struct rules *r, const struct rules_question *q, struct rules_answer *ret)
{
	struct policy_request req;
	struct policy_facts facts;

	rules_answer_init(ret);
	if (r->policy == NULL) {
		snprintf(ret->text, sizeof(ret->text), "DENY (no policy is in force): %.900s", r->error);
		return;
	}
	if (!request_all(q, &facts, &req)) {
		snprintf(ret->text, sizeof(ret->text), "DENY: more than %d groups or labels", FACTS_MAX);
		return;
	}
	if (q->terse) {
		policy_eval(r->policy, &req, &ret->d);
		if (!ret->d.permit)
			return;
	}
	ask_in_words(r, &req, q->brief, &ret->d, ret);
	limits_of(&ret->d, &ret->limits);
}

bool
rules_takes(const struct rules *r, const struct policy_need *need, const struct rules_who *helper, const struct rules_who *asker)
{
	struct policy_request one = request_of(helper), other = request_of(asker);
	struct policy_facts facts;

	if (r->policy == NULL || strcmp(helper->name, asker->name) == 0 ||
	    !policy_facts_set(&facts, slice_from(helper->groups), slice_from(helper->attrs), slice_from(""), slice_from("")))
		return false;
	policy_facts_use(&facts, &one);
	return policy_need_takes(r->policy, need, &one.who, &other.who);
}

/* A command that no rule with cmd can mean: what is permitted even so does not rest on the command. */
#define ANY_COMMAND "/"
#define WORDS_MAX   256

int
rules_words(const struct rules *r, const struct rules_question *q, struct buf *words)
{
	struct slice list[WORDS_MAX];
	struct policy_request req;
	struct policy_facts facts;
	struct policy_decision d;
	struct buf store;
	int n, e = 0;

	if (r->policy == NULL || !request_all(q, &facts, &req))
		return -EINVAL;
	req.command = slice_from(ANY_COMMAND);
	policy_eval(r->policy, &req, &d);
	if (d.permit)
		return 0;
	buf_init(&store, q->command.n + 1);
	n = words_split(q->command, &store, list, WORDS_MAX, NULL);
	for (int i = 0; i < n && e == 0; i++)
		e = be_put_string(words, list[i]);
	buf_done(&store);
	return e != 0 ? e : n;
}

int
rules_watches(const struct rules *r, const struct rules_question *q, struct rules_watch **ret)
{
	const struct policy_watch *w[RULES_WATCH_MAX];
	struct policy_request req;
	struct policy_facts facts;
	size_t n;

	*ret = NULL;
	if (r->policy == NULL || !request_all(q, &facts, &req))
		return 0;
	n = policy_watches(r->policy, &req, w, RULES_WATCH_MAX);
	n = n < RULES_WATCH_MAX ? n : RULES_WATCH_MAX;
	if (n == 0)
		return 0;
	*ret = calloc(n, sizeof(**ret));
	if (*ret == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		snprintf((*ret)[i].id, sizeof((*ret)[i].id), "%s", w[i]->id);
		snprintf((*ret)[i].ere, sizeof((*ret)[i].ere), "%s", w[i]->ere);
		(*ret)[i].action = w[i]->action == POLICY_WATCH_KILL ? RULES_KILL : w[i]->action == POLICY_WATCH_FREEZE ? RULES_FREEZE :
		    RULES_ALERT;
	}
	return (int)n;
}

bool
rules_want_mfa(const struct rules *r, const struct rules_who *who, struct slice src)
{
	struct policy_request req = request_of(who);
	struct policy_facts facts;

	if (r->policy == NULL || !policy_facts_set(&facts, slice_from(who->groups), slice_from(who->attrs), slice_from(""), slice_from("")))
		return false;
	policy_facts_use(&facts, &req);
	req.src = src;
	return policy_may_require(r->policy, &req, POLICY_MFA);
}

bool
rules_may_verb(const struct rules *r, const struct rules_who *who, const char *verb)
{
	struct policy_request req = request_of(who);
	struct policy_facts facts;

	if (r->policy == NULL || !policy_facts_set(&facts, slice_from(who->groups), slice_from(who->attrs), slice_from(""), slice_from("")))
		return false;
	policy_facts_use(&facts, &req);
	return policy_may_verb(r->policy, &req.who, slice_from(verb));
}

bool
rules_name_principal(const struct rules *r, const struct rules_who *who)
{
	return r->policy != NULL && policy_names_principal(r->policy, who->principals, who->principals_n);
}

const char *
rules_hash(const struct rules *r)
{
	return r->hash;
}

const char *
rules_error(const struct rules *r)
{
	return r->error;
}

struct slice
rules_body(const struct rules *r)
{
	return buf_slice(&r->body);
}

uint64_t
rules_next_us(const struct rules *r, wall_t now)
{
	return r->policy != NULL ? policy_next_us(r->policy, now) : 0;
}

unsigned
rules_count(const struct rules *r)
{
	return r->policy != NULL ? (unsigned)policy_size(r->policy).rules : 0;
}

const char *
rules_dir(const struct rules *r)
{
	return r->dir;
}
