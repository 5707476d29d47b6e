/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Who said yes is looked at with today's eyes: an account that was locked since, somebody who is no lead any more, a policy
 * that asks for other people: then their yes does not count.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gate/grant.h"
#include "gate/login.h"
#include "gate/moderate.h"
#include "gate/needs.h"
#include "gate/notify.h"

enum { COMMAND_SHOWN = 200 };          /* bytes of a command that words repeat */

/* ---- people ---- */

/* Is the one who said yes still somebody?  Who came later, under the same name, did not say it. */
static bool
voter_of(const struct gate *g, const struct vote *v, wall_t at, struct rules_who *ret)
{
	const struct dir_user *u;

	*ret = (struct rules_who){ .name = v->name + 1, .groups = "", .attrs = "" };
	if (v->name[0] == APPROVAL_BASTION)
		return true;
	u = directory_find_user(g->dir, slice_from(v->name));
	if (u == NULL || directory_refuses(u, at) != NULL || u->created_us > v->at_us)
		return false;
	*ret = (struct rules_who){ .name = u->name, .groups = u->groups, .attrs = u->attrs };
	return true;
}

/* Puts end among the n latest ones, the latest first. */
static void
ends_add(uint64_t ends[APPROVAL_VOTES], unsigned n, uint64_t end)
{
	unsigned i = n;

	for (; i > 0 && ends[i - 1] < end; i--)
		ends[i] = ends[i - 1];
	ends[i] = end;
}

/* How many of those who said yes to x count for the need of who, at that time; *until_us: when they are too few, 0: never. */
static unsigned
votes_of(const struct gate *g, const struct approval *x, const struct policy_need *need, const struct rules_who *who, wall_t at,
    bool single, uint64_t *until_us)
{
	uint64_t ends[APPROVAL_VOTES];
	struct rules_who voter;
	unsigned n = 0;

	*until_us = 0;
	for (unsigned i = 0; i < x->votes_n; i++) {
		uint64_t end = x->votes[i].at_us + (uint64_t)need->within_s * 1000000;

		if ((need->within_s == 0 ? single : end > (uint64_t)at.us) && voter_of(g, &x->votes[i], at, &voter) &&
		    rules_takes(g->rules, need, &voter, who))
			ends_add(ends, n++, end);
	}
	if (need->within_s != 0 && n >= need->count)
		*until_us = ends[need->count - 1];
	return n;
}

const struct policy_need *
needs_open(const struct gate *g, const struct approval *x, const struct policy_decision *d, const struct rules_who *who, wall_t at,
    bool single, unsigned *n, uint64_t *until_us)
{
	uint64_t end;

	*until_us = 0;
	for (size_t i = 0; i < d->needs_n; i++) {
		if (d->needs[i]->kind != POLICY_APPROVAL)
			continue;
		*n = votes_of(g, x, d->needs[i], who, at, single, &end);
		if (*n < d->needs[i]->count)
			return d->needs[i];
		*until_us = *until_us == 0 || (end != 0 && end < *until_us) ? end : *until_us;
	}
	return NULL;
}

/* ---- one request against all that is required ---- */

static bool
is_for(const struct needs_ask *ask, const struct approval *x, struct slice what)
{
	return slice_is(x->row.user, ask->who->name) && slice_eq(x->row.verb, ask->m->verb) && slice_eq(x->row.host, ask->m->host) &&
	    slice_eq(x->row.login, ask->m->login) && slice_eq(x->row.what, what);
}

/* Rests the asker on it already, or may it still be used? */
static bool
is_usable(const struct needs_ask *ask, const struct approval *x)
{
	if (ask->again != NULL && slice_eq(ask->again->approval, x->row.id))
		return approval_is(x, "open") || approval_is(x, "used");
	if (approval_is(x, "used"))
		return x->conn == ask->conn && x->hold != 0 && (x->hold == ask->m->hold || x->hold == ask->m->under);
	return approval_is(x, "open");
}

static bool
is_single(const struct needs_ask *ask, const struct approval *x)
{
	return approval_is(x, "used") || !approval_is_over(x, ask->at);
}

static void
rest_on(struct approval *x, uint64_t until_us, const struct policy_decision *d, struct rules_answer *a)
{
	snprintf(a->approval, sizeof(a->approval), "%.*s", (int)x->row.id.n, (const char *)x->row.id.p);
	x->until_us = until_us;
	for (size_t i = 0; i < d->needs_n; i++)
		a->single = a->single || (d->needs[i]->kind == POLICY_APPROVAL && d->needs[i]->within_s == 0);
}

/* ---- each kind ---- */

static void
lack(struct rules_answer *a, enum msg_lack what)
{
	a->permit = false;
	a->lacks |= what;
}

static void
check_mfa(const struct needs_ask *ask, const struct policy_need *need, struct rules_answer *a)
{
	if (ask->mfa)
		return;
	lack(a, MSG_LACK_MFA);
	snprintf(a->text, sizeof(a->text), "a second factor is required (%.200s) and this login had none: log in again, or ask for it on a terminal (ssh -t)",
	    need->id);
}

