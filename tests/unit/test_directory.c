/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The gate's directory: rows in and out, names, codes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gate/acceptable.h"
#include "gate/match.h"
#include "tests/tap.h"

static int
put_host_port(struct directory *d, const char *name, const char *addr, unsigned port, const char *aliases)
{
	struct msg_dir_host m = { .op = MSG_DIR_PUT, .name = slice_from(name), .addr = slice_from(addr), .port = port,
	    .target_kind = MSG_TARGET_SSHD, .aliases = slice_from(aliases) };
	struct err e = { 0 };
	int r = acceptable_row(d, MSG_DIR_HOST, &m, &e);

	return r != 0 ? r : directory_apply(d, MSG_DIR_HOST, &m);
}

static int
put_host(struct directory *d, const char *name, const char *addr, const char *aliases)
{
	return put_host_port(d, name, addr, 22, aliases);
}

/* As a database of an earlier version may have it: unchecked. */
static int
load_host(struct directory *d, const char *name, const char *addr, uint32_t port, const char *aliases)
{
	struct msg_dir_host m = { .op = MSG_DIR_PUT, .name = slice_from(name), .addr = slice_from(addr), .port = port,
		.target_kind = MSG_TARGET_SSHD, .aliases = slice_from(aliases) };

	return directory_apply(d, MSG_DIR_HOST, &m);
}

static int
put_user(struct directory *d, const char *name, uint32_t disabled)
{
	struct msg_dir_user m = { .op = MSG_DIR_PUT, .name = slice_from(name), .disabled = disabled };
	struct err e = { 0 };
	int r = acceptable_row(d, MSG_DIR_USER, &m, &e);

	return r != 0 ? r : directory_apply(d, MSG_DIR_USER, &m);
}

static const char *
host_named(const struct directory *d, const char *text, size_t *count)
{
	struct match m;

	match_host(d, slice_from(text), &m);
	*count = m.count;
	return m.host != NULL ? m.host->name : "none";
}

static void
test_hosts(void)
{
	struct directory *d = directory_new();
	size_t count;

	ok(put_host(d, "web2", "10.0.0.2", "") == 0 && put_host(d, "web1", "10.0.0.1", "www,front") == 0 &&
	    put_host(d, "db", "10.0.0.3", "") == 0 && put_host(d, "web10", "10.0.0.4", "") == 0, "four hosts");
	is(host_named(d, "web1", &count), "web1", "a name that another begins with");
	is(host_named(d, "front", &count), "web1", "an alias");
	is(host_named(d, "10.0.0.3", &count), "db", "an address");
	is(host_named(d, "d", &count), "db", "a unique prefix");
	is(host_named(d, "we", &count), "none", "a prefix of several");
	ok(count == 3, "and how many");
	is(host_named(d, "zzz", &count), "none", "none");
	ok(count == 0, "and none fits");
	is(directory_host_at(d, 0)->name, "db", "in order of names");
	ok(put_host(d, "web1", "10.9.9.9", "") == 0 && directory_hosts(d) == 4, "a put of an old name changes it");
	is(host_named(d, "10.9.9.9", &count), "web1", "its new address");
	ok(put_host(d, "a b", "10.0.0.9", "") == -EINVAL && put_host(d, "x", "", "") == -EINVAL, "bad rows are refused");
	ok(put_host(d, "config", "10.0.0.9", "") == -EINVAL && put_host(d, "x", "10.0.0.9", "y,help") == -EINVAL &&
	    put_host(d, "conf", "10.0.0.9", "") == 0, "words that the bastion answers are no names of hosts");
	ok(put_host(d, "e-abcdefghijkmnpqr", "10.0.0.9", "") == -EINVAL && put_host(d, "e-abc", "10.0.0.9", "") == 0, "nor is what looks like a code");
	(void)directory_apply(d, MSG_DIR_HOST, &(struct msg_dir_host){ .op = MSG_DIR_PUT, .name = slice_from("keys"), .addr = slice_from("10.0.0.8") });
	ok(put_host(d, "keys", "10.0.0.7", "") == 0, "one that is there already can still be changed");
	directory_free(d);
}

