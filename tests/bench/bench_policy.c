/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 *	make tests/bench/bench_policy && tests/bench/bench_policy [RULES [HOSTS [QUESTIONS]]]
 *
 * Decisions with RULES rules (1,000) about HOSTS labelled hosts (100,000): single ones, and all hosts that one user may
 * reach.  Beside it the same policy as one would write it without an index: every rule is read and every word compared.  Both must
 * say the same.  Goals: 10 us a decision, 100 ms for all hosts.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "policy/policy.h"

#define ROLES   100
#define MEMBERS 50
#define APPS    200

static const char *const envs[] = { "prod", "staging", "dev", "lab", "test" };
static const char *const tiers[] = { "web", "db", "cache", "batch" };

/* ---- what both know: rule i is for role i % ROLES (or, each 50th, for any), on env & app, one in twenty a deny ---- */

struct rule { int role, env, app; bool deny, any; };
struct host { char name[32], env[12], tier[12], app[12], zone[12]; };
struct user { char name[24], groups[3][16]; };

static struct rule *rules;
static struct host *hosts;
static size_t rules_n = 1000, hosts_n = 100000, asks_n = 50000;

static uint64_t seed = 1;
static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

static void
make_world(void)
{
	rules = calloc(rules_n, sizeof(*rules));
	hosts = calloc(hosts_n, sizeof(*hosts));
	if (rules == NULL || hosts == NULL)
		abort();
	for (size_t i = 0; i < rules_n; i++)
		rules[i] = (struct rule){ .role = (int)(i % ROLES), .env = (int)below(5), .app = (int)below(APPS), .deny = i % 20 == 7, .any = i % 50 == 7 };
	for (size_t i = 0; i < hosts_n; i++) {
		snprintf(hosts[i].name, sizeof(hosts[i].name), "host-%06zu", i);
		snprintf(hosts[i].env, sizeof(hosts[i].env), "%s", envs[below(5)]);
		snprintf(hosts[i].tier, sizeof(hosts[i].tier), "%s", tiers[below(4)]);
		snprintf(hosts[i].app, sizeof(hosts[i].app), "app-%u", below(APPS));
		snprintf(hosts[i].zone, sizeof(hosts[i].zone), "z%u", below(8));
	}
}

static struct user
user_of(unsigned n)
{
	struct user u = { 0 };

	snprintf(u.name, sizeof(u.name), "user-%u", n % (ROLES * MEMBERS));
	for (int i = 0; i < 3; i++)
		snprintf(u.groups[i], sizeof(u.groups[i]), "group-%u", (n * 7 + (unsigned)i * 31) % ROLES);
	return u;
}

/* ---- ours ---- */

/* all: every rule is for everybody, so that nothing but hosts tells them apart. */
static struct policy *
make_policy(bool all)
{
	struct err e = { 0 };
	struct policy *p;
	struct buf b;
	int r = 0;

	buf_init(&b, 64u << 20);
	for (unsigned i = 0; r == 0 && i < ROLES; i++) {
		r = buf_printf(&b, "role r%u { :group-%u", i, i);
		for (unsigned m = 0; r == 0 && m < MEMBERS; m++)
			r = buf_printf(&b, ", user-%u", i * MEMBERS + m);
		if (r == 0)
			r = buf_text(&b, " }\n");
	}
	for (size_t i = 0; r == 0 && i < rules_n; i++) {
		r = buf_text(&b, rules[i].deny ? "deny " : "permit ");
		if (r == 0)
			r = all || rules[i].any ? buf_text(&b, "any") : buf_printf(&b, "role r%d", rules[i].role);
		if (r == 0)
			r = buf_printf(&b, " shell,exec on env=%s & app=app-%d as root, ops\n", envs[rules[i].env], rules[i].app);
	}
	p = r == 0 ? policy_parse("bench", buf_slice(&b), &(struct policy_source){ .able = NULL }, &e) : NULL;
	buf_done(&b);
	if (p == NULL) {
		fprintf(stderr, "the policy does not load: %s\n", e.text);
		exit(1);
	}
	return p;
}

static bool
ours(const struct policy *p, const struct policy_scope *scope, const struct user *u, const struct host *h)
{
	const struct policy_label labels[] = { { slice_from("env"), slice_from(h->env) }, { slice_from("tier"), slice_from(h->tier) },
		{ slice_from("app"), slice_from(h->app) }, { slice_from("zone"), slice_from(h->zone) } };
	struct slice groups[3] = { slice_from(u->groups[0]), slice_from(u->groups[1]), slice_from(u->groups[2]) };
	struct policy_request req = { .who = { .name = slice_from(u->name), .groups = groups, .groups_n = 3 }, .scope = scope,
		.verb = slice_from("shell"), .host = slice_from(h->name), .login = slice_from("root"), .labels = labels, .labels_n = 4 };
	struct policy_decision d;

	policy_eval(p, &req, &d);
	return d.permit;
}

/* ---- the peer ---- */

static char peer_roles[ROLES][MEMBERS + 1][24], peer_apps[APPS][12];