static void
check_ticket(const struct needs_ask *ask, const struct policy_need *need, struct rules_answer *a)
{
	char shown[300];

	if (policy_need_fits(need, slice_from(a->change)))
		return;
	lack(a, MSG_LACK_TICKET);
	if (ask->m->change.n > 0)
		snprintf(a->text, sizeof(a->text), "\"%s\" is not what is asked for: %.200s (%.200s)", text_escaped(ask->m->change, shown, sizeof(shown)),
		    need->words, need->id);
	else
		snprintf(a->text, sizeof(a->text), "%.200s is required (%.200s): name one on a terminal, or by LC_FORTRESS_TICKET", need->words, need->id);
}

static int
put_option(struct buf *b, const char *name, struct slice value)
{
	int r = value.n > 0 ? buf_printf(b, " --%s ", name) : 0;

	return r == 0 && value.n > 0 ? text_shell(b, value) : r;
}

/* The verb goes without saying where the rest says it. */
static int
put_verb(struct buf *b, const struct msg_decide *m)
{
	bool said = slice_is(m->verb, "shell") || slice_is(m->verb, "exec") || slice_is(m->verb, "forward");

	return said ? 0 : put_option(b, "verb", m->verb);
}

/* A command goes in as it is, where one can copy it from a line. */
static int
put_command(struct buf *b, struct slice command)
{
	bool plain = command.n <= COMMAND_SHOWN;

	for (size_t i = 0; i < command.n && plain; i++)
		plain = command.p[i] >= 0x20 && command.p[i] != 0x7f;
	if (command.n == 0)
		return 0;
	if (!plain)
		return buf_text(b, " -- COMMAND");
	return buf_text(b, " -- ") != 0 ? -ENOMEM : text_shell(b, command);
}

/* What asks for it, ready to be typed but for the reason (fortress-ssh(7)). */
static int
put_request(struct buf *b, const struct needs_ask *ask)
{
	const struct msg_decide *m = ask->m;
	int r = buf_printf(b, "ssh %s@bastion request %.*s@%.*s", ask->who->name, (int)m->login.n, (const char *)m->login.p, (int)m->host.n,
	    (const char *)m->host.p);

	if (r == 0)
		r = put_verb(b, m);
	if (r == 0)
		r = put_option(b, "to", m->to);
	if (r == 0)
		r = put_option(b, "listen", m->listen);
	if (r == 0)
		r = buf_text(b, " --reason WHY");
	return r == 0 ? put_command(b, m->command) : r;
}

/* The request that waits, or how to make one. */
static void
lack_approval(const struct needs_ask *ask, const struct approval *waits, const struct policy_need *need, unsigned n,
    struct rules_answer *a)
{
	struct buf how;

	lack(a, MSG_LACK_APPROVAL);
	if (waits == NULL) {
		buf_init(&how, sizeof(a->text));
		if (put_request(&how, ask) != 0)
			buf_clear(&how);
		snprintf(a->text, sizeof(a->text), "%.200s is required (%.200s)%s%s", need->words, need->id,
		    how.len > 0 ? ": ask for it with " : "", buf_cstr(&how));
		buf_done(&how);
		return;
	}
	snprintf(a->approval, sizeof(a->approval), "%.*s", (int)waits->row.id.n, (const char *)waits->row.id.p);
	snprintf(a->text, sizeof(a->text), "request %s waits for %.200s (%.200s): %u of %u said yes", a->approval, need->words, need->id, n,
	    need->count);
}

/* Among the requests for the same: the one that is enough, or else the newest that waits. */
struct found {
	struct approval *met, *waits;
	const struct policy_need *need;    /* what the latter waits for … */
	unsigned n;                        /* … and how many said yes */
	uint64_t until_us;
};

static void
find_approval(const struct needs_ask *ask, struct slice what, const struct policy_decision *d, struct found *f)
{
	const struct policy_need *need;
	unsigned n = 0;

	for (struct approval *x = ask->g->approvals.first; x != NULL && f->met == NULL; x = x->next) {
		if (!is_for(ask, x, what) || !is_usable(ask, x))
			continue;
		need = needs_open(ask->g, x, d, ask->who, ask->at, is_single(ask, x), &n, &f->until_us);
		if (need == NULL)
			f->met = x;
		else if (f->waits == NULL && !approval_is_over(x, ask->at) && approval_is(x, "open"))
			*f = (struct found){ .waits = x, .need = need, .n = n };
	}
}

static void
check_approval(const struct needs_ask *ask, struct rules_answer *a)
{
	struct found f = { .need = policy_decision_need(&a->d, POLICY_APPROVAL) };
	struct buf what;

	buf_init(&what, APPROVAL_WHAT + 1024);
	if (approval_what(ask->m, &what) != 0) {
		a->permit = false;
		snprintf(a->text, sizeof(a->text), "a command of more than %d bytes cannot be approved: put it into a file", APPROVAL_WHAT);
		buf_done(&what);
		return;
	}
	find_approval(ask, buf_slice(&what), &a->d, &f);
	buf_done(&what);
	if (f.met != NULL) {
		rest_on(f.met, f.until_us, &a->d, a);
	} else if (ask->again == NULL) {
		lack_approval(ask, f.waits, f.need, f.n, a);
	} else {
		lack(a, MSG_LACK_APPROVAL);
		snprintf(a->text, sizeof(a->text), "what was approved has ended (%.200s: %.200s)", f.need->id, f.need->words);
	}
}

