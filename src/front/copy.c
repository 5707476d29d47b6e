/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 *	scp [-r -p -d -v -q] -t|-f [--] PATH...
 *	rsync --server [--sender] OPTION... . PATH...
 *	git-upload-pack|git-upload-archive|git-receive-pack PATH
 */
#include <errno.h>
#include <string.h>

#include "base/words.h"
#include "front/copy.h"

#define COMMAND_MAX 65536

static bool
is_option(struct slice word)
{
	return word.n > 1 && word.p[0] == '-';
}

static void
copy_is(struct copy *c, const char *tool, const char *op, size_t from, size_t n)
{
	c->tool = tool;
	c->op = op;
	c->paths = c->words + from;
	c->paths_n = n - from;
}

/* ---- scp ---- */

/* Letters may stand together; exactly one of t and f among all of them. */
static bool
scp_letters(struct slice word, const char **op)
{
	for (size_t i = 1; i < word.n; i++) {
		if (word.p[i] == 't' || word.p[i] == 'f') {
			if (*op != NULL)
				return false;
			*op = word.p[i] == 't' ? "put" : "get";
		} else if (strchr("rpdvq", word.p[i]) == NULL) {
			return false;
		}
	}
	return true;
}

static bool
scp_parse(struct copy *c, size_t n)
{
	const char *op = NULL;
	size_t i = 1;

	for (; i < n && is_option(c->words[i]) && !slice_is(c->words[i], "--"); i++)
		if (!scp_letters(c->words[i], &op))
			return false;
	i += i < n && slice_is(c->words[i], "--");
	if (op == NULL || i == n || (op[0] == 'p' && n - i > 1))
		return false;
	copy_is(c, "scp", op, i, n);
	return true;
}

/* ---- rsync ---- */

static bool
takes_a_word(struct slice option)
{
	static const char *const names[] = { "--partial-dir", "--temp-dir", "--backup-dir", "--compare-dest", "--copy-dest",
		"--link-dest", "--files-from", "--log-format", "-T", NULL };

	for (const char *const *name = names; *name != NULL; name++)
		if (slice_is(option, *name))
			return true;
	return false;
}

static bool
rsync_parse(struct copy *c, size_t n)
{
	const char *op = "put";
	size_t i = 2;

	if (n < 2 || !slice_is(c->words[1], "--server"))
		return false;
	for (; i < n && is_option(c->words[i]); i += 1 + takes_a_word(c->words[i]))
		if (slice_is(c->words[i], "--sender"))
			op = "get";
	/* Before the paths stands a dot; without any, they come in the stream. */
	if (i < n && !slice_is(c->words[i], "."))
		return false;
	copy_is(c, "rsync", op, i < n ? i + 1 : n, n);
	return true;
}

/* ---- git ---- */

static bool
git_parse(struct copy *c, size_t n)
{
	if (n != 2 || is_option(c->words[1]) || c->patterns)
		return false;
	copy_is(c, "git", slice_is(c->words[0], "git-receive-pack") ? "put" : "get", 1, n);
	return true;
}

static const struct { const char *name; bool (*parse)(struct copy *c, size_t n); } programs[] = {
	{ "scp", scp_parse }, { "rsync", rsync_parse }, { "git-upload-pack", git_parse }, { "git-upload-archive", git_parse },
	{ "git-receive-pack", git_parse },
};

int
copy_parse(struct slice command, struct copy *ret)
{
	int n;

	buf_init(&ret->store, COMMAND_MAX);
	n = words_split(command, &ret->store, ret->words, COPY_WORDS_MAX, &ret->patterns);
	for (size_t i = 0; n > 0 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (slice_is(ret->words[0], programs[i].name) && programs[i].parse(ret, (size_t)n))
			return 0;
	copy_done(ret);
	return -EINVAL;
}

void
copy_done(struct copy *c)
{
	buf_done(&c->store);
	*c = (struct copy){ 0 };
}
