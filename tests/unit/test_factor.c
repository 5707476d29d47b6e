/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <liboath/oath.h>

#include "gate/factor.h"
#include "tests/tap.h"

static const wall_t now = { 1800000000LL * 1000000 };

/* The code of the secret in an otpauth line, steps from now. */
static void
code_at(const char *shown, int steps, char code[8])
{
	const char *p = strstr(shown, "secret=") + strlen("secret=");
	char *secret = NULL, *text = strndup(p, strcspn(p, "&"));
	size_t n = 0;

	ok(oath_base32_decode(text, strlen(text), &secret, &n) == OATH_OK && n == FACTOR_SECRET, "the shown secret has 160 bits");
	(void)oath_totp_generate(secret, n, (time_t)(now.us / 1000000 + 30 * steps), 30, 0, 6, code);
	free(secret);
	free(text);
}

int
main(void)
{
	char dir[] = "/tmp/fortress-factor.XXXXXX", path[64], code[8], early[8], late[8];
	struct buf sealed, other, shown;
	struct factor_key *k, *again;
	struct err e = { 0 };
	uint64_t step = 0, next = 0;
	struct stat st;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/keys", dir);
	(void)mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/keys/factor", dir);
	k = factor_open(dir, &e);
	ok(k != NULL && stat(path, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == 32, "a key is made, for its owner only");
	again = factor_open(dir, &e);
	ok(again != NULL, "and read again");
	buf_init(&sealed, FACTOR_SEALED);
	buf_init(&other, FACTOR_SEALED);
	buf_init(&shown, 65536);
	ok(factor_new(k, "alice", &sealed) == 0 && factor_new(k, "bob", &other) == 0, "two secrets");
	ok(factor_show(again, "alice", buf_slice(&sealed), &shown) == 0, "the same key opens the seal");
	code_at(buf_cstr(&shown), 0, code);
	code_at(buf_cstr(&shown), -1, early);
	code_at(buf_cstr(&shown), 2, late);
	ok(strstr(buf_cstr(&shown), "▀") != NULL, "it is drawn in half blocks");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(early), now, 0, &step) == 0 && step == 59999999, "the step before is right");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(code), now, step, &next) == 0 && next == step + 1, "then this one");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(code), now, next, &step) == -EACCES, "not twice");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(early), now, next, &step) == -EACCES, "nor the earlier one after it");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(late), now, 0, &step) == -EACCES, "two steps ahead is wrong");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(""), now, 0, &step) == -EACCES, "nothing is wrong");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from("1234567"), now, 0, &step) == -EACCES, "seven digits are wrong");
	ok(factor_check(k, "alice", buf_slice(&other), slice_from(code), now, 0, &step) == -EBADMSG, "another user's seal");
	sealed.p[20] ^= 1;
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(code), now, 0, &step) == -EBADMSG, "a flipped bit");
	(void)chmod(path, 0644);
	ok(factor_open(dir, &e) == NULL && strstr(e.text, "chmod 600") != NULL, "a key that others may read is refused");
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/keys", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
	buf_done(&sealed);
	buf_done(&other);
	buf_done(&shown);
	factor_close(k);
	factor_close(again);
	return tap_done();
}
