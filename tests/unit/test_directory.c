/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* The gate's directory: rows in and out, names, codes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gate/directory.h"
#include "tests/tap.h"

static int
put_host(struct directory *d, const char *name, const char *addr, const char *aliases)
{
	struct msg_dir_host m = { .op = MSG_DIR_PUT, .name = slice_from(name), .addr = slice_from(addr), .port = 22,
	    .target_kind = MSG_TARGET_SSHD, .aliases = slice_from(aliases) };
	struct err e = { 0 };
	int r = directory_check(d, MSG_DIR_HOST, &m, &e);

	return r != 0 ? r : directory_apply(d, MSG_DIR_HOST, &m);
}

static int
put_user(struct directory *d, const char *name, uint32_t disabled)
{
	struct msg_dir_user m = { .op = MSG_DIR_PUT, .name = slice_from(name), .disabled = disabled };
	struct err e = { 0 };
	int r = directory_check(d, MSG_DIR_USER, &m, &e);

	return r != 0 ? r : directory_apply(d, MSG_DIR_USER, &m);
}

static const char *
host_named(const struct directory *d, const char *text, size_t *count)
{
	const struct dir_host *h = directory_find_host(d, slice_from(text), count);

	return h != NULL ? h->name : "none";
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
	ok(put_host(d, "h2", "10.0.0.2", "two,second") == 0, "aliases");
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

	ok(directory_check(d, MSG_DIR_KEY, &key, &e) == -ENOENT, "a key of nobody: %s", e.text);
	ok(put_user(d, "alice", 0) == 0 && put_user(d, "a+b", 0) == -EINVAL, "users");
	ok(directory_check(d, MSG_DIR_KEY, &key, &e) == 0 && directory_apply(d, MSG_DIR_KEY, &key) == 0, "a key");
	u = directory_find_user(d, slice_from("alice"));
	ok(u != NULL && directory_user_has_key(u, key.blob), "is hers");
	ok(!directory_user_has_key(u, slice_of(blob, 10)) && !directory_user_has_key(u, slice_of(NULL, 0)), "another is not");
	ok(put_user(d, "alice", 1) == 0, "disabled");
	u = directory_find_user(d, slice_from("alice"));
	ok(u != NULL && u->disabled && directory_user_has_key(u, key.blob), "and the key stays");
	key.alg = slice_from("ssh-rsa");
	ok(directory_check(d, MSG_DIR_KEY, &key, &e) == -EINVAL, "a type that does not fit its data: %s", e.text);
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

	ok(directory_apply(d, MSG_DIR_CODE, &m) == 0, "a code");
	ok(directory_has_code(d, slice_from("alice"), hash, before), "is good");
	ok(!directory_has_code(d, slice_from("alice"), hash, after), "until it expires");
	ok(!directory_has_code(d, slice_from("bob"), hash, before), "for its user alone");
	ok(directory_take_code(d, slice_from("alice"), hash, before), "taken once");
	ok(!directory_take_code(d, slice_from("alice"), hash, before), "but not twice");
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

int
main(void)
{
	test_hosts();
	test_host_rows();
	test_users();
	test_codes();
	test_many();
	return tap_done();
}
