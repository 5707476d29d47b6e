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
#include "base/zones.h"
#include "ctl/policy.h"

enum { FILE_BYTES_MAX = 1 << 20 };

struct reading { int dir; struct zones *zones; };

static int
include_read(void *arg, const char *pattern, unsigned index, struct buf *text, char *name, size_t size)
{
	return fd_read_match(((const struct reading *)arg)->dir, pattern, index, FILE_BYTES_MAX, text, name, size);
}

int
ctl_policy_zone(struct zones **z, const char *name, struct buf *bytes)
{
	if (*z == NULL)
		*z = zones_load(ZONES_DIR);
	return *z != NULL ? zones_get(*z, name, bytes) : -ENOMEM;
}

static int
zone_read(void *arg, const char *name, struct buf *bytes)
{
	return ctl_policy_zone(&((struct reading *)arg)->zones, name, bytes);
}

struct policy *
ctl_policy_load(struct ctl *c, const char *path, bool whole)
{
	char copy[4096], dir[4096], file[4096];
	struct reading reading = { 0 };
	const struct policy_source from = { .read = include_read, .zone = zone_read, .arg = &reading, .able = whole ? NULL : &policy_able_here };
	struct policy *p = NULL;
	struct buf text;
	int r;

	snprintf(file, sizeof(file), path != NULL ? "%s" : "%s/policy.conf", path != NULL ? path : c->state);
	snprintf(copy, sizeof(copy), "%s", file);
	snprintf(dir, sizeof(dir), "%s", dirname(copy));
	reading.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reading.dir < 0) {
		(void)err_set(&c->e, -errno, "%s: %s", dir, strerror(errno));
		return NULL;
	}
	buf_init(&text, FILE_BYTES_MAX);
	r = fd_read_file(file, FILE_BYTES_MAX, &text, &c->e);
	if (r != 0)
		p = NULL;
	else
		p = policy_parse(path != NULL ? file : "policy.conf", buf_slice(&text), &from, &c->e);
	buf_done(&text);
	close(reading.dir);
	zones_free(reading.zones);
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

static const struct out_column size_columns[] = {
	{ "file", OUT_STRING, 0, 0 }, { "rules", OUT_NUMBER, 0, 0 }, { "requirements", OUT_NUMBER, 0, 0 }, { "watches", OUT_NUMBER, 0, 0 },
	{ NULL, 0, 0, 0 },
};

static int
size_print(const struct ctl *c, const char *file, const struct policy_size *size)
{
	struct out *o;

	if (c->format == OUT_TEXT)
		return printf("%s: good, %zu rule%s, %zu requirement%s, %zu watch%s\n", file, size->rules, size->rules == 1 ? "" : "s", size->requires,
		    size->requires == 1 ? "" : "s", size->watches, size->watches == 1 ? "" : "es") > 0 ? CTL_OK : CTL_FAILED;
	o = ctl_out(c, size_columns, true);
	out_cstr(o, file);
	out_number(o, (int64_t)size->rules);
	out_number(o, (int64_t)size->requires);
	out_number(o, (int64_t)size->watches);
	return out_end(o) == 0 ? CTL_OK : CTL_FAILED;
}

static int
policy_check(struct ctl *c, int argc, char **argv)
{
	struct policy_size size;
	struct policy *p;
	bool whole;

	if (ctl_policy_options(c, argc, argv, 0, 1, &whole) != CTL_OK)
		return CTL_USAGE;
	p = ctl_policy_load(c, argv[optind], whole);
	if (p == NULL)
		return CTL_FAILED;
	size = policy_size(p);
	policy_free(p);
	return size_print(c, argv[optind] != NULL ? argv[optind] : "policy.conf", &size);
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
	{ "policy", "explain", "[--from ADDR] [--at TIME] [--file FILE] [--groups G,..] [--attrs \"K=V ..\"] [--labels \"K=V ..\"]\n"
	    "[--cert P,..] [--to H:P] [--listen H:P] [--path P] [--plugin P@V] [--param K=V].. [--sha256 HEX] [--argv] [--agent] [--whole]\n"
	    "USER VERB HOST [as LOGIN] [-- COMMAND]", "may they, and why (not)? exits 0 if permitted", policy_explain_run },
	{ "policy", "test", "[--whole] CASES [FILE]", "run cases: USER[:GROUP] VERB HOST[{K=V}] [as LOGIN] [-- COMMAND] => permit|deny [RULE]",
	    policy_test_run },
	{ "policy", "lint", "[FILE]", "what is good but hardly meant: rules that never count, names that nobody has, commands that run others",
	    policy_lint_run },
	{ "policy", "diff", "[--since TIME] [--whole] OLD NEW", "which decisions of the last 30 days, or since TIME, would change", policy_diff_run },
	{ "policy", "print", "[FILE]", "the policy in its canonical form", policy_show },
	{ NULL, NULL, NULL, NULL, NULL },
};
