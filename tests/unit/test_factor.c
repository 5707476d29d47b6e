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

/* The code of the secret in groups of four, steps from now. */
static void
code_at(const char *shown, int steps, char code[8])
{
	const char *p = strstr(shown, "this key into it: ") + strlen("this key into it: ");
	char *secret = NULL, text[64];
	size_t n = 0;

	for (; *p != '\n'; p++)
		if (*p != ' ')
			text[n++] = *p;
	text[n] = '\0';
	ok(oath_base32_decode(text, n, &secret, &n) == OATH_OK && n == FACTOR_SECRET, "the shown secret has 160 bits");
	(void)oath_totp_generate(secret, n, (time_t)(now.us / 1000000 + 30 * steps), 30, 0, 6, code);
	free(secret);
}

/* The modules of a drawn line: bits 1 and 2 where the upper and the lower half is drawn. */
static int
modules(const char *line, size_t n, unsigned char *out)
{
	int cols = 0;

	for (size_t i = 0; i < n; cols++) {
		if (line[i] == ' ') {
			out[cols] = 0;
			i++;
		} else {
			out[cols] = strncmp(line + i, "▀", 3) == 0 ? 1 : strncmp(line + i, "▄", 3) == 0 ? 2 : 3;
			i += 3;
		}
	}
	return cols;
}

/* Both codes are the same, one with light and dark the other way; each has a quiet margin of two. */
static void
test_drawn(const char *shown, int sides, int lines)
{
	unsigned char m[200];
	int y = 0, side = 0;
	bool same = true, margin = true, last = false;

	for (const char *line = shown; strchr("A\0", *line) == NULL; line = strchr(line, '\n') + 1, y++) {
		int cols = modules(line, strcspn(line, "\n"), m);

		side = sides == 2 ? (cols - 2) / 2 : cols;
		last = y + 1 == lines;
		same = same && cols == (sides == 2 ? 2 * side + 2 : side);
		for (int x = 0; sides == 2 && x < side; x++)
			same = same && m[x] == ((last ? 1 : 3) & ~m[side + 2 + x]);
		margin = margin && (m[0] & (last ? 1 : 3)) == (last ? 1 : 3) && m[1] == m[0] && m[side - 1] == m[0];
	}
	ok(y == lines && side == lines * 2 - 1, "%d lines of %d columns", y, side);
	ok(same, "each line is the same in both looks");
	ok(margin, "with a margin");
}

int
main(void)
{
	char dir[] = "/tmp/fortress-factor.XXXXXX", path[64], code[8], early[8], late[8];
	struct buf sealed, other, other2, shown;
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
	buf_init(&other2, FACTOR_SEALED);
	buf_init(&shown, 65536);
	ok(factor_new(k, "alice", &sealed) == 0 && factor_new(k, "bob", &other) == 0, "two secrets");
	ok(factor_show(again, "alice", buf_slice(&sealed), &shown) == 0, "the same key opens the seal");
	code_at(buf_cstr(&shown), 0, code);
	code_at(buf_cstr(&shown), -1, early);
	code_at(buf_cstr(&shown), 2, late);
	test_drawn(buf_cstr(&shown), 2, 19);
	buf_clear(&shown);
	ok(factor_new(k, "somebody-with-a-very-long-name@example.org", &other2) == 0 &&
	    factor_show(k, "somebody-with-a-very-long-name@example.org", buf_slice(&other2), &shown) == 0, "a long name");
	test_drawn(buf_cstr(&shown), 1, 21);
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(early), now, 0, &step) == 0 && step == 59999999, "the step before is right");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(code), now, step, &next) == 0 && next == step + 1, "then this one");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(code), now, next, &step) == -EALREADY, "not twice");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(early), now, next, &step) == -EALREADY, "nor the earlier one after it");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(late), now, 0, &step) == -EACCES, "two steps ahead is wrong");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from(""), now, 0, &step) == -EINVAL, "nothing is wrong");
	ok(factor_check(k, "alice", buf_slice(&sealed), slice_from("1234567"), now, 0, &step) == -EINVAL, "seven digits are wrong");
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
	buf_done(&other2);
	buf_done(&shown);
	factor_close(k);
	factor_close(again);
	return tap_done();
}
