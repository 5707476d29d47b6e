/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Which commands are found in what a terminal was sent, as shells really write it.  A stream is steps, 10 ms each: "<3" three keys
 * that are only counted, "=ls\r" a line that the record holds, "^40x8" a new size, all else output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/tap.h"
#include "ui/stage.h"

#define A "\033]133;A\007"
#define A2 "\033]133;A;k=s\007"
#define B "\033]133;B\007"
#define C "\033]133;C\007"
#define D(end) "\033]133;D;" end "\033\\"

static const struct {
	const char *name;
	const char *steps[24];
	const char *commands;
} cases[] = {
	{ "a command", { "me@web1:~$ ", "<1", "l", "<1", "s", "<1", "\r\nfile\r\nme@web1:~$ " }, "60 screen medium: ls|" },
	{ "one that the record holds", { "$ ", "<1", "l", "<1", "s", "<1", "\r\nfile\r\n$ ", "=ls\r" }, "60 screen medium: ls|high|" },
	{ "another that it holds says nothing of this one", { "$ ", "<1", "ls", "<1", "\r\n$ ", "=id\r" }, "40 screen medium: ls|" },
	{ "nobody typed it", { "$ ls\r\n", "root# rm\r\n" }, "" },
	{ "nothing was typed", { "$ ", "<1", "\r\n$ " }, "" },
	{ "mended with the cursor keys", { "# ", "<1", "acho x", "<3", "\033[6D", "<1", "\033[1P", "<1", "\033[1@e", "<1", "\r\nx\r\n# " },
	    "100 screen medium: echo x|" },
	{ "recalled and changed", { "$ ", "<3", "cat /etc/motd", "<1", "\b\033[K", "<1", "\b\033[K", "<1", "\r\n$ " }, "80 screen medium: cat /etc/mo|" },
	{ "looked for (Ctrl-R)", { "$ ", "<1", "\r(reverse-i-search)`': ", "<1", "\b\b\bm': rm -r x", "<1", "\r$ rm -r x\033[K\r\n$ " },
	    "60 screen medium: rm -r x|" },
	{ "given up while it was looked for", { "$ ", "<1", "\r(reverse-i-search)`': rm -r x", "<1", "^C\r\n$ ", "<1", "id", "<1", "\r\n" },
	    "80 screen medium: id|" },
	{ "given up (Ctrl-C)", { "$ ", "<1", "rm -rf /", "<1", "^C\r\n$ ", "<1", "id", "<1", "\r\n" }, "80 screen medium: id|" },
	{ "completions that are listed: the line was not run", { "$ ", "<1", "ls fil", "<1", "\r\nfile-one  file-two\r\n$ ls fil", "<1", "e-one", "<1", "\r\n$ " },
	    "40 screen medium: ls fil|none|80 screen medium: ls file-one|" },
	{ "listed below it, as zsh does", { "web% ", "<1", "ls fil", "<1", "\r\r\nfile-one  file-two\033[J\033[A\r\033[0mweb% ls fil\033[K", "<1", "e-one", "<1",
	    "\r\033[K\033[A\rweb% ls file-one\033[K\r\r\n" }, "40 screen medium: ls fil|none|80 screen medium: ls file-one|" },
	{ "what a shell shows at the right is none of it", { "web%                    [12:00]\033[26D", "<1", "ls", "<1", "\r\n" }, "40 screen medium: ls|" },
	{ "over two rows", { "$ ", "<1", "echo abcdefghijabcdefghijabcdefghij 12345", "<1", "\r\n$ " },
	    "40 screen medium: echo abcdefghijabcdefghijabcdefghij 12345|" },
	{ "over two rows at the bottom, changed in the first", { "\r\n\n\n\n\n\n\n$ ", "<1", "echo abcdefghijabcdefghijabcdefghij 12345", "<1", "\r\033[A\033[2C\033[1@X\r\n2345", "<1",
	    "\r\n$ " }, "60 screen medium: Xecho abcdefghijabcdefghijabcdefghij 12345|" },
	{ "a prompt of two lines", { "--web1--\r\n-$ ", "<1", "ls", "<1", "\r\n\r\n--web1--\r\n-$ " }, "40 screen medium: ls|" },
	{ "lines that belong together", { "$ ", "<1", "for i in 1; do", "<1", "\r\n> ", "<1", "echo $i", "<1", "\r\n> ", "<1", "done", "<1", "\r\n1\r\n$ " },
	    "40 screen medium: for i in 1; do|80 screen medium: echo $i|120 screen medium: done|" },
	{ "typed before the prompt was there", { "$ ", "<1", "sleep 3", "<1", "\r\n", "<2", "id", "<1", "\r\n", "$ id\r\nuid=0\r\n$ " },
	    "40 screen medium: sleep 3|90 screen medium: id|" },
	{ "pasted lines", { "$ ", "<9", "id\r\nuid=0\r\n$ id\r\nuid=0\r\n$ id\r\nuid=0\r\n$ ", "$ id\r\n" },
	    "20 screen medium: id|20 screen medium: id|20 screen medium: id|" },
	{ "an answer is no command", { "sure? ", "<1", "y", "<1", "\r\n" }, "" },
	{ "nor is a sentence with a price", { "It costs 5 $ in all shops? ", "<1", "y", "<1", "\r\n" }, "" },
	{ "a text's line with a sign in it is no good guess", { "<1", "a", "<1", " ", "<1", ">", "<1", " ", "<1", "b", "<1", "\r\n", "<1", "x", "<1", "\r\n" },
	    "110 screen low: b|" },
	{ "a line that was not shown", { "$ ", "<1", "sudo id", "<1", "\r\n[sudo] password for me: ", "<9", "<1", "\r\nuid=0\r\n$ " }, "40 screen medium: sudo id|" },
	{ "shown as stars", { "$ ", "<1", "sudo id", "<1", "\r\nPassword: ", "<7", "*******", "<1", "\r\nuid=0\r\n$ " }, "40 screen medium: sudo id|" },
	{ "asked for by what looks like a prompt", { "pw> ", "<6", "<1", "\r\nmysql> ", "<1", "select 1;", "<1", "\r\n" }, "70 screen medium: select 1;|" },
	{ "typed before the password was asked for", { "$ ", "<1", "sudo id", "<1", "\r\n", "<7", "hunter2", "<1", "\r\n[sudo] password for me: \r\nuid=0\r\n$ " },
	    "40 screen medium: sudo id|" },
	{ "nothing of an editor, a pager, a multiplexer", { "$ ", "<1", "vi x", "<1", "\r\n\033[?1049h\033[Htext\r\n$ ", "<1", "rm\r\n", "<1", "# rm\r\n\033[?1049l$ ", "<1", "id",
	    "<1", "\r\n" }, "40 screen medium: vi x|120 screen medium: id|" },
	{ "a new size in between", { "$ ", "<1", "echo o", "^20x4", "<1", "ne", "<1", "\r\n" }, "70 screen medium: echo one|" },
	{ "the screen is cleared in between", { "$ ", "<1", "ls", "<1", "\033[H\033[2J$ ls", "<1", " -l", "<1", "\r\n" }, "80 screen medium: ls -l|" },
	{ "no prompt of this shell's was ever seen", { "<6", "me# rm x\r\nme# " }, "10 screen low: rm x|" },
	{ "a wide one", { "\xe6\x94\xaf\xe2\x9d\xaf ", "<1", "echo \xe4\xbb\x98", "<1", "\r\n" }, "40 screen medium: echo \xe4\xbb\x98|" },
	{ "told by a shell, and how it ended", { A "me " B, "<1", "fal", "<1", "se", "<1", "\r\n", C D("1") A "me " B, "<2", "id", "<1", "\r\n" C "x\r\n" D("0") },
	    "70 osc133 high: false|exit 1|110 osc133 high: id|exit 0|" },
	{ "by one that does not say when it runs", { A "me " B, "<1", "id", "<1", "\r\nuid=0\r\n" D("0") A "me " B, "<1", "rm", "<1", "^C\r\n" D("130") A "me " B },
	    "40 osc133 high: id|exit 0|" },
	{ "several lines", { A "$ " B, "<1", "for i in 1; do", "<1", "\r\n" A2 "> " B, "<1", "done", "<1", "\r\n" C "1\r\n" D("0") },
	    "80 osc133 high: for i in 1; do\\x0adone|exit 0|" },
	{ "over two rows, and mended", { A "$ " B, "<1", "echo abcdefghijabcdefghijabcdefghij 12345", "<1", "\r\033[A\033[2C\033[1@X\r\n2345", "<1", "\r\n" C },
	    "60 osc133 high: Xecho abcdefghijabcdefghijabcdefghij 12345|" },
	{ "given up", { A "$ " B, "<1", "rm", "<1", "^C\r\n" A "$ " B }, "" },
	{ "drawn again", { A "$ " B, "<1", "ls", "<1", "\033[H\033[2J" A "$ " B "ls", "<1", " -l", "<1", "\r\n" C D("0") }, "80 osc133 high: ls -l|exit 0|" },
	{ "a shell in a shell that tells nothing", { A "$ " B, "<1", "sh", "<1", "\r\n" C "# ", "<1", "id", "<1", "\r\n# ", "<1", "\r\n" D("0") },
	    "40 osc133 high: sh|80 screen medium: id|" },
	{ "a forged mark without an end", { C D("0") B C D("0") D("x") A B D("99999999999999"), "text\r\n" }, "" },
	{ "one in pieces, and one that is too long", { "\033]133", ";B\033", "\\x", "\r\n\033]133;C;a=" "0123456789012345678901234567890123456789012345678901234567890123456789\007" },
	    "30 osc133 high: x|" },
};