/* Words are made once: the peer only compares. */
static void
peer_make(void)
{
	for (int r = 0; r < ROLES; r++) {
		snprintf(peer_roles[r][MEMBERS], sizeof(peer_roles[r][MEMBERS]), "group-%d", r);
		for (int m = 0; m < MEMBERS; m++)
			snprintf(peer_roles[r][m], sizeof(peer_roles[r][m]), "user-%d", r * MEMBERS + m);
	}
	for (int i = 0; i < APPS; i++)
		snprintf(peer_apps[i], sizeof(peer_apps[i]), "app-%d", i);
}

static bool
peer_who(const struct user *u, int role)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(u->groups[i], peer_roles[role][MEMBERS]) == 0)
			return true;
	for (int m = 0; m < MEMBERS; m++)
		if (strcmp(u->name, peer_roles[role][m]) == 0)
			return true;
	return false;
}

static bool
peer(const struct user *u, const struct host *h, bool all)
{
	bool permit = false;

	for (size_t i = 0; i < rules_n; i++) {
		const struct rule *r = &rules[i];

		if ((!all && !r->any && !peer_who(u, r->role)) || strcmp(h->env, envs[r->env]) != 0 || strcmp(h->app, peer_apps[r->app]) != 0)
			continue;
		if (r->deny)
			return false;
		permit = true;
	}
	return permit;
}

/* ---- measuring ---- */

static int counter = -1;

static void
count_open(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_HARDWARE, .size = sizeof(a), .config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1, .exclude_hv = 1 };

	counter = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static uint64_t
instructions(void)
{
	uint64_t n = 0;

	return counter >= 0 && read(counter, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct measured { double s; uint64_t instructions; size_t permits; };

static struct measured
single(const struct policy *p, bool all, size_t n)
{
	uint64_t i0 = instructions();
	struct measured m = { 0 };
	double t0 = seconds();

	seed = 77;
	for (size_t i = 0; i < n; i++) {
		struct user u = user_of(below(ROLES * MEMBERS));
		const struct host *h = &hosts[below((unsigned)hosts_n)];

		m.permits += p != NULL ? ours(p, NULL, &u, h) : peer(&u, h, all);
	}
	m.s = seconds() - t0;
	m.instructions = instructions() - i0;
	return m;
}

static struct measured
all_hosts(const struct policy *p)
{
	struct user u = user_of(4242);
	struct slice groups[3] = { slice_from(u.groups[0]), slice_from(u.groups[1]), slice_from(u.groups[2]) };
	struct policy_person who = { .name = slice_from(u.name), .groups = groups, .groups_n = 3 };
	uint64_t i0 = instructions();
	struct measured m = { 0 };
	double t0 = seconds();
	struct policy_scope *scope = p != NULL ? policy_scope_new(p, &who) : NULL;

	for (size_t i = 0; i < hosts_n; i++)
		m.permits += p != NULL ? ours(p, scope, &u, &hosts[i]) : peer(&u, &hosts[i], false);
	policy_scope_free(scope);
	m.s = seconds() - t0;
	m.instructions = instructions() - i0;
	return m;
}

static void
print(const char *what, size_t n, const struct measured *m, const struct measured *than)
{
	printf("%-34s %8.3f us each", what, m->s * 1e6 / (double)n);
	if (m->instructions > 0)
		printf(", %7.0f instructions", (double)m->instructions / (double)n);
	printf(", %6.1f ms in all, %zu permitted", m->s * 1e3, m->permits);
	if (than != NULL)
		printf("; %.1f times as fast", than->s / m->s);
	putchar('\n');
}

static bool
compare(const char *what, const struct policy *p, bool all)
{
	char line[64];
	struct measured other = single(NULL, all, asks_n), mine = single(p, all, asks_n);

	(void)snprintf(line, sizeof(line), "%s, without an index", what);
	print(line, asks_n, &other, NULL);
	(void)snprintf(line, sizeof(line), "%s, ours", what);
	print(line, asks_n, &mine, &other);
	return mine.permits == other.permits;
}

static bool
compare_all_hosts(const struct policy *p)
{
	struct measured other = all_hosts(NULL), mine = all_hosts(p);

	print("all hosts of one, without an index", hosts_n, &other, NULL);
	print("all hosts of one, ours", hosts_n, &mine, &other);
	return mine.permits == other.permits;
}

int
main(int argc, char **argv)
{
	struct policy *p, *everybody;
	bool agree;
	double t0;

	if (argc > 1)
		rules_n = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		hosts_n = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		asks_n = strtoul(argv[3], NULL, 10);
	make_world();
	peer_make();
	t0 = seconds();
	p = make_policy(false);
	printf("%zu rules, %d roles of %d, %zu hosts; the policy loads in %.1f ms\n", rules_n, ROLES, MEMBERS, hosts_n, (seconds() - t0) * 1e3);
	everybody = make_policy(true);
	count_open();
	if (counter < 0)
		puts("(this machine counts no instructions; valgrind --tool=callgrind --toggle-collect=policy_eval does, with fewer questions)");
	agree = compare("decisions", p, false);
	agree = compare("of rules for all", everybody, true) && agree;
	agree = compare_all_hosts(p) && agree;
	if (!agree)
		fprintf(stderr, "they do not agree\n");
	policy_free(p);
	policy_free(everybody);
	free(rules);
	free(hosts);
	return agree ? 0 : 1;
}
