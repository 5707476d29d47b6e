/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress policy diff: asks two policies what was asked of the bastion, and shows where they differ: in the verdict, in what is
 * required, or in the limits.  Users and hosts are those of the directory as it is now; the time is that of the question.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/policy.h"
#include "db/decision.h"
#include "db/directory.h"
#include "msg/msg.h"
#include "msg/ocsf.h"
#include "policy/facts.h"

enum { CHANGES_MAX = 10000, SINCE_S = 30 * 86400, TEXTS_MAX = 512 << 20 };

/* Texts of the directory: places in one buffer.  A user has groups and attributes, a host labels and "agent" if it has one. */
struct row { size_t name, first, second; };
struct rows { struct buf texts; struct row *at; size_t n, room; };

enum { PARTS = 7 };
struct change {
	size_t key;                      /* in diff.keys: user, verb, host, login, what, old and new, each with a line end; escaped */
	int64_t last_us;
	unsigned times;
};

struct diff {
	struct ctl *c;
	struct policy *old, *new;
	struct rows users, hosts;        /* by name, as the database lists them */
	struct change *changes;          /* by key */
	size_t changes_n;
	struct buf keys;
	uint64_t asked, changed, gone, otherwise, more;
};

static const struct out_column columns[] = {
	{ "user", OUT_STRING, 0, OUT_WHOLE }, { "verb", OUT_STRING, 0, OUT_WHOLE }, { "host", OUT_STRING, 0, OUT_WHOLE },
	{ "login", OUT_STRING, 0, 2 },
	{ "what", OUT_STRING, 0, 0 }, { "old", OUT_STRING, 0, OUT_WHOLE }, { "new", OUT_STRING, 0, OUT_WHOLE }, { "times", OUT_NUMBER, 0, 0 },
	{ "last", OUT_TIME, 0, 3 }, { NULL, 0, 0, 0 },
};

/* --- the directory --- */

/* With its NUL; where it is goes to *place. */
static int
text_add(struct buf *texts, const char *text, size_t *place)
{
	*place = texts->len;
	return buf_append(texts, text, strlen(text) + 1);
}

static int
row_add(struct rows *r, const char *name, const char *first, const char *second)
{
	size_t room = r->room > 0 ? 2 * r->room : 256;
	struct row *at = r->at;
	int e;

	if (r->n == r->room) {
		at = reallocarray(r->at, room, sizeof(*at));
		if (at == NULL)
			return -ENOMEM;
		r->at = at;
		r->room = room;
	}
	e = text_add(&r->texts, name, &at[r->n].name);
	if (e == 0)
		e = text_add(&r->texts, first, &at[r->n].first);
	if (e == 0)
		e = text_add(&r->texts, second, &at[r->n].second);
	r->n += e == 0;
	return e;
}

static int
user_add(void *arg, const struct db_user *u)
{
	struct diff *d = arg;

	return row_add(&d->users, u->name, u->groups, u->attrs);
}

static int
host_add(void *arg, const struct db_host *h)
{
	struct diff *d = arg;

	return row_add(&d->hosts, h->name, h->labels, h->target_kind == MSG_TARGET_AGENT ? "agent" : "");
}

static int
directory_load(struct diff *d, struct db *db)
{
	int r = db_user_list(db, user_add, d, &d->c->e);

	return r == 0 ? db_host_list(db, host_add, d, &d->c->e) : r;
}

static const char *
text_of(const struct rows *r, size_t place)
{
	return (const char *)r->texts.p + place;
}

