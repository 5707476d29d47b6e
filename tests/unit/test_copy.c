/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Commands that copy files, and those that only look like it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/copy.h"
#include "tests/tap.h"

static const char *
parsed(const char *command)
{
	static char text[400];
	struct copy c;
	int n;

	if (copy_parse(slice_from(command), &c) != 0)
		return "none";
	n = snprintf(text, sizeof(text), "%s %s%s", c.tool, c.op, c.patterns ? "*" : "");
	for (size_t i = 0; i < c.paths_n; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "|%.*s", (int)c.paths[i].n, (const char *)c.paths[i].p);
	copy_done(&c);
	return text;
}

int
main(void)
{
	static const struct { const char *command, *want; } cases[] = {
		{ "scp -t /tmp/f", "scp put|/tmp/f" },
		{ "scp -r -p -d -t .", "scp put|." },
		{ "scp -v -f 'a b'", "scp get|a b" },
		{ "scp -pt 'x'", "scp put|x" },
		{ "scp -f -- -odd", "scp get|-odd" },
		{ "scp -f ~/x/*.log", "scp get*|~/x/*.log" },
		{ "scp -f a b c", "scp get|a|b|c" },
		{ "scp -t 文件\\ 名", "scp put|文件 名" },
		{ "scp -t a b", "none" },
		{ "scp -t", "none" },
		{ "scp -t -f x", "none" },
		{ "scp x", "none" },
		{ "scp -r x", "none" },
		{ "scp -S /tmp/evil -t x", "none" },
		{ "scp -oProxyCommand=x -t x", "none" },
		{ "scp -t x; id", "none" },
		{ "scp -t $(id)", "none" },
		{ "scp -t `id`", "none" },
		{ "scp -t x\nid", "none" },
		{ "scp -t x >y", "none" },
		{ "scpx -t x", "none" },
		{ "/tmp/scp -t x", "none" },
		{ "A=b scp -t x", "none" },
		{ "scp -t 'x", "none" },
		{ "rsync --server -logDtpre.iLsfxCIvu . /tmp/d/", "rsync put|/tmp/d/" },
		{ "rsync --server --sender -logDtpre.iLsfxCIvu . a 'b c'", "rsync get|a|b c" },
		{ "rsync --server -vlogDtpre.iLsfxC --delete --partial-dir . . d", "rsync put|d" },
		{ "rsync --server --sender -se.LsfxCIvu", "rsync get" },
		{ "rsync --server", "rsync put" },
		{ "rsync --server --sender -re.LsfxC . /var/log/*.gz", "rsync get*|/var/log/*.gz" },
		{ "rsync --server -e. /tmp/d", "none" },
		{ "rsync --daemon", "none" },
		{ "rsync -a --server . x", "none" },
		{ "rsync --server . x | sh", "none" },
		{ "git-upload-pack '/srv/r.git'", "git get|/srv/r.git" },
		{ "git-receive-pack 'it'\\''s'", "git put|it's" },
		{ "git-upload-archive '/srv/r.git'", "git get|/srv/r.git" },
		{ "git-receive-pack '/a' '/b'", "none" },
		{ "git-upload-pack --strict", "none" },
		{ "git-upload-pack", "none" },
		{ "git-receive-pack '/a' && id", "none" },
		{ "git-receive-pack-x /a", "none" },
		{ "", "none" },
		{ "   ", "none" },
	};
	char many[2000] = "scp -f", what[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is(parsed(cases[i].command), cases[i].want, text_escaped(slice_from(cases[i].command), what, sizeof(what)));
	for (int i = 0; i < 200; i++)
		strcat(many, " x");
	is(parsed(many), "none", "more words than there is room for");
	return tap_done();
}
