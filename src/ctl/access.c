/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * The access review: every user against every host and each login that stands there, by the policy that is in force and the same
 * evaluator as at the door.  A row says which verbs are permitted, by which rules, and what else they ask for.  Who may at some
 * hours, from some addresses, some commands, files or destinations is among those who may, since nobody else looks for them:
 * such a verb is named once more as one in part, and the rule says which.  Whom only a certificate knows is a row by its principal,
 * as the policy names it: cert:NAME.  A host whose logins are not listed has those that rules name, and * for all others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zones.h"
#include "ctl/evidence.h"
#include "ctl/policy.h"
#include "db/directory.h"
#include "msg/msg.h"
#include "policy/facts.h"

enum { PAIRS_MAX = 2000000, LOGIN_MAX = 68 };
enum { VERBS, PARTS, RULES, NEEDS, LISTS };       /* columns that hold several, behind the first ones */
#define FIRST 3
#define GUEST "cert:"
#define LIST_MAX (1u << 20)

struct person { struct person *next; char *name, *groups, *attrs; bool guest; };      /* guest: "cert:" and a principal */
struct machine { struct machine *next; char *name, *labels, *logins; bool agent; };

struct review {
	struct evidence *v;
	struct policy *policy;
	struct zones *zones;
	struct person *people, **people_last;
	struct machine *machines, **machines_last;
	uint64_t pairs, npeople, nmachines;
	char *body;                      /* of the newest policy */
	size_t body_n;
	struct buf lists[LISTS];         /* of the row that is made */
	struct buf logins;               /* of a host that lists none */
	struct err *e;
};

static struct db_sheet_row
columns_make(void)
{
	static const char *const names[] = { "user", "host", "login", "verbs", "in_part", "rules", "requires" };
	struct db_sheet_row row = { .n = sizeof(names) / sizeof(names[0]) };

	for (unsigned i = 0; i < row.n; i++) {
		row.name[i] = names[i];
		row.cell[i].kind = DB_TEXT;
	}
	return row;
}

static int
policy_keep(void *arg, const struct db_policy *p)
{
	struct review *w = arg;

	if (w->v->period.until_us != 0 && p->seen_us >= w->v->period.until_us)
		return 0;
	free(w->body);
	w->body = slice_dup(p->body);
	w->body_n = p->body.n;
	return w->body != NULL ? 0 : err_set(w->e, -ENOMEM, "out of memory");
}

static int
person_keep(struct review *w, const char *name, const char *groups, const char *attrs, bool guest)
{
	struct person *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return err_set(w->e, -ENOMEM, "out of memory");
	*p = (struct person){ .name = strdup(name), .groups = strdup(groups), .attrs = strdup(attrs), .guest = guest };
	*w->people_last = p;
	w->people_last = &p->next;
	w->npeople++;
	return p->name != NULL && p->groups != NULL && p->attrs != NULL ? 0 : err_set(w->e, -ENOMEM, "out of memory");
}

static int
user_keep(void *arg, const struct db_user *u)
{
	struct review *w = arg;

	if (u->disabled || (u->expires_us != 0 && u->expires_us <= w->v->period.as_of_us) ||
	    (w->v->period.user != NULL && strcmp(w->v->period.user, u->name) != 0))
		return 0;
	return person_keep(w, u->name, u->groups, u->attrs, false);
}

static int
principal_keep(void *arg, const char *principal)
{
	const struct slice one = slice_from(principal);
	struct review *w = arg;
	char name[300];

	if (w->v->period.user != NULL || !policy_names_principal(w->policy, &one, 1))
		return 0;
	(void)snprintf(name, sizeof(name), GUEST "%s", principal);
	for (const struct person *p = w->people; p != NULL; p = p->next)
		if (p->guest && strcmp(p->name, name) == 0)
			return 0;
	return person_keep(w, name, "", "", true);
}

