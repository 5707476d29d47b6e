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
#include "msg/ocsf.h"
#include "policy/facts.h"

enum { CHANGES_MAX = 10000, SINCE_S = 30 * 86400 };

struct person { char *name, *groups, *attrs; };
struct machine { char *name, *labels; };

enum { PARTS = 7 };
struct change {
	char *key;                       /* user, verb, host, login, what, old and new, each with a line end; escaped */
	int64_t last_us;
	unsigned times;
};

struct diff {
	struct ctl *c;
	struct policy *old, *new;
	struct person *people;
	struct machine *machines;
	size_t people_n, people_room, machines_n, machines_room;
	struct change *changes;          /* by key */
	size_t changes_n;
	uint64_t asked, changed, gone, otherwise, more;
};

static const struct out_column columns[] = {
	{ "user", OUT_STRING, 0, OUT_WHOLE }, { "verb", OUT_STRING, 0, OUT_WHOLE }, { "host", OUT_STRING, 0, OUT_WHOLE },
	{ "login", OUT_STRING, 0, 2 },
	{ "what", OUT_STRING, 0, 0 }, { "old", OUT_STRING, 0, OUT_WHOLE }, { "new", OUT_STRING, 0, OUT_WHOLE }, { "times", OUT_NUMBER, 0, 0 },
	{ "last", OUT_TIME, 0, 3 }, { NULL, 0, 0, 0 },
};

/* --- the directory --- */

/* Room for one more of size; *list and *room move. */
static int
grow(void **list, size_t n, size_t *room, size_t size)
{
	size_t more = *room > 0 ? 2 * *room : 256;
	void *p;

	if (n < *room)
		return 0;
	p = reallocarray(*list, more, size);
	if (p == NULL)
		return -ENOMEM;
	*list = p;
	*room = more;
	return 0;
}

static int
person_add(void *arg, const struct db_user *u)
{
	struct diff *d = arg;
	void *list = d->people;
	struct person *p;

	if (grow(&list, d->people_n, &d->people_room, sizeof(*p)) != 0)
		return -ENOMEM;
	d->people = list;
	p = &d->people[d->people_n];
	*p = (struct person){ strdup(u->name), strdup(u->groups), strdup(u->attrs) };
	d->people_n++;
	return p->name != NULL && p->groups != NULL && p->attrs != NULL ? 0 : -ENOMEM;
}

static int
machine_add(void *arg, const struct db_host *h)
{
	struct diff *d = arg;
	void *list = d->machines;
	struct machine *m;

	if (grow(&list, d->machines_n, &d->machines_room, sizeof(*m)) != 0)
		return -ENOMEM;
	d->machines = list;
	m = &d->machines[d->machines_n];
	*m = (struct machine){ strdup(h->name), strdup(h->labels) };
	d->machines_n++;
	return m->name != NULL && m->labels != NULL ? 0 : -ENOMEM;
}

static int
person_compare(const void *a, const void *b)
{
	return strcmp(((const struct person *)a)->name, ((const struct person *)b)->name);
}

static int
machine_compare(const void *a, const void *b)
{
	return strcmp(((const struct machine *)a)->name, ((const struct machine *)b)->name);
}

static int
directory_load(struct diff *d, struct db *db)
{
	int r = db_user_list(db, person_add, d, &d->c->e);

	if (r == 0)
		r = db_host_list(db, machine_add, d, &d->c->e);
	if (r != 0)
		return r;
	if (d->people_n > 0)
		qsort(d->people, d->people_n, sizeof(*d->people), person_compare);
	if (d->machines_n > 0)
		qsort(d->machines, d->machines_n, sizeof(*d->machines), machine_compare);
	return 0;
}

static const struct person *
person_find(const struct diff *d, const char *name)
{
	struct person key = { .name = (char *)(uintptr_t)name };

	return d->people_n > 0 ? bsearch(&key, d->people, d->people_n, sizeof(key), person_compare) : NULL;
}

static const struct machine *
machine_find(const struct diff *d, const char *name)
{
	struct machine key = { .name = (char *)(uintptr_t)name };

	return d->machines_n > 0 ? bsearch(&key, d->machines, d->machines_n, sizeof(key), machine_compare) : NULL;
}

/* --- one question --- */

/* Whoever logged in by a certificate alone is known by its principals; else somebody who is not in the directory is gone. */
static bool
request_set(const struct diff *d, const struct db_decision *q, struct policy_facts *facts, struct policy_facts *certs,
    struct policy_request *req)
{
	const struct person *who = person_find(d, q->user);
	const struct machine *host = machine_find(d, q->host);

	if (host == NULL || (who == NULL && q->principals[0] == '\0'))
		return false;
	*req = (struct policy_request){ .who = { .name = slice_from(who != NULL ? who->name : "") }, .verb = slice_from(q->verb),
	    .host = slice_from(q->host), .login = slice_from(q->login), .command = slice_from(q->command), .to = slice_from(q->to),
	    .listen = slice_from(q->listen), .src = slice_from(q->src), .now = { q->t_us } };
	if (!policy_facts_set(facts, slice_from(who != NULL ? who->groups : ""), slice_from(who != NULL ? who->attrs : ""), req->host,
	    slice_from(host->labels)) ||
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
	if (a->permit != b->permit || a->needs_n != b->needs_n || memcmp(a->options, b->options, sizeof(a->options)) != 0)
		return false;
	for (size_t i = 0; i < a->needs_n; i++)
		if (strcmp(a->needs[i]->words, b->needs[i]->words) != 0)
			return false;
	return true;
}

/* "permit sre-shell, mfa" */
static int
verdict_put(struct buf *b, const struct policy_decision *d)
{
	int r = buf_printf(b, "%s %s", d->permit ? "permit" : "deny", d->by_default ? "(default)" : d->rule);

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
		int c = strcmp(d->changes[middle].key, key);

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
	char *copy = strdup(key);

	if (copy == NULL)
		return -ENOMEM;
	memmove(x + 1, x, (d->changes_n - place) * sizeof(*x));
	*x = (struct change){ .key = copy, .last_us = t_us, .times = 1 };
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
		const char *part = d->changes[i].key;

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
	ctl_note(d->c, "%llu decisions were asked again, %llu of them would change%s", (unsigned long long)d->asked,
	    (unsigned long long)d->changed, d->more > 0 ? " (more than can be listed)" : "");
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
diff_done(struct diff *d)
{
	for (size_t i = 0; i < d->people_n; i++) {
		free(d->people[i].name);
		free(d->people[i].groups);
		free(d->people[i].attrs);
	}
	for (size_t i = 0; i < d->machines_n; i++) {
		free(d->machines[i].name);
		free(d->machines[i].labels);
	}
	for (size_t i = 0; i < d->changes_n; i++)
		free(d->changes[i].key);
	free(d->people);
	free(d->machines);
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
	r = diff_run(&d, argv[optind], argv[optind + 1], whole, from_us);
	if (r == 0)
		summary(&d);
	r = r == 0 && d.changed == 0 ? CTL_OK : CTL_FAILED;
	diff_done(&d);
	return r;
}