static const struct row *
row_find(const struct rows *r, const char *name)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(text_of(r, r->at[middle].name), name);

		if (c == 0)
			return &r->at[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* --- one question --- */

/* Whoever logged in by a certificate alone is known by its principals; else somebody who is not in the directory is gone. */
static bool
request_set(const struct diff *d, const struct db_decision *q, struct policy_facts *facts, struct policy_facts *certs,
    struct policy_request *req)
{
	const struct row *user = row_find(&d->users, q->user), *host = row_find(&d->hosts, q->host);
	const char *groups = user != NULL ? text_of(&d->users, user->first) : "", *attrs = user != NULL ? text_of(&d->users, user->second) : "";

	if (host == NULL || (user == NULL && q->principals[0] == '\0'))
		return false;
	*req = (struct policy_request){ .who = { .name = slice_from(user != NULL ? q->user : "") }, .verb = slice_from(q->verb),
	    .host = slice_from(q->host), .login = slice_from(q->login), .command = slice_from(q->command), .to = slice_from(q->to),
	    .listen = slice_from(q->listen), .src = slice_from(q->src),
	    .agent = text_of(&d->hosts, host->second)[0] != '\0', .now = { q->t_us } };
	if (!policy_facts_set(facts, slice_from(groups), slice_from(attrs), req->host, slice_from(text_of(&d->hosts, host->first))) ||
	    !policy_facts_set(certs, slice_from(q->principals), slice_from(""), slice_from(""), slice_from("")))
		return false;
	policy_facts_use(facts, req);
	req->who.principals = certs->groups;
	req->who.principals_n = certs->groups_n;
	return true;
}

static bool
is_same(const struct policy_decision *a, const struct policy_decision *b)
{
	if (a->permit != b->permit || a->needs_n != b->needs_n || memcmp(a->options, b->options, sizeof(a->options)) != 0 ||
	    a->digests_n != b->digests_n)
		return false;
	for (size_t i = 0; i < a->digests_n; i++)
		if (strcmp(a->digests[i], b->digests[i]) != 0)
			return false;
	for (size_t i = 0; i < a->needs_n; i++)
		if (strcmp(a->needs[i]->words, b->needs[i]->words) != 0)
			return false;
	return true;
}

/* "permit sre-shell options { mem 64M }, mfa" */
static int
verdict_put(struct buf *b, const struct policy_decision *d)
{
	int r = buf_printf(b, "%s %s", d->permit ? "permit" : "deny", d->by_default ? "(default)" : d->rule);

	if (r == 0)
		r = policy_options_print(b, d->options);
	for (size_t i = 0; r == 0 && i < d->digests_n; i++)
		r = buf_printf(b, ", sha256 %s", d->digests[i]);
	for (size_t i = 0; r == 0 && i < d->needs_n; i++)
		r = buf_printf(b, ", %s", d->needs[i]->words);
	return r;
}

/* --- what changed --- */

/* The place of key among the changes, or where it belongs. */
static size_t
change_place(const struct diff *d, const char *key, bool *found)
{
	size_t low = 0, high = d->changes_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp((const char *)d->keys.p + d->changes[middle].key, key);

		if (c == 0) {
			*found = true;
			return middle;
		}
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

static int
change_insert(struct diff *d, size_t place, const char *key, int64_t t_us)
{
	struct change *x = &d->changes[place];
	size_t at;
	int r = text_add(&d->keys, key, &at);

	if (r != 0)
		return r;
	memmove(x + 1, x, (d->changes_n - place) * sizeof(*x));
	*x = (struct change){ .key = at, .last_us = t_us, .times = 1 };
	d->changes_n++;
	return 0;
}

static int
part_put(struct buf *b, struct slice s)
{
	int r = text_escape(b, s);

	return r == 0 ? buf_u8(b, '\n') : r;
}

static int
key_put(struct buf *key, const struct db_decision *q, const struct policy_decision *old, const struct policy_decision *new)
{
	const char *what = q->command[0] != '\0' ? q->command : q->to[0] != '\0' ? q->to : q->listen;
	const char *const parts[] = { q->user, q->verb, q->host, q->login, what };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = part_put(key, slice_from(parts[i]));
	if (r == 0)
		r = verdict_put(key, old);
	if (r == 0)
		r = buf_u8(key, '\n');
	if (r == 0)
		r = verdict_put(key, new);
	return r == 0 ? buf_u8(key, '\n') : r;
}

static int
change_add(struct diff *d, const struct db_decision *q, const struct policy_decision *old, const struct policy_decision *new)
{
	struct buf key;
	size_t place;
	bool found;
	int r;

	buf_init(&key, 1 << 20);
	r = key_put(&key, q, old, new);
	d->changed++;
	place = r == 0 ? change_place(d, buf_cstr(&key), &found) : 0;
	if (r == 0 && found) {
		d->changes[place].times++;
		d->changes[place].last_us = q->t_us;
	} else if (r == 0 && d->changes_n < CHANGES_MAX) {
		r = change_insert(d, place, buf_cstr(&key), q->t_us);
	} else if (r == 0) {
		d->more++;
	}
	buf_done(&key);
	return r;
}

static int
decision_ask(void *arg, const struct db_decision *q)
{
	struct policy_facts facts, certs;
	struct policy_decision old, new;
	struct policy_request req;
	struct diff *d = arg;

	d->asked++;
	if (!request_set(d, q, &facts, &certs, &req)) {
		d->gone++;
		return 0;
	}
	policy_eval(d->old, &req, &old);
	policy_eval(d->new, &req, &new);
	d->otherwise += old.permit != q->permitted;
	return is_same(&old, &new) ? 0 : change_add(d, q, &old, &new);
}

/* --- the command --- */

static int
changes_print(const struct diff *d)
{
	struct out *o = ctl_out(d->c, columns, false);

	for (size_t i = 0; i < d->changes_n; i++) {
		const char *part = (const char *)d->keys.p + d->changes[i].key;

		for (int n = 0; n < PARTS; n++) {
			size_t length = strcspn(part, "\n");

			out_text(o, slice_of(part, length));
			part += length + 1;
		}
		out_number(o, d->changes[i].times);
		out_time(o, d->changes[i].last_us);
	}
	return out_end(o);
}

static void
summary(const struct diff *d)
{
	ctl_note(d->c, "%llu decision%s asked again, %llu of them would change%s", (unsigned long long)d->asked,
	    d->asked == 1 ? " was" : "s were", (unsigned long long)d->changed, d->more > 0 ? " (more than can be listed)" : "");
	if (d->gone > 0)
		ctl_note(d->c, "%llu are about users or hosts that the directory does not have (any more)", (unsigned long long)d->gone);
	if (d->otherwise > 0)
		ctl_note(d->c, "%llu were decided otherwise than the old policy does with the directory of today", (unsigned long long)d->otherwise);
}

static int
diff_run(struct diff *d, const char *old, const char *new, bool whole, int64_t from_us)
{
	struct db *db = ctl_db(d->c);
	int r = db != NULL ? 0 : d->c->e.code;

	d->changes = calloc(CHANGES_MAX, sizeof(*d->changes));
	if (r == 0 && d->changes == NULL)
		r = err_set(&d->c->e, -ENOMEM, "out of memory");
	if (r == 0 && (d->old = ctl_policy_load(d->c, old, whole)) == NULL)
		r = d->c->e.code;
	if (r == 0 && (d->new = ctl_policy_load(d->c, new, whole)) == NULL)
		r = d->c->e.code;
	if (r == 0)
		r = directory_load(d, db);
	if (r == 0)
		r = db_decision_list(db, OCSF_DECISION, from_us, decision_ask, d, &d->c->e);
	if (r == 0)
		r = changes_print(d);
	db_close(db);
	if (r != 0 && d->c->e.code == 0)
		(void)err_set(&d->c->e, r, "%s", strerror(-r));
	return r;
}

static void
diff_init(struct diff *d)
{
	buf_init(&d->users.texts, TEXTS_MAX);
	buf_init(&d->hosts.texts, TEXTS_MAX);
	buf_init(&d->keys, TEXTS_MAX);
}

static void
diff_done(struct diff *d)
{
	buf_done(&d->users.texts);
	buf_done(&d->hosts.texts);
	buf_done(&d->keys);
	free(d->users.at);
	free(d->hosts.at);
	free(d->changes);
	policy_free(d->old);
	policy_free(d->new);
}

int
policy_diff_run(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "since", required_argument, NULL, 's' }, { "whole", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 },
	};
	int64_t from_us = clock_wall().us - INT64_C(1000000) * SINCE_S;
	struct diff d = { .c = c };
	bool whole = false;
	int o, r;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1) {
		if (o == 'w')
			whole = true;
		else if (o != 's')
			return CTL_USAGE;
		else if (!ctl_parse_time(optarg, &from_us))
			return ctl_bad(c, "--since %s: " CTL_TIMES, optarg);
	}
	if (ctl_words(c, argc, argv, 2, 2) != CTL_OK)
		return CTL_USAGE;
	diff_init(&d);
	r = diff_run(&d, argv[optind], argv[optind + 1], whole, from_us);
	if (r == 0)
		summary(&d);
	r = r == 0 && d.changed == 0 ? CTL_OK : CTL_FAILED;
	diff_done(&d);
	return r;
}
