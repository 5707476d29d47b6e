/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* fortress policy: the table of its commands; check and print, which need no more than the files. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "ctl/policy.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static int
include_read(void *arg, const char *pattern, unsigned index, struct buf *text, char *name, size_t size)
{
	return fd_read_match(*(const int *)arg, pattern, index, FILE_BYTES_MAX, text, name, size);
}

struct policy *
ctl_policy_load(struct ctl *c, const char *path, bool whole)
{
	char copy[4096], dir[4096], file[4096];
	struct policy_source from = { .read = include_read, .able = whole ? NULL : &policy_able_here };
	struct policy *p = NULL;
	struct buf text;
	int fd, r;

	snprintf(file, sizeof(file), path != NULL ? "%s" : "%s/policy.conf", path != NULL ? path : c->state);
	snprintf(copy, sizeof(copy), "%s", file);
	snprintf(dir, sizeof(dir), "%s", dirname(copy));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)err_set(&c->e, -errno, "%s: %s", dir, strerror(errno));
		return NULL;
	}
	from.arg = &fd;
	buf_init(&text, FILE_BYTES_MAX);
	r = fd_read_file(file, FILE_BYTES_MAX, &text, &c->e);
	if (r != 0)
		p = NULL;
	else
		p = policy_parse(path != NULL ? file : "policy.conf", buf_slice(&text), &from, &c->e);
	buf_done(&text);
	close(fd);
	return p;
}

int
ctl_policy_options(const struct ctl *c, int argc, char **argv, int min, int max, bool *whole)
{
	static const struct option longs[] = { { "whole", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 } };
	int o;

	*whole = false;
	optind = 0;
	while ((o = ctl_option(c, argc, argv, "", longs)) != -1) {
		if (o != 'w')
			return CTL_USAGE;
		*whole = true;
	}
	return ctl_words(c, argc, argv, min, max);
}

static int
policy_check(struct ctl *c, int argc, char **argv)
{
	struct policy *p;
	bool whole;

	if (ctl_policy_options(c, argc, argv, 0, 1, &whole) != CTL_OK)
		return CTL_USAGE;
	p = ctl_policy_load(c, argv[optind], whole);
	if (p == NULL)
		return CTL_FAILED;
	printf("%s: good, %zu rule%s\n", argv[optind] != NULL ? argv[optind] : "policy.conf", policy_rules(p),
	    policy_rules(p) == 1 ? "" : "s");
	policy_free(p);
	return CTL_OK;
}

static int
policy_show(struct ctl *c, int argc, char **argv)
{
	struct policy *p;
	struct buf text;
	int r;

	if (ctl_plain(c, argc, argv, 0, 1) != CTL_OK)
		return CTL_USAGE;
	p = ctl_policy_load(c, argv[optind], true);
	if (p == NULL)
		return CTL_FAILED;
	buf_init(&text, 16 << 20);
	r = policy_print(p, &text);
	if (r == 0 && fwrite(text.p, 1, text.len, stdout) != text.len)
		r = -EIO;
	buf_done(&text);
	policy_free(p);
	return r == 0 ? CTL_OK : ctl_fail(c, "cannot print: %s", strerror(-r));
}

const struct command commands_policy[] = {
	{ "policy", "check", "[--whole] [FILE]", "is this policy good? (without FILE: the state's policy.conf)", policy_check },
	{ "policy", "explain", "[--from ADDR] [--at TIME] [--file FILE] [--groups G,..] [--labels \"K=V ..\"] [--cert P,..] [--whole]\n"
	    "USER VERB HOST [as LOGIN] [-- COMMAND]", "may they, and why (not)? exits 0 if permitted", policy_explain_run },
	{ "policy", "test", "[--whole] CASES [FILE]", "run cases: USER[:GROUP] VERB HOST[{K=V}] [as LOGIN] [-- COMMAND] => permit|deny [RULE]",
	    policy_test_run },
	{ "policy", "print", "[FILE]", "the policy in its canonical form", policy_show },
	{ NULL, NULL, NULL, NULL, NULL },
};
