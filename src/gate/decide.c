/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * A host may list its logins; a login that is not among them is refused before the policy is
 * asked.  A host without a list takes any login that the policy names; the default is then the
 * user's own name.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gate/decide.h"
#include "gate/match.h"
#include "gate/needs.h"

#define JUMP_SUFFIX ".fx"

static void
answer_no(struct rules_answer *ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
answer_no(struct rules_answer *ret, const char *fmt, ...)
{
	va_list ap;

	*ret = (struct rules_answer){ 0 };
	va_start(ap, fmt);
	vsnprintf(ret->text, sizeof(ret->text), fmt, ap);
	va_end(ap);
}

/* The logins to try, in the host's order. */
static struct slice
logins_of(const struct dir_host *host, const struct rules_who *who)
{
	return slice_from(host->logins[0] != '\0' ? host->logins : who->name);
}

static void
ask_one(const struct gate *g, const struct decide_ask *ask, const struct rules_question *q, struct rules_answer *ret)
{
	struct msg_decide m = { .verb = q->verb, .host = slice_from(q->host->name), .login = q->login, .command = q->command, .to = q->to,
	    .listen = q->listen, .change = ask->change, .hold = ask->hold, .under = ask->under };
	struct needs_ask needs = { .g = g, .who = ask->who, .m = &m, .at = ask->at, .mfa = ask->mfa, .conn = ask->conn, .again = ask->again };

	rules_ask(g->rules, q, ret);
	if (ask->needs)
		needs_check(&needs, ret);
}

/* A permit is better than one that lacks something, and that than none. */
static int
worth(const struct rules_answer *a)
{
	return a->permit ? 2 : a->lacks != 0;
}

static void
ask_default_login(const struct gate *g, const struct decide_ask *ask, struct rules_question *q, char login[LOGIN_SIZE],
    struct rules_answer *ret)
{
	struct slice rest = logins_of(q->host, q->who), one;
	struct rules_answer a;
	int best = -1;

	while (best < 2 && take_filled(&rest, ',', &one)) {
		q->login = one;
		ask_one(g, ask, q, &a);
		if (worth(&a) <= best)
			continue;
		best = worth(&a);
		*ret = a;
		(void)slice_copy(one, login, LOGIN_SIZE);
	}
}

/* "web1.fx" is web1: so one pattern of the client's known_hosts holds for all hosts behind the bastion. */
static void
find_host(const struct directory *d, struct slice *name, struct match *ret)
{
	size_t n = sizeof(JUMP_SUFFIX) - 1;

	match_host(d, *name, ret);
	if (ret->count > 0 || name->n <= n || memcmp(name->p + name->n - n, JUMP_SUFFIX, n) != 0)
		return;
	name->n -= n;
	match_host(d, *name, ret);
}

/* to: "HOST:PORT" */
static bool
is_ssh_port(const struct dir_host *h, struct slice to)
{
	char port[16];
	size_t n = strlen(":22");

	if (to.n > n && memcmp(to.p + to.n - n, ":22", n) == 0)
		return true;
	n = (size_t)snprintf(port, sizeof(port), ":%u", h->port);
	return h->port != 0 && to.n > n && memcmp(to.p + to.n - n, port, n) == 0;
}

void
decide_ask(const struct gate *g, const struct decide_ask *ask, struct dir_host **host, char login[LOGIN_SIZE],
    struct rules_answer *ret)
{
	struct rules_question q = { .who = ask->who, .verb = ask->verb, .login = ask->login, .command = ask->command,
	    .to = ask->to, .listen = ask->listen, .path = ask->path, .src = ask->src, .at = ask->at };
	struct slice name = ask->host;
	struct match match;
	char shown[128];

	*ret = (struct rules_answer){ 0 };
	login[0] = '\0';
	find_host(g->dir, &name, &match);
	*host = match.host;
	if (*host == NULL) {
		(void)match_say(&match, name, ret->text, sizeof(ret->text));
		return;
	}
	q.host = *host;
	if (slice_is(ask->verb, "jump") && ask->to.n == 0) {
		answer_no(ret, "say where the jump goes: --to %s:22", (*host)->name);
		return;
	}
	if (slice_is(ask->verb, "jump") && !is_ssh_port(*host, ask->to)) {
		answer_no(ret, "a jump to %s ends at its SSH port, 22 or %u", (*host)->name, (*host)->port);
		return;
	}
	if (ask->login.n == 0) {
		ask_default_login(g, ask, &q, login, ret);
		return;
	}
	if (slice_copy(ask->login, login, LOGIN_SIZE) != 0) {
		answer_no(ret, "that is not a login name");
		return;
	}
	if ((*host)->logins[0] != '\0' && !names_in_list((*host)->logins, ask->login)) {
		answer_no(ret, "%s has no login %s (it has %s)", (*host)->name, text_escaped(ask->login, shown, sizeof(shown)),
		    (*host)->logins);
		return;
	}
	ask_one(g, ask, &q, ret);
}

int
decide_words(const struct gate *g, const struct decide_ask *ask, const struct dir_host *host, const char *login,
    struct buf *words)
{
	struct rules_question q = { .who = ask->who, .host = host, .verb = ask->verb, .login = slice_from(login),
	    .command = ask->command, .src = ask->src, .at = ask->at };

	return rules_words(g->rules, &q, words);
}

/* Which of the host's logins may user take?  They go to logins, comma-separated; said is of the one that speaks for the host: the
 * first that may be taken, or the first. */
static int
logins_allowed(const struct gate *g, struct rules_question *q, struct buf *logins, struct rules_answer *said)
{
	struct slice rest = logins_of(q->host, q->who), one;
	struct rules_answer other, *a = said;
	int r = 0;

	rules_answer_init(said);
	for (; r == 0 && take_filled(&rest, ',', &one); a = &other) {
		q->login = one;
		rules_ask(g->rules, q, a);
		if (!a->permit)
			continue;
		if (a != said && logins->len == 0)
			*said = *a;
		r = buf_printf(logins, "%s%.*s", logins->len > 0 ? "," : "", (int)one.n, (const char *)one.p);
	}
	return r;
}

int
decide_host_row(const struct gate *g, const struct decide_view *v, const struct dir_host *host, bool wanted, struct buf *rows)
{
	struct msg_host_row row = { .name = slice_from(host->name), .addr = slice_from(host->addr),
	    .labels = slice_from(host->labels), .logins = slice_from(host->logins), .allowed = 1 };
	struct rules_question q = { .who = v->who, .host = host, .verb = slice_from("shell"), .src = v->src, .at = v->at,
	    .terse = wanted, .brief = v->briefly };      /* a row shows what may be reached, whatever it still takes */
	struct rules_answer a;
	struct buf logins;
	char brief[240];
	int r = 0;

	buf_init(&logins, 16384);
	if (v->who != NULL) {
		r = logins_allowed(g, &q, &logins, &a);
		row.allowed = logins.len > 0;
		row.logins = buf_slice(&logins);
		row.why = slice_from(a.text);
		row.brief = slice_from(a.brief);
		if (a.permit && (a.d.obligations & POLICY_APPROVAL) != 0) {
			(void)snprintf(brief, sizeof(brief), "needs approval: %s", a.brief);
			row.brief = slice_from(brief);
		}
	}
	if (r == 0 && (row.allowed != 0) == wanted)
		r = msg_host_row_put(rows, &row);
	buf_done(&logins);
	return r;
}