/* "60 osc133 high: ls|exit 0|" */
static void
note_command(void *arg, const struct command_seen *c)
{
	(void)buf_printf(arg, "%llu %s %s: ", (unsigned long long)c->t_ms, command_source_name(c->source), command_sure_name(c->sure));
	(void)text_escape(arg, c->text);
	(void)buf_text(arg, "|");
}

static void
note_better(void *arg, const struct command_seen *c)
{
	if (c->exit >= 0)
		(void)buf_printf(arg, "exit %d|", c->exit);
	else
		(void)buf_printf(arg, "%s|", command_sure_name(c->sure));
}

static struct frame
frame_of(const char *step, uint64_t t_ms)
{
	static const char marks[] = "<=^", kinds[] = { FRAME_SECRET, FRAME_IN, FRAME_RESIZE };
	const char *mark = strchr(marks, step[0]);
	bool output = mark == NULL || strlen(step) < 2 || (step[0] == '^' && step[1] == 'C');

	return (struct frame){ (unsigned char)(output ? FRAME_OUT : kinds[mark - marks]), t_ms, slice_from(output ? step : step + 1) };
}

/* Whole steps, or each byte of output for itself. */
static void
play(const char *const *steps, bool bytes, struct buf *out)
{
	const struct lines_sink sink = { .command = note_command, .better = note_better, .arg = out };
	struct stage s;
	struct frame f;

	buf_clear(out);
	if (stage_init(&s, 40, 8, &sink) != 0)
		return;
	for (size_t i = 0; steps[i] != NULL; i++) {
		f = frame_of(steps[i], i * 10);
		for (size_t k = 0; bytes && f.kind == FRAME_OUT && k < f.data.n; k++)
			stage_frame(&s, &(struct frame){ f.kind, f.t_ms, slice_of(f.data.p + k, 1) });
		if (!bytes || f.kind != FRAME_OUT)
			stage_frame(&s, &f);
	}
	lines_end(s.lines);
	stage_done(&s);
}