static int
host_keep(void *arg, const struct db_host *h)
{
	struct review *w = arg;
	struct machine *m;

	if (w->v->period.host != NULL && strcmp(w->v->period.host, h->name) != 0)
		return 0;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return err_set(w->e, -ENOMEM, "out of memory");
	m->name = strdup(h->name);
	m->labels = strdup(h->labels);
	m->logins = strdup(h->logins);
	m->agent = h->target_kind == MSG_TARGET_AGENT;
	*w->machines_last = m;
	w->machines_last = &m->next;
	w->nmachines++;
	return m->name != NULL && m->labels != NULL && m->logins != NULL ? 0 : err_set(w->e, -ENOMEM, "out of memory");
}

/* Once, in a list with ", " between its members; one may begin or end as another does. */
static int
word_add(struct buf *list, const char *word)
{
	const char *text = buf_cstr(list);
	size_t w = strlen(word);

	for (const char *at = text; w > 0 && (at = strstr(at, word)) != NULL; at++)
		if ((at == text || at[-1] == ' ') && (at[w] == ',' || at[w] == '\0'))
			return 0;
	return w > 0 ? buf_printf(list, "%s%s", list->len > 0 ? ", " : "", word) : 0;
}

static int
login_keep(void *arg, const char *login)
{
	return word_add(&((struct review *)arg)->logins, login);
}

/* As the policy sees p; principal: room for one. */
static struct policy_person
person_of(const struct person *p, struct slice *principal)
{
	if (!p->guest)
		return (struct policy_person){ .name = slice_from(p->name) };
	*principal = slice_from(p->name + strlen(GUEST));
	return (struct policy_person){ .principals = principal, .principals_n = 1 };
}

/* What is permitted by one verb. */
static int
verb_review(struct review *w, struct policy_request *req, const char *verb)
{
	struct policy_decision d;
	int r;

	req->verb = slice_from(verb);
	policy_eval(w->policy, req, &d);
	if (!d.permit)
		return 0;
	r = word_add(&w->lists[VERBS], verb);
	if (r == 0 && d.in_part)
		r = word_add(&w->lists[PARTS], verb);
	if (r == 0)
		r = word_add(&w->lists[RULES], d.rule);
	for (size_t i = 0; r == 0 && i < d.needs_n; i++)
		r = word_add(&w->lists[NEEDS], d.needs[i]->words);
	return r;
}

static int
login_review(struct review *w, struct policy_request *req, const struct person *p, const struct machine *m, const char *login)
{
	const struct slice first[] = { slice_from(p->name), slice_from(m->name), slice_from(login) };
	struct db_sheet_row row = columns_make();
	char verb[32];
	int used, r = 0;

	for (unsigned i = 0; i < LISTS; i++)
		buf_clear(&w->lists[i]);
	req->login = slice_from(login);
	for (const char *at = policy_able_here.verbs; r == 0 && sscanf(at, "%31s%n", verb, &used) == 1; at += used)
		r = verb_review(w, req, verb);
	if (r != 0)
		return err_set(w->e, r, "%s on %s: more rules than fit into a row", p->name, m->name);
	if (w->lists[VERBS].len == 0)
		return 0;
	for (unsigned i = 0; i < row.n; i++)
		row.cell[i].text = i < FIRST ? first[i] : buf_slice(&w->lists[i - FIRST]);
	return evidence_row(w->v, &row, w->e);
}

static int
pair_review(struct review *w, const struct person *p, const struct policy_scope *scope, const struct machine *m)
{
	struct slice principal;
	struct policy_request req = { .who = person_of(p, &principal), .scope = scope, .host = slice_from(m->name), .agent = m->agent, .somehow = true };
	struct policy_facts facts;
	char login[LOGIN_MAX];
	const char *at = m->logins[0] != '\0' ? m->logins : buf_cstr(&w->logins);
	int r = 0;

	if (!policy_facts_set(&facts, slice_from(p->groups), slice_from(p->attrs), req.host, slice_from(m->labels)))
		return 0;
	policy_facts_use(&facts, &req);
	while (r == 0 && *at != '\0') {
		size_t n = strcspn(at, ",\n ");

		(void)slice_copy(slice_of(at, n < LOGIN_MAX - 1 ? n : LOGIN_MAX - 1), login, sizeof(login));
		at += n + strspn(at + n, ",\n ");
		if (login[0] != '\0')
			r = login_review(w, &req, p, m, login);
	}
	return r;
}