/* Each kind of fit, and that a better one hides the others. */
static void
test_match(void)
{
	static const struct { const char *text, *host; size_t count; } cases[] = {
		{ "web1", "web1", 1 }, { "WEB1", "web1", 1 }, { "Db", "Db", 1 }, { "db", "Db", 1 }, { "DB", "Db", 1 },
		{ "www", "web1", 1 }, { "WWW", "web1", 1 }, { "shared", "none", 2 }, { "shar", "none", 2 }, { "unique-al", "gw", 1 },
		{ "web", "none", 3 }, { "web10", "web10", 1 }, { "g", "gw", 1 }, { "G", "gw", 1 },
		{ "10.0.0.1", "web1", 1 }, { "10.0.0.1:22", "web1", 1 }, { "10.0.0.1:23", "none", 0 },
		{ "10.0.0.9", "none", 2 }, { "10.0.0.9:22", "web2", 1 }, { "10.0.0.9:2222", "web10", 1 },
		{ "2001:db8::1", "gw", 1 }, { "2001:DB8::1", "gw", 1 }, { "[2001:db8::1]:2200", "gw", 1 }, { "[2001:db8::1]:22", "none", 0 },
		{ "host.example.org", "far", 1 }, { "host.example.org:2022", "far", 1 }, { "host.example.org:22", "none", 0 },
		{ "unix:/run/a.sock", "near", 1 }, { "10.0.0", "10.0.0.7", 1 }, { "10.0.1", "none", 0 }, { "", "none", 0 }, { ":22", "none", 0 }, { "[]:22", "none", 0 },
		{ "10.0.0.7", "10.0.0.7", 1 }, { "\xff", "none", 0 },
	};
	struct directory *d = directory_new();
	size_t count;

	ok(load_host(d, "web1", "10.0.0.1", 22, "www,shared") == 0 && load_host(d, "web2", "10.0.0.9", 22, "shared") == 0 &&
	    load_host(d, "web10", "10.0.0.9", 2222, "") == 0 && load_host(d, "Db", "10.0.0.3", 22, "") == 0 &&
	    load_host(d, "gw", "2001:db8::1", 2200, "unique-alias") == 0 &&
	    load_host(d, "far", "host.example.org", 2022, "") == 0 && load_host(d, "near", "unix:/run/a.sock", 0, "") == 0 &&
	    load_host(d, "10.0.0.7", "10.0.0.8", 22, "") == 0 && load_host(d, "other", "10.0.0.7", 22, "") == 0, "nine hosts");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char shown[64];

		is(host_named(d, cases[i].text, &count), cases[i].host, text_escaped(slice_from(cases[i].text), shown, sizeof(shown)));
		ok(count == cases[i].count, "it fits %zu", cases[i].count);
	}
	directory_free(d);
}

static void
test_match_words(void)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "web", "7 hosts fit \"web\": name one of web1, web2, web3, web4, web5 and 2 more" },
		{ "db", "2 hosts fit \"db\": name one of db1, db2" },
		{ "wbe1", "there is no host \"wbe1\"; did you mean web1?" },
		{ "eb7", "there is no host \"eb7\"; did you mean web7?" },
		{ "b1", "there is no host \"b1\"; did you mean db1, web1?" },
		{ "zzz", "there is no host \"zzz\": ssh USER@bastion hosts lists yours" },
		{ "q", "there is no host \"q\": ssh USER@bastion hosts lists yours" },
		{ "\x1b[2J", "there is no host \"\\x1b[2J\": ssh USER@bastion hosts lists yours" },
	};
	struct directory *d = directory_new();
	char name[16], text[1024];
	struct match m;

	for (int i = 1; i <= 7; i++) {
		snprintf(name, sizeof(name), "web%d", i);
		(void)put_host(d, name, "10.0.0.1", "");
	}
	(void)put_host(d, "db1", "10.0.1.1", "");
	(void)put_host(d, "db2", "10.0.1.2", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		match_host(d, slice_from(cases[i].text), &m);
		ok(m.host == NULL, "no one host");
		is(match_say(&m, slice_from(cases[i].text), text, sizeof(text)), cases[i].want, "in these words");
	}
	directory_free(d);
}

static void
test_host_rows(void)
{
	static const char *const good[] = { "10.0.0.1", "::1", "fe80::1%eth0", "db-1.example.org", "h", "unix:/run/agent.sock" };
	static const char *const bad[] = { "", "bad addr", "10.0.0.300", "1.2.3", "-x", "unix:", "unix:run/x", "a/b", "a:22", "[::1]:22",
	    "fe80::1%" };
	struct directory *d = directory_new();

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(put_host(d, "h1", good[i], "") == 0, "an address: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(put_host(d, "h1", bad[i], "") == -EINVAL, "none: \"%s\"", bad[i]);
	ok(put_host(d, "h2", "10.0.0.2", "two,second") == 0, "a host may have aliases");
	ok(put_host(d, "h2", "10.0.0.2", "two,second,again") == 0, "which may be put again");
	ok(put_host(d, "h3", "10.0.0.3", "h1") == -EEXIST, "but not one that is a host");
	ok(put_host(d, "h3", "10.0.0.3", "x,second") == -EEXIST, "nor another's");
	ok(put_host(d, "h3", "10.0.0.3", "h3") == -EEXIST, "nor its own name");
	ok(put_host(d, "two", "10.0.0.3", "") == -EEXIST, "and no host is called like an alias");
	directory_free(d);
}

