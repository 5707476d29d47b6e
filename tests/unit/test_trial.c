/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Many rows, tried step by step on a copy of the directory: what the copy is then, and that nothing else is touched. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "gate/trial.h"
#include "tests/tap.h"

enum { HOSTS = 500 };

static const unsigned char blob[] = "\0\0\0\13ssh-ed25519\0\0\0\40abcdefghijklmnopqrstuvwxyz012345";
static char name_of_host[16];

static struct msg_dir_host
host_row(unsigned i, const char *addr, const char *aliases)
{
	snprintf(name_of_host, sizeof(name_of_host), "h%04u", i);
	return (struct msg_dir_host){ .op = MSG_DIR_PUT, .name = slice_from(name_of_host), .addr = slice_from(addr), .port = 22,
	    .target_kind = MSG_TARGET_SSHD, .aliases = slice_from(aliases) };
}

static struct msg_dir_user
user_row(uint32_t op, const char *name)
{
	return (struct msg_dir_user){ .op = op, .name = slice_from(name), .groups = slice_from("ops") };
}

/* Every second host, two users and what goes with them. */
static struct directory *
filled(void)
{
	struct directory *d = directory_new();
	struct msg_dir_user alice = user_row(MSG_DIR_PUT, "alice"), bob = user_row(MSG_DIR_PUT, "bob");
	struct msg_dir_key key = { .op = MSG_DIR_PUT, .user = slice_from("alice"), .alg = slice_from("ssh-ed25519"), .blob = slice_of(blob, sizeof(blob) - 1) };
	struct msg_dir_group group = { .op = MSG_DIR_PUT, .name = slice_from("ops") };
	int r = directory_apply(d, MSG_DIR_USER, &alice);

	r = r != 0 ? r : directory_apply(d, MSG_DIR_USER, &bob);
	r = r != 0 ? r : directory_apply(d, MSG_DIR_KEY, &key);
	r = r != 0 ? r : directory_apply(d, MSG_DIR_GROUP, &group);
	for (unsigned i = 0; r == 0 && i < HOSTS; i += 2) {
		struct msg_dir_host m = host_row(i, "10.0.0.1", i == 0 ? "db" : i == 2 ? "www" : "");

		r = directory_apply(d, MSG_DIR_HOST, &m);
	}
	ok(r == 0, "a directory");
	return d;
}

/* Step by step until it is over; the copy is NULL if it fails.  at: see trial_row. */
static struct directory *
tried(const struct directory *d, struct buf *rows, unsigned *steps, unsigned *at, struct err *e)
{
	int fd = fd_seal("rows", buf_slice(rows)), r;
	struct trial *t = trial_new(d, &fd, e);
	struct directory *copy;

	buf_done(rows);
	if (t == NULL)
		return NULL;
	*steps = 0;
	while ((r = trial_work(t, (mono_t){ 0 }, e)) == 1)
		++*steps;
	*at = trial_row(t);
	copy = trial_end(t);
	if (r == 0)
		return copy;
	directory_free(copy);
	return NULL;
}

static const struct dir_host *
host_at(const struct directory *d, unsigned i)
{
	snprintf(name_of_host, sizeof(name_of_host), "h%04u", i);
	return directory_host_named(d, slice_from(name_of_host));
}

static void
test_all(void)
{
	struct directory *d = filled(), *copy;
	struct msg_dir_user bob = user_row(MSG_DIR_DELETE, "bob");
	struct err e = { 0 };
	unsigned steps = 0, at = 0;
	struct buf rows;
	bool good = true;

	buf_init(&rows, MSG_ROWS_MAX);
	good = msg_row_add(&rows, MSG_DIR_USER, &bob) == 0;
	for (unsigned i = 0; i < HOSTS; i++)
		if (i % 2 == 1 || i < 4) {
			struct msg_dir_host m = host_row(i, "10.0.0.2", i == 0 ? "www" : i == 2 ? "db" : "");

			good = good && msg_row_add(&rows, MSG_DIR_HOST, &m) == 0;
		}
	ok(good, "rows");
	copy = tried(d, &rows, &steps, &at, &e);
	ok(copy != NULL && at == 0, "all of them fit: %s", e.text);
	ok(steps > 2 * HOSTS, "in %u steps", steps);
	ok(directory_hosts(d) == HOSTS / 2 && directory_users(d) == 2 && strcmp(host_at(d, 0)->addr, "10.0.0.1") == 0 &&
	    strcmp(host_at(d, 0)->aliases, "db") == 0 && host_at(d, 1) == NULL, "the directory is what it was");
	ok(directory_hosts(copy) == HOSTS && directory_users(copy) == 1 && directory_groups(copy) == 1, "the copy has all that there was and came, and not what went");
	ok(directory_find_key(directory_find_user(copy, slice_from("alice")), slice_of(blob, sizeof(blob) - 1)) != NULL, "keys, too");
	for (unsigned i = 0; i < HOSTS; i++)
		good = good && strcmp(host_at(copy, i)->addr, i % 2 == 1 || i < 4 ? "10.0.0.2" : "10.0.0.1") == 0 &&
		    directory_host_at(copy, i) == host_at(copy, i);
	ok(good, "in order, all are found");
	is(directory_alias_of(copy, slice_from("db"), slice_from(""))->name, "h0002", "two have exchanged their other names");
	directory_free(d);
	directory_free(copy);
}