/* What of the policy can be about this person is found once. */
static int
person_review(struct review *w, const struct person *p)
{
	struct slice principal;
	struct policy_request req = { .who = person_of(p, &principal) };
	struct policy_scope *scope;
	struct policy_facts facts;
	int r = 0;

	if (!policy_facts_set(&facts, slice_from(p->groups), slice_from(p->attrs), req.host, slice_from("")))
		return 0;
	policy_facts_use(&facts, &req);
	scope = policy_scope_new(w->policy, &req.who);
	if (scope == NULL)
		return err_set(w->e, -ENOMEM, "out of memory");
	for (const struct machine *m = w->machines; m != NULL && r == 0; m = m->next)
		r = pair_review(w, p, scope, m);
	policy_scope_free(scope);
	return r;
}

static int
everybody_review(struct review *w)
{
	int r = 0;

	if (w->npeople * w->nmachines > PAIRS_MAX) {
		(void)snprintf(w->v->no_access, sizeof(w->v->no_access), "%llu users and %llu hosts are too many for one: name --user or --host",
		    (unsigned long long)w->npeople, (unsigned long long)w->nmachines);
		return 0;
	}
	for (const struct person *p = w->people; p != NULL && r == 0; p = p->next)
		r = person_review(w, p);
	return r;
}

static void
review_done(struct review *w)
{
	for (struct person *p; (p = w->people) != NULL; free(p)) {
		w->people = p->next;
		free(p->name);
		free(p->groups);
		free(p->attrs);
	}
	for (struct machine *m; (m = w->machines) != NULL; free(m)) {
		w->machines = m->next;
		free(m->name);
		free(m->labels);
		free(m->logins);
	}
	for (unsigned i = 0; i < LISTS; i++)
		buf_done(&w->lists[i]);
	buf_done(&w->logins);
	policy_free(w->policy);
	zones_free(w->zones);
	free(w->body);
}

/* The store keeps each policy whole, with what it includes behind it: where that stands in it nothing has to be read. */
static int
nothing_more(void *arg, const char *pattern, unsigned index, struct buf *text, char *name, size_t size)
{
	(void)arg;
	(void)pattern;
	(void)index;
	(void)text;
	(void)name;
	(void)size;
	return 0;
}

static int
zone_read(void *arg, const char *name, struct buf *bytes)
{
	return ctl_policy_zone(&((struct review *)arg)->zones, name, bytes);
}

/* Who and what stands in the policy alone. */
static int
names_load(struct review *w)
{
	int r = policy_each_principal(w->policy, principal_keep, w);

	if (r == 0)
		r = word_add(&w->logins, "*");
	if (r == 0)
		r = policy_each_login(w->policy, login_keep, w);
	return r;
}

static int
review_load(struct review *w)
{
	const struct policy_source from = { .read = nothing_more, .zone = zone_read, .arg = w, .able = NULL };
	struct err why = { 0 };
	int r = db_policy_list(w->v->db, policy_keep, w, w->e);

	if (r == 0)
		r = db_user_list(w->v->db, user_keep, w, w->e);
	if (r == 0)
		r = db_host_list(w->v->db, host_keep, w, w->e);
	if (r == 0 && w->body != NULL)
		w->policy = policy_parse("policy", slice_of(w->body, w->body_n), &from, &why);
	if (r == 0 && w->policy == NULL)
		(void)snprintf(w->v->no_access, sizeof(w->v->no_access), "%s", w->body == NULL ? "no policy is on record" : why.text);
	return r == 0 && w->policy != NULL ? names_load(w) : r;
}

int
access_review(struct evidence *v, struct err *e)
{
	struct review w = { .v = v, .e = e };
	const struct db_sheet_row columns = columns_make();
	int r;

	w.people_last = &w.people;
	w.machines_last = &w.machines;
	for (unsigned i = 0; i < LISTS; i++)
		buf_init(&w.lists[i], LIST_MAX);
	buf_init(&w.logins, LIST_MAX);
	r = review_load(&w);
	if (r == 0)
		r = evidence_begin(v, "access", &columns, e);
	if (r == 0 && w.policy != NULL)
		r = everybody_review(&w);
	if (r == 0)
		r = evidence_end(v, e);
	review_done(&w);
	return r;
}