static struct msg_dir_key
key_row(const unsigned char *blob, size_t n)
{
	return (struct msg_dir_key){ .op = MSG_DIR_PUT, .user = slice_from("alice"), .alg = slice_from("ssh-ed25519"),
	    .blob = slice_of(blob, n) };
}

static void
test_users(void)
{
	static const unsigned char blob[] = "\0\0\0\13ssh-ed25519\0\0\0\40abcdefghijklmnopqrstuvwxyz012345";
	struct directory *d = directory_new();
	struct msg_dir_key key = key_row(blob, sizeof(blob) - 1);
	struct err e = { 0 };
	const struct dir_user *u;

	ok(acceptable_row(d, MSG_DIR_KEY, &key, &e) == -ENOENT, "a key of nobody: %s", e.text);
	ok(put_user(d, "alice", 0) == 0 && put_user(d, "a+b", 0) == -EINVAL, "a user is taken, one with a plus in the name is not");
	ok(acceptable_row(d, MSG_DIR_KEY, &key, &e) == 0 && directory_apply(d, MSG_DIR_KEY, &key) == 0, "a key of hers is taken");
	u = directory_find_user(d, slice_from("alice"));
	ok(u != NULL && directory_find_key(u, key.blob) != NULL, "and is found as hers");
	ok(directory_find_key(u, slice_of(blob, 10)) == NULL && directory_find_key(u, slice_of(NULL, 0)) == NULL, "another is not");
	ok(put_user(d, "alice", 1) == 0, "she is locked");
	u = directory_find_user(d, slice_from("alice"));
	ok(u != NULL && u->disabled && directory_find_key(u, key.blob) != NULL, "and the key stays");
	is(directory_refuses(u, (wall_t){ 0 }), "this user is locked", "locked");
	ok(put_user(d, "alice", 0) == 0, "she is unlocked");
	u = directory_find_user(d, slice_from("alice"));
	directory_find_user(d, slice_from("alice"))->expires_us = 1000;
	ok(directory_refuses(u, (wall_t){ 999 }) == NULL && directory_refuses(u, (wall_t){ 1000 }) != NULL &&
	    !directory_is_over(0, (wall_t){ INT64_MAX }), "an account ends in its microsecond, or never");
	key.expires_us = 77;
	ok(directory_apply(d, MSG_DIR_KEY, &key) == 0 && directory_find_key(u, key.blob)->expires_us == 77 && u->nkeys == 1,
	    "a key that is put again ends then");
	key.alg = slice_from("ssh-rsa");
	ok(acceptable_row(d, MSG_DIR_KEY, &key, &e) == -EINVAL, "a type that does not fit its data: %s", e.text);
	key.op = MSG_DIR_DELETE;
	ok(directory_apply(d, MSG_DIR_KEY, &key) == 0 && directory_apply(d, MSG_DIR_KEY, &key) == -ENOENT, "deleted once");
	directory_free(d);
}

static void
test_codes(void)
{
	unsigned char hash[CODE_HASH] = { 1, 2, 3 };
	struct directory *d = directory_new();
	struct msg_dir_code m = { .op = MSG_DIR_PUT, .user = slice_from("alice"), .hash = slice_of(hash, CODE_HASH),
	    .expires_us = 1000 };
	wall_t before = { 999 }, after = { 1000 };

	ok(directory_apply(d, MSG_DIR_CODE, &m) == 0, "a code is taken");
	ok(codes_has(directory_codes(d), slice_from("alice"), hash, before), "and is good");
	ok(!codes_has(directory_codes(d), slice_from("alice"), hash, after), "until it expires");
	ok(!codes_has(directory_codes(d), slice_from("bob"), hash, before), "for its user alone");
	ok(codes_take(directory_codes(d), slice_from("alice"), hash, before), "taken once");
	ok(!codes_take(directory_codes(d), slice_from("alice"), hash, before), "but not twice");
	directory_free(d);
}

static int
put_group(struct directory *d, uint32_t op, const char *name, const char *description)
{
	struct msg_dir_group m = { .op = op, .name = slice_from(name), .description = slice_from(description) };
	struct err e = { 0 };
	int r = acceptable_row(d, MSG_DIR_GROUP, &m, &e);

	return r != 0 ? r : directory_apply(d, MSG_DIR_GROUP, &m);
}

static int
put_member(struct directory *d, const char *name, const char *groups, const char *attrs)
{
	struct msg_dir_user m = { .op = MSG_DIR_PUT, .name = slice_from(name), .groups = slice_from(groups), .attrs = slice_from(attrs) };
	struct err e = { 0 };
	int r = acceptable_row(d, MSG_DIR_USER, &m, &e);

	return r != 0 ? r : directory_apply(d, MSG_DIR_USER, &m);
}

