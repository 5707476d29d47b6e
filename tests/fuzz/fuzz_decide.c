/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Any request to one policy with everything in it.  The input is texts with a newline behind each, in the order of fields.  Explain and
 * the brief words agree with the decision, whoever has nothing to do with the policy gets nothing, and what is split into words and quoted
 * again splits into the same.
 */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "policy/facts.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char text[] =
    "role r { alice, :dev, cert:ci } role s { role r, bob } hosts h { env=prod & !q | app=$team } hosts g { name ~ \"db-*\" | h }\n"
    "command c { /bin/ls [ -l ] [ -a ] <path:/var/**> ; /bin/kill <int:1..9> <ident> ; /bin/x ** ; /bin/y <re:[a-z]+> <enum:a,b> <host> * -- }\n"
    "command d sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 { /bin/d }\n"
    "time t Mon-Fri 09:00-18:00 +08:00\n"
    "permit role s exec on g cmd c id a permit role s exec on any cmd d id b permit role r put,get on any path /srv/**, /home/*/x id c\n"
    "permit any forward on any to db-*:5432, 10.0.0.0/8:80 id d permit any forward on any listen localhost:* id e\n"
    "permit role r plugin on any plugin p@1 with { f <path:/var/**> ; [ n <int:1..5> ] } options { timeout 5s; parallel 5% } id f\n"
    "permit role r exec on any cmd d options { timeout 10s; mem 64M; cpu 5s; procs 9; nofile 20; fsize 1G } id o\n"
    "permit role r shell,exec on any as root, ops options { timeout 1h; idle 5m } id p\n"
    "permit role r shell on any as root, ops from 10.0.0.0/8 when t id g\n"
    "deny any any on q=* unless from 192.0.2.0/24 id h deny any exec on any cmd { /bin/rm ** } id i deny any put on any path /etc/** id j\n"
    "deny any forward on any to 127.0.0.0/8:* id k\n"
    "require mfa for any any on env=prod id l require ticket /^[A-Z]{2,5}-[0-9]+$/ for role r any on any unless bob id m\n"
    "require record full for any exec on any cmd { /bin/x ** } id n\n"
    "watch any on any match /rm +-rf|mkfs/ then kill\n";

static struct slice
field(struct slice *rest)
{
	const unsigned char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	struct slice s = slice_of(rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n);

	*rest = end != NULL ? slice_of(end + 1, rest->n - s.n - 1) : slice_of(rest->p + rest->n, 0);
	return s;
}

static void
check_split(struct slice command)
{
	struct slice words[64], again[64];
	struct buf store, other, line;
	int n, r = 0;

	buf_init(&store, 65536);
	buf_init(&other, 65536);
	buf_init(&line, 1 << 20);
	n = words_split(command, &store, words, 64, NULL);
	for (int i = 0; r == 0 && i < n; i++) {
		r = i > 0 ? buf_text(&line, " ") : 0;
		if (r == 0)
			r = text_shell(&line, words[i]);
	}
	/* A word with = in front would be an assignment, and quotes do not change what it is here. */
	if (n > 0 && r == 0 && words_split(buf_slice(&line), &other, again, 64, NULL) == n)
		for (int i = 0; i < n; i++)
			assert(slice_eq(words[i], again[i]));
	buf_done(&store);
	buf_done(&other);
	buf_done(&line);
}

static void
check_words(const struct policy *p, const struct policy_request *req)
{
	struct policy_decision d, told;
	struct buf b, few;

	policy_eval(p, req, &d);
	buf_init(&b, 1 << 20);
	buf_init(&few, 1 << 20);
	if (policy_tell(p, req, &told, &b, &few) == 0) {
		assert(told.permit == d.permit && told.by_path == d.by_path && told.needs_n == d.needs_n);
		assert((b.len > 6 && memcmp(b.p, "PERMIT", 6) == 0) == d.permit);
		assert(text_is_utf8(buf_slice(&b)) || !text_is_utf8(slice_from(d.reason)));
	}
	buf_done(&b);
	buf_done(&few);
	assert(!d.permit || req->given || policy_may_reach(p, req));
	assert(!d.by_path || req->some_path);
	assert(!d.in_part || (d.permit && req->somehow));
	assert(d.needs_n <= POLICY_NEEDS_MAX && (d.permit || d.needs_n == 0));
	assert(d.digests_n <= POLICY_DIGESTS_MAX && (d.digests_n == 0 || (d.permit && req->agent && req->sha256.n == 0)));
}

/* What is permitted is so somehow. */
static void
check_somehow(const struct policy *p, const struct policy_request *req)
{
	struct policy_request some = *req;
	struct policy_decision d, all;

	some.somehow = true;
	policy_eval(p, req, &d);
	policy_eval(p, &some, &all);
	assert(all.permit || !d.permit || strcmp(all.rule, "too-many-needs") == 0);
	assert(!all.in_part || all.permit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct policy *p;
	struct slice rest = slice_of(data, n), argv[2];
	struct policy_facts facts, certs;
	const struct policy_watch *w[4];
	struct policy_request req = { .now = { 1764000000000000 } };
	struct policy_label params[2];
	struct err e = { 0 };
	size_t watches;

	if (p == NULL)
		p = policy_parse("p", slice_from(text), &(struct policy_source){ .able = NULL }, &e);
	assert(p != NULL);
	req.who.name = field(&rest);
	req.verb = field(&rest);
	req.host = field(&rest);
	if (!policy_facts_set(&facts, field(&rest), field(&rest), req.host, field(&rest)) ||
	    !policy_facts_set(&certs, field(&rest), slice_of("", 0), slice_of("", 0), slice_of("", 0)))
		return 0;
	policy_facts_use(&facts, &req);
	req.who.principals = certs.groups;
	req.who.principals_n = certs.groups_n;
	req.login = field(&rest);
	req.to = field(&rest);
	req.listen = field(&rest);
	req.path = field(&rest);
	req.plugin = field(&rest);
	req.sha256 = field(&rest);
	req.src = field(&rest);
	params[0] = (struct policy_label){ slice_from("f"), field(&rest) };
	params[1] = (struct policy_label){ slice_from("n"), field(&rest) };
	req.params = params;
	req.params_n = 2;
	argv[0] = field(&rest);
	argv[1] = field(&rest);
	req.command = rest;
	check_words(p, &req);
	check_split(rest);
	watches = policy_watches(p, &req, w, 4);
	(void)policy_watch_line(w, watches, rest);
	req.argv = argv;
	req.argv_n = argv[0].n > 0 ? 2 : 0;
	check_words(p, &req);
	req.agent = true;
	check_words(p, &req);
	req.some_path = true;
	check_words(p, &req);
	check_somehow(p, &req);
	req.given = true;
	check_words(p, &req);
	return 0;
}
