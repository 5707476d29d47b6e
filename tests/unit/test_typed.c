/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Which typed lines come back from the host, and which must not be kept: scripts of "<typed" and ">shown", in one go and byte by byte. */
#include <stdio.h>
#include <string.h>

#include "front/typed.h"
#include "tests/tap.h"

static char lines[2000];

static void
on_line(void *arg, struct slice line)
{
	size_t n = strlen(lines);

	(void)arg;
	snprintf(lines + n, sizeof(lines) - n, "[%.*s]", (int)line.n - 1, (const char *)line.p);
}

static void
play(const char *script, bool bytes)
{
	struct typed t = { .line = on_line };

	lines[0] = '\0';
	while (*script != '\0') {
		void (*to)(struct typed *, struct slice) = *script == '<' ? typed_in : typed_out;
		size_t n = strcspn(script + 1, "<>");

		for (size_t i = 0; bytes && i < n; i++)
			to(&t, slice_of(script + 1 + i, 1));
		if (!bytes)
			to(&t, slice_of(script + 1, n));
		script += 1 + n;
	}
}

int
main(void)
{
	static const struct { const char *what, *script, *want; } cases[] = {
		{ "a line that comes back", "<ls -l\r>ls -l\r\ntotal 0\r\n$ ", "[ls -l]" },
		{ "letter by letter", "<l>l<s>s<\r>\r\ntotal", "[ls]" },
		{ "a password", "<sudo id\r>sudo id\r\n[sudo] password for x: <hunter2\r>\r\nuid=0", "[sudo id]" },
		{ "a password that is shown as stars", ">Password: <hunter2>*******<\r>\r\n", "" },
		{ "a password that ends like the prompt begins", ">PIN: <1234\r>\r\n1234 is not right\r\n", "" },
		{ "two of them, and a line", ">pw: <one\r>\r\npw: <two\r>\r\n$ <id\r>id\r\n", "[id]" },
		{ "a completion", "<syst\t>syst<>emctl <status\r>status\r\n", "[syst\tstatus]" },
		{ "a mistake, taken back", "<lss\x7f\r>lss\b\033[K\r\n", "[lss\x7f]" },
		{ "colours", "<id\r>\033[1m\033[32mid\033[0m\r\n", "[id]" },
		{ "a title before the echo", "<id\r>\033]0;title\007id\r\n", "[id]" },
		{ "keys of an editor", "<jjx:q\r>\033[2;1H~\033[3;1H", "" },
		{ "nothing but the end", "<\r>\r\n$ <\r>\r\n", "" },
		{ "what never comes back", "<id\r", "" },
		{ "typed ahead, shown by the terminal itself", "<id\rpwd\r>id\r\npwd\r\n", "[id][pwd]" },
		{ "pasted with what asks for it, its letters in what comes next", "<read -s x\rbed1\recho done\r>read -s x\r\nbash-5.2# echo done\r\ndone\r\n",
		    "[read -s x]" },
		{ "a password in the midst of output", ">pw: <b>building a bed 1\r<ed1\r>\n and 12 others, bed1\r\n", "" },
		{ "the same key by key, the output fits the first", ">pw: <s>sorting <e>1 of 9 sets\r\n<t>2 of 9 sets\r\n<s\r>\r\n", "" },
		{ "one that begins like the stars that are shown", ">pw: <*>*<a>*<b>*<\r>\r\n", "" },
		{ "mended in its middle", "<ac>ac<\033[D>\b<b>bc\b<\r>\r\n", "[ac\033[Db]" },
		{ "letters of more than one byte", "<echo \xc3\xa4\r>echo \xc3\xa4\r\n", "[echo \xc3\xa4]" },
	};
	static char long_one[3 * TYPED_LINES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		play(cases[i].script, false);
		is(lines, cases[i].want, cases[i].what);
		play(cases[i].script, true);
		is(lines, cases[i].want, "the same byte by byte");
	}
	memset(long_one, 'x', sizeof(long_one) - 1);
	memcpy(long_one, "<", 1);
	memcpy(long_one + sizeof(long_one) - 20, "\r<id\r>id\r\n", 11);
	play(long_one, false);
	is(lines, "[id]", "a line that is too long is lost, the next one is not");
	return tap_done();
}