static void
test_groups(void)
{
	static const struct { const char *attrs; int r; } cases[] = {
		{ "", 0 }, { "team=pay", 0 }, { "team=pay site=hz", 0 }, { "team=", 0 }, { "team=a=b", 0 }, { "team=pay team=web", 0 },
		{ "team", -EINVAL }, { "=pay", -EINVAL }, { "team=pay site", -EINVAL }, { "te/am=pay", -EINVAL }, { "team=pay\nsite=x", -EINVAL },
	};
	struct directory *d = directory_new();

	ok(put_group(d, MSG_DIR_PUT, "ops", "on call") == 0 && put_group(d, MSG_DIR_PUT, "dba", "") == 0 &&
	    put_group(d, MSG_DIR_PUT, "ops", "on call now") == 0 && directory_groups(d) == 2, "two groups, one put twice");
	is(directory_find_group(d, slice_from("ops"))->description, "on call now", "a put changes it");
	is(directory_group_at(d, 0)->name, "dba", "in order of names");
	ok(put_group(d, MSG_DIR_PUT, "o ps", "") == -EINVAL && put_group(d, MSG_DIR_PUT, "x", "a\nb") == -EINVAL, "bad ones are refused");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(put_member(d, "alice", "ops", cases[i].attrs) == cases[i].r, "attributes, case %zu", i);
	is(directory_find_user(d, slice_from("alice"))->attrs, "team=pay team=web", "the last good ones stay");
	ok(put_group(d, MSG_DIR_DELETE, "ops", "") == -EEXIST, "a group with a member is not deleted");
	ok(put_member(d, "alice", "dbas", "") == 0 && put_group(d, MSG_DIR_DELETE, "dba", "") == 0, "one that nobody is in is");
	ok(put_group(d, MSG_DIR_DELETE, "dba", "") == -ENOENT && directory_groups(d) == 1, "once: it is not there then");
	directory_free(d);
}

static void
test_many(void)
{
	struct directory *d = directory_new();
	char name[32], addr[32];
	size_t count;
	bool good = true;

	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "h%u", i * 7919 % 3000);
		snprintf(addr, sizeof(addr), "10.1.%u.%u", i / 256, i % 256);
		good = good && put_host(d, name, addr, "") == 0;
	}
	ok(good && directory_hosts(d) == 3000, "3,000 hosts in any order");
	for (size_t i = 1; i < 3000; i++)
		good = good && strcmp(directory_host_at(d, i - 1)->name, directory_host_at(d, i)->name) < 0;
	ok(good, "are sorted");
	is(host_named(d, "h2999", &count), "h2999", "and found");
	directory_free(d);
}

/* Many in order, among those that are there: old ones go, new ones come, and all are found meanwhile and afterwards. */
static void
test_in_bulk(void)
{
	struct directory *d = directory_new();
	char name[32];
	bool good = true;

	for (unsigned i = 0; i < 2000; i += 2) {
		snprintf(name, sizeof(name), "h%04u", i);
		good = good && put_host(d, name, "10.0.0.1", "") == 0;
	}
	directory_begin(d);
	for (unsigned i = 2000; i-- > 0;)
		if (i % 6 == 0) {
			snprintf(name, sizeof(name), "h%04u", i);
			good = good && directory_apply(d, MSG_DIR_HOST, &(struct msg_dir_host){ .op = MSG_DIR_DELETE, .name = slice_from(name) }) == 0;
		}
	for (unsigned i = 1; i < 2000; i += 2) {
		snprintf(name, sizeof(name), "h%04u", i);
		good = good && put_host(d, name, "10.0.0.2", "") == 0;
	}
	ok(put_host(d, "h0003", "10.0.0.3", "") == 0 && put_host(d, "h0002", "10.0.0.3", "other") == 0, "one of each is put once more");
	ok(put_host(d, "zz", "10.0.0.3", "other") == -EEXIST, "aliases are known meanwhile");
	directory_settle(d);
	ok(good && directory_hosts(d) == 2000 - 334, "%zu hosts", directory_hosts(d));
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "h%04u", i);
		good = good && (directory_host_named(d, slice_from(name)) != NULL) == (i % 6 != 0);
	}
	for (size_t i = 1; i < directory_hosts(d); i++)
		good = good && strcmp(directory_host_at(d, i - 1)->name, directory_host_at(d, i)->name) < 0;
	ok(good, "all are found, in order");
	directory_free(d);
}

int
main(void)
{
	test_hosts();
	test_host_rows();
	test_match();
	test_match_words();
	test_users();
	test_codes();
	test_groups();
	test_many();
	test_in_bulk();
	return tap_done();
}