/* Larger than its screen, and larger than one may be. */
static void
test_long(void)
{
	static const char sign[] = "\xe6\x94\xaf";
	const char *small[] = { "$ ", "<1", NULL, "\r\n", NULL }, *large[] = { "^500x24", "$ ", "<1", NULL, "\r\n", NULL };
	struct buf text, out, want;

	buf_init(&text, 65536);
	buf_init(&out, 65536);
	buf_init(&want, 65536);
	(void)buf_text(&want, "40 screen medium: ");
	for (unsigned i = 0; i < 1500; i++) {
		(void)buf_text(&text, sign);
		if (i < COMMAND_TEXT_MAX / 3 - 1)
			(void)buf_text(&want, sign);
	}
	(void)buf_text(&want, "\xe2\x80\xa6|");
	small[2] = large[3] = buf_cstr(&text);
	play(small, false, &out);
	is(buf_cstr(&out), "", "a command that has scrolled away is not made up");
	play(large, false, &out);
	is(buf_cstr(&out), buf_cstr(&want), "a longer one than may be is cut at a whole character");
	buf_done(&text);
	buf_done(&out);
	buf_done(&want);
}

int
main(void)
{
	struct buf out;

	buf_init(&out, 65536);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		play(cases[i].steps, false, &out);
		is(buf_cstr(&out), cases[i].commands, cases[i].name);
		play(cases[i].steps, true, &out);
		is(buf_cstr(&out), cases[i].commands, "the same byte by byte");
	}
	buf_done(&out);
	test_long();
	return tap_done();
}