static void
test_refused(void)
{
	struct directory *d = filled();
	struct msg_dir_code code = { .op = MSG_DIR_PUT, .user = slice_from("bob") };
	struct err e = { 0 };
	unsigned steps = 0, at = 0;
	struct msg_dir_host m;
	struct buf rows;
	int fd = -1;

	buf_init(&rows, MSG_ROWS_MAX);
	for (unsigned i = 1; i < 9; i += 2) {
		m = host_row(i, i == 5 ? "no address" : "10.0.0.2", "");
		(void)msg_row_add(&rows, MSG_DIR_HOST, &m);
	}
	ok(tried(d, &rows, &steps, &at, &e) == NULL && at == 3, "the third is refused: %s", e.text);
	buf_init(&rows, MSG_ROWS_MAX);
	m = host_row(1, "10.0.0.2", "");
	ok(msg_row_add(&rows, MSG_DIR_HOST, &m) == 0 && msg_row_add(&rows, MSG_DIR_CODE, &code) == 0, "a code among them");
	ok(tried(d, &rows, &steps, &at, &e) == NULL && at == 2 && e.code == -EBADMSG, "is no row that may come so: %s", e.text);
	buf_init(&rows, MSG_ROWS_MAX);
	ok(msg_row_add(&rows, MSG_DIR_HOST, &m) == 0 && buf_text(&rows, "abc") == 0, "something behind them");
	ok(tried(d, &rows, &steps, &at, &e) == NULL && at == 2 && e.code == -EBADMSG, "is none: %s", e.text);
	ok(directory_hosts(d) == HOSTS / 2 && host_at(d, 1) == NULL, "the directory is what it was");
	ok(trial_new(d, &fd, &e) == NULL && fd == -1, "nothing comes of no file");
	directory_free(d);
}

/* What is no row goes on meanwhile, and is there afterwards. */
static void
test_succeeds(void)
{
	static const unsigned char hash[CODE_HASH] = { 1, 2, 3 };
	struct directory *d = filled(), *copy;
	struct msg_dir_user gone = user_row(MSG_DIR_DELETE, "bob"), fresh = user_row(MSG_DIR_PUT, "bob"), alice = user_row(MSG_DIR_PUT, "alice");
	struct msg_dir_factor factor = { .op = MSG_DIR_PUT, .user = slice_from("alice"), .sealed = slice_from("secret"), .step = 7 };
	struct msg_dir_code code = { .op = MSG_DIR_PUT, .user = slice_from("bob"), .hash = slice_of(hash, CODE_HASH), .expires_us = 1000 };
	const struct dir_user *u;
	struct err e = { 0 };
	unsigned steps, at;
	struct buf rows;

	buf_init(&rows, MSG_ROWS_MAX);
	ok(msg_row_add(&rows, MSG_DIR_USER, &gone) == 0 && msg_row_add(&rows, MSG_DIR_USER, &fresh) == 0 && msg_row_add(&rows, MSG_DIR_USER, &alice) == 0, "rows");
	copy = tried(d, &rows, &steps, &at, &e);
	ok(directory_apply(d, MSG_DIR_FACTOR, &factor) == 0 && directory_apply(d, MSG_DIR_CODE, &code) == 0, "a second factor and a code come meanwhile");
	directory_find_user(d, slice_from("alice"))->factor->fails = 3;
	ok(!directory_lost_user(copy, d, slice_from("alice")) && directory_lost_user(copy, d, slice_from("bob")) &&
	    !directory_lost_user(copy, d, slice_from("carol")), "who went is gone, and came again as another");
	directory_succeed(copy, d);
	while (directory_shed(d))
		continue;
	directory_free(d);
	u = directory_find_user(copy, slice_from("alice"));
	ok(u->factor->n == 6 && u->factor->step == 7 && u->factor->fails == 3, "the factor is there, and how often a code was wrong");
	ok(directory_find_user(copy, slice_from("bob"))->factor->n == 0, "nobody has another's");
	ok(codes_has(directory_codes(copy), slice_from("bob"), hash, (wall_t){ 999 }), "so is the code");
	directory_free(copy);
}

int
main(void)
{
	test_all();
	test_refused();
	test_succeeds();
	return tap_done();
}