/* Whom nobody can tell must not be passed over. */
static void
check_sinks(const struct needs_ask *ask, struct rules_answer *a)
{
	for (size_t i = 0; i < a->d.needs_n; i++) {
		const struct policy_need *need = a->d.needs[i];

		if (need->kind != POLICY_NOTIFY || notify_has(ask->g, need->sink))
			continue;
		a->permit = false;
		snprintf(a->text, sizeof(a->text), "%.200s is required (%.200s), and fortress.conf has no NotifySink of that name", need->words, need->id);
	}
}

/* What was begun is not recorded otherwise in its middle. */
static void
check_record(const struct needs_ask *ask, const struct policy_need *need, struct rules_answer *a)
{
	a->record = need != NULL ? need->record : POLICY_RECORD_NONE;
	if (ask->again == NULL || a->record <= ask->again->record || (a->record == POLICY_RECORD_IO && ask->again->record == POLICY_RECORD_NONE))
		return;
	a->permit = false;
	snprintf(a->text, sizeof(a->text), "it has to be recorded otherwise from now on (%.200s: %.200s): begin anew", need->id, need->words);
}

/* What runs already has the limits that it began with. */
static void
check_limits(const struct needs_ask *ask, struct rules_answer *a)
{
	struct limits then;

	if (ask->again == NULL || (limits_parse(ask->again->limits, &then) == 0 && limits_still_do(&then, &a->limits)))
		return;
	a->permit = false;
	snprintf(a->text, sizeof(a->text), "its limits are stricter from now on (%.100s): begin anew", a->rule);
}

/* The ticket that was named now, or with the request for the approval that it rests on. */
static void
find_change(const struct needs_ask *ask, struct rules_answer *a)
{
	const struct approval *x = a->approval[0] != '\0' ? approvals_find(&ask->g->approvals, slice_from(a->approval)) : NULL;

	if (ask->m->change.n > 0)
		(void)slice_copy(ask->m->change, a->change, sizeof(a->change));
	else if (x != NULL)
		(void)slice_copy(x->row.ticket, a->change, sizeof(a->change));
}

static bool
is_watchable(struct slice verb)
{
	return slice_is(verb, "shell") || slice_is(verb, "exec");
}

/* When all else is there.  Of what goes on already they come and go. */
static void
check_moderator(const struct needs_ask *ask, struct rules_answer *a)
{
	const struct policy_need *need = policy_decision_need(&a->d, POLICY_MODERATOR);

	if (need == NULL || !a->permit || ask->again != NULL || moderate_is_met(ask, &a->d))
		return;
	lack(a, MSG_LACK_MODERATOR);
	snprintf(a->text, sizeof(a->text), "%.200s is required (%.200s): somebody of them has to watch it", need->words, need->id);
}

void
needs_never(const struct needs_ask *ask, struct rules_answer *a)
{
	const unsigned can = POLICY_MFA | POLICY_APPROVAL | POLICY_TICKET | POLICY_RECORD | POLICY_MODERATOR | POLICY_NOTIFY;
	const struct policy_decision *d = &a->d;
	const struct policy_need *moderator = policy_decision_need(d, POLICY_MODERATOR);

	if (!a->permit)
		return;
	if ((d->obligations & ~can) != 0) {
		a->permit = false;
		snprintf(a->text, sizeof(a->text), "DENY: %.200s requires what this bastion does not do", d->rule);
		return;
	}
	check_sinks(ask, a);
	if (moderator == NULL || ask->again != NULL || is_watchable(ask->m->verb))
		return;
	a->permit = false;
	snprintf(a->text, sizeof(a->text), "%.200s is required (%.200s): nobody can watch that", moderator->words, moderator->id);
}

void
needs_check(const struct needs_ask *ask, struct rules_answer *a)
{
	const struct policy_decision *d = &a->d;
	const struct policy_need *mfa = policy_decision_need(d, POLICY_MFA);

	needs_never(ask, a);
	if (!a->permit)
		return;
	if ((d->obligations & POLICY_APPROVAL) != 0)
		check_approval(ask, a);
	find_change(ask, a);
	for (size_t i = 0; i < d->needs_n; i++)
		if (d->needs[i]->kind == POLICY_TICKET)
			check_ticket(ask, d->needs[i], a);
	check_record(ask, policy_decision_need(d, POLICY_RECORD), a);
	check_limits(ask, a);
	if (mfa != NULL)
		check_mfa(ask, mfa, a);                  /* last: its words are those that stay */
	check_moderator(ask, a);
}
