/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/* Both streams by hand, whole and byte by byte. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/sftp.h"
#include "tests/tap.h"

static char rows[4096];

static void
on_row(void *arg, const struct sftp_row *row)
{
	size_t n = strlen(rows);
	char path[200], sha[9] = "-", moved[24] = "";

	(void)arg;
	if (row->sha256 != NULL)
		snprintf(sha, sizeof(sha), "%02x%02x%02x%02x", row->sha256[0], row->sha256[1], row->sha256[2], row->sha256[3]);
	if (row->moved != row->bytes)
		snprintf(moved, sizeof(moved), "/%llu", (unsigned long long)row->moved);
	snprintf(rows + n, sizeof(rows) - n, "%s %s%s%.*s%s%.*s %llu%s %s %s %s%s\n", row->op, text_escaped(row->path, path, sizeof(path)),
	    row->other.n > 0 ? ">" : "", (int)row->other.n, (const char *)row->other.p, row->set.n > 0 ? "=" : "",
	    (int)row->set.n, (const char *)row->set.p, (unsigned long long)row->bytes, moved,
	    row->coverage, sha, row->refused ? "refused " : "", sftp_status_name(row->status));
}

/* A packet from a format: b u8, w u32, q u64, s string, and raw bytes after R. */
static void
put(struct buf *b, unsigned v, int bytes)
{
	while (bytes-- > 0)
		(void)buf_u8(b, (uint8_t)(bytes < 4 ? v >> (8 * bytes) : 0));
}

static void
packet(struct buf *out, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	buf_init(&b, 1 << 20);
	va_start(ap, fmt);
	for (; *fmt != '\0'; fmt++) {
		if (*fmt == 's') {
			const char *s = va_arg(ap, const char *);

			put(&b, (unsigned)strlen(s), 4);
			(void)buf_text(&b, s);
		} else {
			put(&b, va_arg(ap, unsigned), *fmt == 'b' ? 1 : *fmt == 'w' ? 4 : 8);
		}
	}
	va_end(ap);
	put(out, (unsigned)b.len, 4);
	(void)buf_append(out, b.p, b.len);
	buf_done(&b);
}

/* Feeds in pieces of `step` bytes; true if all was taken, and what came out is what went in when same. */
static bool
feed(struct sftp *s, enum sftp_way way, struct buf *in, size_t step, bool same)
{
	struct buf *out = sftp_out(s, way);
	bool good = true;

	buf_clear(out);
	for (size_t i = 0; good && i < in->len; i += step)
		good = sftp_feed(s, way, in->p + i, in->len - i < step ? in->len - i : step) == 0;
	good = good && (!same || (out->len == in->len && memcmp(out->p, in->p, in->len) == 0));
	buf_clear(in);
	return good;
}

static void
finish(struct sftp *s)
{
	while (sftp_end(s))
		;
	sftp_free(s);
}

static void
test_transfer(size_t step)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b;

	rows[0] = '\0';
	buf_init(&b, 1 << 20);
	packet(&b, "bw", 1u, 3u);
	ok(feed(s, SFTP_UP, &b, step, true), "INIT goes on (pieces of %zu)", step);
	packet(&b, "bwss", 2u, 3u, "posix-rename@openssh.com", "1");
	ok(feed(s, SFTP_DOWN, &b, step, true), "and VERSION back");
	packet(&b, "bwsww", 3u, 1u, "/tmp/f", 0x1au, 0u);
	packet(&b, "bwsww", 3u, 2u, "/tmp/g", 1u, 0u);
	(void)feed(s, SFTP_UP, &b, step, true);
	packet(&b, "bws", 102u, 1u, "AA");
	packet(&b, "bws", 102u, 2u, "BB");
	(void)feed(s, SFTP_DOWN, &b, step, true);
	packet(&b, "bwsqs", 6u, 3u, "AA", 0u, "hello ");
	packet(&b, "bwsqs", 6u, 4u, "AA", 6u, "world\n");
	packet(&b, "bwsqw", 5u, 5u, "BB", 0u, 100u);
	packet(&b, "bwsqw", 5u, 6u, "BB", 12u, 100u);
	ok(feed(s, SFTP_UP, &b, step, true), "content goes on as it comes");
	packet(&b, "bwwss", 101u, 3u, 0u, "", "");
	packet(&b, "bwwss", 101u, 4u, 0u, "", "");
	packet(&b, "bws", 103u, 5u, "hello world\n");
	packet(&b, "bwwss", 101u, 6u, 1u, "", "");
	ok(feed(s, SFTP_DOWN, &b, step, true), "both ways");
	packet(&b, "bws", 4u, 7u, "AA");
	packet(&b, "bws", 4u, 8u, "BB");
	(void)feed(s, SFTP_UP, &b, step, true);
	packet(&b, "bwwss", 101u, 7u, 0u, "", "");
	packet(&b, "bwwss", 101u, 8u, 0u, "", "");
	(void)feed(s, SFTP_DOWN, &b, step, true);
	is(rows, "put /tmp/f 12 whole a948904f ok\nget /tmp/g 12 whole a948904f ok\n", "two rows with the hash of the content");
	finish(s);
	buf_done(&b);
}

static void
test_parts(void)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b;

	rows[0] = '\0';
	buf_init(&b, 1 << 20);
	packet(&b, "bwsww", 3u, 1u, "resumed", 2u, 0u);
	packet(&b, "bwsww", 3u, 2u, "holes", 0x1au, 0u);
	packet(&b, "bwsww", 3u, 3u, "gone", 1u, 0u);
	(void)feed(s, SFTP_UP, &b, 7, true);
	packet(&b, "bws", 102u, 1u, "A");
	packet(&b, "bws", 102u, 2u, "B");
	packet(&b, "bwwss", 101u, 3u, 2u, "", "");
	(void)feed(s, SFTP_DOWN, &b, 7, true);
	packet(&b, "bwsqs", 6u, 4u, "A", 500u, "tail");
	packet(&b, "bwsqs", 6u, 5u, "B", 0u, "one");
	packet(&b, "bwsqs", 6u, 6u, "B", 9u, "two");
	(void)feed(s, SFTP_UP, &b, 7, true);
	packet(&b, "bwwss", 101u, 4u, 0u, "", "");
	packet(&b, "bwwss", 101u, 5u, 0u, "", "");
	packet(&b, "bwwss", 101u, 6u, 0u, "", "");
	(void)feed(s, SFTP_DOWN, &b, 7, true);
	packet(&b, "bws", 4u, 7u, "A");
	(void)feed(s, SFTP_UP, &b, 7, true);
	packet(&b, "bwwss", 101u, 7u, 0u, "", "");
	(void)feed(s, SFTP_DOWN, &b, 7, true);
	finish(s);
	is(rows, "get gone 0  - no such file\nput resumed 4 part - ok\nput holes 6 scattered - interrupted\n",
	    "no hash where not all of the content went by, and what was open at the end is said");
	buf_done(&b);
}

static void
test_refusals(void)
{
	struct sftp *s = sftp_new(true, false, on_row, NULL);
	struct buf b;

	rows[0] = '\0';
	buf_init(&b, 1 << 20);
	packet(&b, "bwsww", 3u, 1u, "/etc/passwd", 2u, 0u);
	packet(&b, "bwss", 18u, 2u, "a", "b");
	packet(&b, "bwsss", 200u, 3u, "hardlink@openssh.com", "a", "b");
	packet(&b, "bws", 200u, 4u, "unheard-of@example.com");
	packet(&b, "bws", 13u, 5u, "\033]52;x");
	packet(&b, "bws", 17u, 6u, "/etc");
	ok(feed(s, SFTP_UP, &b, 5, false), "a reader's writes are taken");
	ok(sftp_out(s, SFTP_UP)->len == 4 + 1 + 4 + 8 && sftp_out(s, SFTP_UP)->p[4] == 17, "and only the stat reaches the target");
	ok(sftp_out(s, SFTP_DOWN)->p[4] == 101 && sftp_out(s, SFTP_DOWN)->p[8] == 1 && sftp_out(s, SFTP_DOWN)->p[12] == 3,
	    "the others are answered: permission denied");
	is(rows, "put /etc/passwd 0  - refused permission denied\nrename a>b 0  - refused permission denied\n"
	    "link a>b 0  - refused permission denied\nremove \\x1b]52;x 0  - refused permission denied\n", "each is a row");
	/* An answer of ours waits for the end of the target's packet. */
	packet(&b, "bws", 105u, 6u, "attributes");
	buf_clear(sftp_out(s, SFTP_DOWN));
	(void)sftp_feed(s, SFTP_DOWN, b.p, 10);
	{
		struct buf up;

		buf_init(&up, 1000);
		packet(&up, "bws", 13u, 9u, "x");
		(void)feed(s, SFTP_UP, &up, 100, false);
		buf_done(&up);
	}
	ok(sftp_out(s, SFTP_DOWN)->len == 0, "nothing goes into the middle of a packet");
	(void)sftp_feed(s, SFTP_DOWN, b.p + 10, b.len - 10);
	ok(sftp_out(s, SFTP_DOWN)->len > b.len && memcmp(sftp_out(s, SFTP_DOWN)->p, b.p, b.len) == 0, "it comes after it");
	finish(s);
	buf_done(&b);
}

/* A client of a later version would have other fields: it is made to speak 3. */
static void
test_version(void)
{
	static const unsigned char want[] = { 0, 0, 0, 5, 1, 0, 0, 0, 3 };
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b;

	buf_init(&b, 1000);
	packet(&b, "bw", 1u, 6u);
	(void)feed(s, SFTP_UP, &b, 4, false);
	ok(sftp_out(s, SFTP_UP)->len == 9 && memcmp(sftp_out(s, SFTP_UP)->p, want, 9) == 0, "a client of version 6 is made one of 3");
	finish(s);
	buf_done(&b);
}

/* Handles that nobody opened, or not for this: nothing reaches the target, and it goes on. */
static void
test_handles(void)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b;

	rows[0] = '\0';
	buf_init(&b, 1 << 20);
	packet(&b, "bwsqs", 6u, 1u, "AA", 0u, "guessed");
	packet(&b, "bwsqw", 5u, 2u, "AA", 0u, 100u);
	ok(feed(s, SFTP_UP, &b, 3, false) && sftp_out(s, SFTP_UP)->len == 0, "a guessed handle is neither written nor read");
	ok(sftp_out(s, SFTP_DOWN)->p[4] == 101 && sftp_out(s, SFTP_DOWN)->p[12] == 4, "and that is said");
	packet(&b, "bwsww", 3u, 3u, "f", 1u, 0u);
	(void)feed(s, SFTP_UP, &b, 100, true);
	packet(&b, "bws", 102u, 3u, "R");
	(void)feed(s, SFTP_DOWN, &b, 100, false);
	packet(&b, "bwsqs", 6u, 4u, "R", 0u, "read only");
	packet(&b, "bws", 17u, 5u, "/etc");
	ok(feed(s, SFTP_UP, &b, 1, false) && sftp_out(s, SFTP_UP)->len == 17, "what is open for reading is not written to, and the next request is one");
	finish(s);
	buf_done(&b);
}

static void
test_attributes(void)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b;

	rows[0] = '\0';
	buf_init(&b, 1 << 20);
	packet(&b, "bwsww", 9u, 1u, "m", 4u, 0100755u);
	packet(&b, "bwswqwwwww", 9u, 2u, "all", 15u, 7u, 1u, 2u, 0644u, 9u, 9u);
	packet(&b, "bwsww", 3u, 3u, "f", 0x1au, 0u);
	(void)feed(s, SFTP_UP, &b, 5, true);
	packet(&b, "bwwss", 101u, 1u, 0u, "", "");
	packet(&b, "bwwss", 101u, 2u, 3u, "", "");
	packet(&b, "bws", 102u, 3u, "F");
	(void)feed(s, SFTP_DOWN, &b, 5, true);
	packet(&b, "bwsqs", 6u, 4u, "F", 0u, "content");
	packet(&b, "bwswq", 10u, 5u, "F", 1u, 3u);
	(void)feed(s, SFTP_UP, &b, 5, true);
	packet(&b, "bwwss", 101u, 4u, 0u, "", "");
	packet(&b, "bwwss", 101u, 5u, 0u, "", "");
	(void)feed(s, SFTP_DOWN, &b, 5, true);
	packet(&b, "bws", 4u, 6u, "F");
	(void)feed(s, SFTP_UP, &b, 5, true);
	packet(&b, "bwwss", 101u, 6u, 0u, "", "");
	(void)feed(s, SFTP_DOWN, &b, 5, true);
	finish(s);
	is(rows, "setstat m=mode=0755 0  - ok\nsetstat all=size=7 uid=1 gid=2 mode=0644 times 0  - permission denied\n"
	    "setstat f=size=3 0  - ok\nput f 7 scattered - ok\n", "what was set is said; a file cut short has no hash of its content");
	buf_done(&b);
}

/* Without an EOF the size that the target told decides whether it was all; an empty file is whole. */
static void
test_coverage(void)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b;

	rows[0] = '\0';
	buf_init(&b, 1 << 20);
	packet(&b, "bws", 17u, 1u, "f");
	(void)feed(s, SFTP_UP, &b, 5, true);
	packet(&b, "bwwq", 105u, 1u, 1u, 12u);
	(void)feed(s, SFTP_DOWN, &b, 5, true);
	packet(&b, "bwsww", 3u, 2u, "f", 1u, 0u);
	packet(&b, "bwsww", 3u, 3u, "empty", 0x1au, 0u);
	packet(&b, "bwsww", 3u, 4u, "cut", 0x1au, 0u);
	packet(&b, "bwsww", 3u, 5u, "old", 0xau, 0u);
	packet(&b, "bwsww", 3u, 15u, "cut to fit", 0xau, 0u);
	(void)feed(s, SFTP_UP, &b, 5, true);
	packet(&b, "bws", 102u, 2u, "A");
	packet(&b, "bws", 102u, 3u, "B");
	packet(&b, "bws", 102u, 4u, "C");
	packet(&b, "bws", 102u, 5u, "D");
	packet(&b, "bws", 102u, 15u, "E");
	(void)feed(s, SFTP_DOWN, &b, 5, true);
	packet(&b, "bwsqw", 5u, 6u, "A", 0u, 12u);
	packet(&b, "bwsqs", 6u, 7u, "C", 0u, "half");
	packet(&b, "bwsqs", 6u, 8u, "D", 0u, "over an old one");
	packet(&b, "bwsqs", 6u, 13u, "E", 0u, "over an old one");
	packet(&b, "bwswq", 10u, 14u, "E", 1u, 15u);
	(void)feed(s, SFTP_UP, &b, 5, true);
	packet(&b, "bws", 103u, 6u, "hello world\n");
	(void)feed(s, SFTP_DOWN, &b, 5, true);
	packet(&b, "bws", 4u, 9u, "A");
	packet(&b, "bws", 4u, 10u, "B");
	packet(&b, "bws", 4u, 11u, "D");
	packet(&b, "bws", 4u, 16u, "E");
	packet(&b, "bws", 13u, 12u, "gone?");
	(void)feed(s, SFTP_UP, &b, 5, true);
	packet(&b, "bwwss", 101u, 9u, 0u, "", "");
	packet(&b, "bwwss", 101u, 10u, 0u, "", "");
	packet(&b, "bwwss", 101u, 11u, 0u, "", "");
	packet(&b, "bwwss", 101u, 14u, 0u, "", "");
	packet(&b, "bwwss", 101u, 16u, 0u, "", "");
	(void)feed(s, SFTP_DOWN, &b, 5, true);
	finish(s);
	is(rows, "get f 12 whole a948904f ok\nput empty 0 whole e3b0c442 ok\nput old 15 part 81dcd2d7 ok\n"
	    "setstat cut to fit=size=15 0  - ok\nput cut to fit 15 whole 81dcd2d7 ok\n"
	    "remove gone? 0  - interrupted\nput cut 4 part a11ae064 interrupted\n", "whole or part of it, and what had no answer");
	buf_done(&b);
}

/* Opens a file, named as its handle; then reads and writes it as the script says: "r OFFSET CONTENT", "w OFFSET CONTENT",
 * "e OFFSET" (a read at the end), "f OFFSET CONTENT" (a write that fails).  What became its row. */
static const char *
passage(const char *name, unsigned flags, const char *const *script)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf up, down;
	unsigned id = 2;

	rows[0] = '\0';
	buf_init(&up, 1 << 20);
	buf_init(&down, 1 << 20);
	packet(&up, "bwsww", 3u, 1u, name, flags, 0u);
	(void)feed(s, SFTP_UP, &up, 9, true);
	packet(&down, "bws", 102u, 1u, name);
	(void)feed(s, SFTP_DOWN, &down, 9, true);
	for (; *script != NULL; script++, id++) {
		char *content;
		unsigned offset = (unsigned)strtoul(*script + 2, &content, 10);

		content += *content == ' ';
		if (**script == 'r' || **script == 'e')
			packet(&up, "bwsqw", 5u, id, name, offset, 100u);
		else
			packet(&up, "bwsqs", 6u, id, name, offset, content);
		if (**script == 'r')
			packet(&down, "bws", 103u, id, content);
		else
			packet(&down, "bwwss", 101u, id, **script == 'w' ? 0u : **script == 'e' ? 1u : 4u, "", "");
	}
	packet(&up, "bws", 4u, id, name);
	packet(&down, "bwwss", 101u, id, 0u, "", "");
	(void)feed(s, SFTP_UP, &up, 9, true);
	(void)feed(s, SFTP_DOWN, &down, 9, true);
	finish(s);
	buf_done(&up);
	buf_done(&down);
	return rows;
}

/* Bytes of the file are counted once, whatever was asked how often, and in which order. */
static void
test_ranges(void)
{
	static const struct { const char *what, *want; unsigned flags; const char *script[6]; } cases[] = {
		{ "read twice", "get f 12/24 whole a948904f ok\n", 1, { "r 0 hello ", "r 0 hello ", "r 6 world\n", "r 6 world\n", "e 12" } },
		{ "read again, and beyond", "get f 12/15 whole a948904f ok\n", 1, { "r 0 hello ", "r 3 lo world\n", "e 12" } },
		{ "an end that was asked for before", "get f 12 whole a948904f ok\n", 1, { "e 12", "r 0 hello ", "r 6 world\n" } },
		{ "an end that is further on", "get f 12 part a948904f ok\n", 1, { "r 0 hello ", "r 6 world\n", "e 13" } },
		{ "read backwards", "get f 12 whole - ok\n", 1, { "r 6 world\n", "r 0 hello ", "e 12" } },
		{ "read with a gap", "get f 4 scattered - ok\n", 1, { "r 0 he", "r 6 wo", "e 12" } },
		{ "a gap that is filled later", "get f 12 whole - ok\n", 1, { "r 0 he", "r 6 world\n", "r 2 llo ", "e 12" } },
		{ "read from its middle", "get f 6 part - ok\n", 1, { "r 6 world\n", "e 12" } },
		{ "written backwards", "put f 12 whole - ok\n", 0x1a, { "w 6 world\n", "w 0 hello " } },
		{ "written over", "put f 12/18 whole - ok\n", 0x1a, { "w 0 hello ", "w 6 again\n", "w 6 world\n" } },
		{ "a write that fails", "put f 12 scattered - ok\n", 0x1a, { "w 0 hello ", "f 6 world\n" } },
		{ "appended to a new file, whatever the offset", "put f 12 whole a948904f ok\n", 0x1e, { "w 0 hello ", "w 0 world\n" } },
		{ "appended to an old one", "put f 12 part - ok\n", 0x0e, { "w 0 hello ", "w 0 world\n" } },
		{ "an offset of 32 bits", "put f 1 part - ok\n", 2, { "w 4294967295 x" } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is(passage("f", cases[i].flags, cases[i].script), cases[i].want, cases[i].what);
}

/* More requests than may be unanswered: the client's stream waits, and comes out as it went in. */
static void
test_full(void)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf up, down, all;
	unsigned answered = 0;
	bool good = true;

	buf_init(&up, 1 << 20);
	buf_init(&down, 1 << 20);
	buf_init(&all, 1 << 20);
	for (unsigned i = 0; i < 6000; i++)
		packet(&up, "bws", 17u, i, "/f");
	for (size_t i = 0; good && i < up.len; i += 1000) {
		while (good && sftp_is_full(s)) {
			packet(&down, "bwwss", 101u, answered++, 2u, "", "");
			good = sftp_feed(s, SFTP_DOWN, down.p, down.len) == 0;
			buf_clear(&down);
			buf_clear(sftp_out(s, SFTP_DOWN));
		}
		good = good && sftp_feed(s, SFTP_UP, up.p + i, up.len - i < 1000 ? up.len - i : 1000) == 0;
		(void)buf_slice_append(&all, buf_slice(sftp_out(s, SFTP_UP)));
		buf_clear(sftp_out(s, SFTP_UP));
	}
	for (; good && sftp_is_full(s); buf_clear(&down)) {
		packet(&down, "bwwss", 101u, answered++, 2u, "", "");
		good = sftp_feed(s, SFTP_DOWN, down.p, down.len) == 0;
	}
	(void)buf_slice_append(&all, buf_slice(sftp_out(s, SFTP_UP)));
	ok(good && answered > 1800 && answered < 2000, "of 6000 requests at once some wait for answers: %u came first", answered);
	ok(all.len == up.len && memcmp(all.p, up.p, up.len) == 0, "and nothing is lost or changed");
	finish(s);
	s = sftp_new(true, true, on_row, NULL);
	for (unsigned i = 0; i < 1100; i++) {
		buf_clear(&up);
		packet(&up, "bwsww", 3u, i, "f", 1u, 0u);
		(void)feed(s, SFTP_UP, &up, 1000, false);
	}
	buf_clear(&up);
	packet(&up, "bws", 11u, 5000u, "d");
	ok(sftp_out(s, SFTP_DOWN)->len > 76 * 40 && feed(s, SFTP_UP, &up, 1000, false) && sftp_out(s, SFTP_UP)->len == 0, "opened beyond the limit: refused, and the session goes on");
	finish(s);
	buf_done(&up);
	buf_done(&down);
	buf_done(&all);
}

static char asks[1000];

static void
on_ask(void *arg, const char *verb, struct slice path)
{
	size_t n = strlen(asks);

	(void)arg;
	snprintf(asks + n, sizeof(asks) - n, "%s %.*s\n", verb, (int)path.n, (const char *)path.p);
}

/* The target says where our question's path leads; nothing of it reaches the client. */
static bool
leads(struct sftp *s, unsigned nth, const char *to)
{
	struct buf b;
	bool quiet;

	buf_init(&b, 1000);
	packet(&b, "bwwssw", 104u, 0x80000000u + nth, 1u, to, "long", 0u);
	quiet = feed(s, SFTP_DOWN, &b, 3, false) && sftp_out(s, SFTP_DOWN)->len == 0;
	buf_done(&b);
	return quiet;
}

static bool
goes_up(struct sftp *s, const struct buf *want)
{
	struct buf *out = sftp_out(s, SFTP_UP);
	bool same = out->len == want->len && memcmp(out->p, want->p, want->len) == 0;

	buf_clear(out);
	return same;
}

/* Where the policy looks at paths: what a path leads to is asked for, judged, and opened. */
static void
test_paths(void)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b, want;

	rows[0] = asks[0] = '\0';
	buf_init(&b, 1 << 20);
	buf_init(&want, 1 << 20);
	sftp_ask_paths(s, true, true, on_ask);
	packet(&b, "bwsww", 3u, 1u, "in/../f", 3u, 0u);
	packet(&b, "bws", 17u, 2u, "later");
	(void)feed(s, SFTP_UP, &b, 5, false);
	packet(&want, "bws", 16u, 0x80000000u, "in/../f");
	ok(goes_up(s, &want) && sftp_is_full(s), "an open asks the target first where its path leads, and the rest waits");
	ok(leads(s, 0, "/srv/f") && strcmp(asks, "get /srv/f\n") == 0, "then whether that may be read");
	ok(sftp_decided(s, true, "") == 0 && strcmp(asks, "get /srv/f\nput /srv/f\n") == 0, "and written");
	ok(sftp_decided(s, true, "") == 0, "both may be");
	buf_clear(&want);
	packet(&want, "bwsww", 3u, 1u, "/srv/f", 3u, 0u);
	packet(&want, "bws", 17u, 2u, "later");
	ok(goes_up(s, &want) && !sftp_is_full(s), "the path that was judged is opened, and what waited follows");
	buf_clear(&want);

	asks[0] = '\0';
	packet(&b, "bwss", 18u, 3u, "a/old/", "/new");
	(void)feed(s, SFTP_UP, &b, 100, false);
	packet(&want, "bws", 16u, 0x80000001u, "a");
	ok(goes_up(s, &want) && leads(s, 1, "/srv/a"), "of a name that is itself meant, the directory is asked for");
	buf_clear(&want);
	packet(&want, "bws", 16u, 0x80000002u, "/");
	ok(goes_up(s, &want) && leads(s, 2, "/") && strcmp(asks, "put /srv/a/old\n") == 0, "both directories, then the first name");
	ok(sftp_decided(s, true, "") == 0 && strcmp(asks, "put /srv/a/old\nput /new\n") == 0 && sftp_decided(s, false, "not there") == 0 &&
	    sftp_out(s, SFTP_UP)->len == 0 && sftp_out(s, SFTP_DOWN)->len > 17 && sftp_out(s, SFTP_DOWN)->p[12] == 3, "the second may not be: nothing goes up, and that is said");
	buf_clear(sftp_out(s, SFTP_DOWN));
	buf_clear(&want);

	packet(&b, "bws", 13u, 4u, "nowhere/f");
	(void)feed(s, SFTP_UP, &b, 100, false);
	buf_clear(sftp_out(s, SFTP_UP));
	packet(&b, "bwwss", 101u, 0x80000003u, 2u, "", "");
	ok(feed(s, SFTP_DOWN, &b, 4, false) && sftp_out(s, SFTP_DOWN)->len > 17 && sftp_out(s, SFTP_DOWN)->p[8] == 4 && sftp_out(s, SFTP_DOWN)->p[12] == 2,
	    "what the target cannot find it says of the client's own request");
	packet(&b, "bwss", 20u, 5u, "any text", "dir/link");
	(void)feed(s, SFTP_UP, &b, 100, false);
	packet(&want, "bws", 16u, 0x80000004u, "dir");
	ok(goes_up(s, &want) && !leads(s, 4, "relative") && sftp_out(s, SFTP_DOWN)->p[12] == 4, "of a link its own place is judged, not its text; a place that is none is refused");
	finish(s);
	is(rows, "rename a/old/>/new 0  - refused permission denied\nremove nowhere/f 0  - no such file\n"
	    "symlink any text>dir/link 0  - failure\nput in/../f 0  - interrupted\n", "rows say what the client named, and how it ended");
	buf_done(&b);
	buf_done(&want);
}

static void
test_not_asked(void)
{
	struct sftp *s = sftp_new(true, true, on_row, NULL);
	struct buf b;

	buf_init(&b, 1000);
	sftp_ask_paths(s, true, true, on_ask);
	packet(&b, "bws", 13u, 6u, "held");
	(void)feed(s, SFTP_UP, &b, 100, false);
	packet(&b, "bwwss", 101u, 6u, 0u, "", "");
	ok(!feed(s, SFTP_DOWN, &b, 100, false), "an answer to what the target was not asked yet ends it");
	sftp_free(s);
	buf_done(&b);
}

static void
test_nonsense(void)
{
	static const struct { const char *what; unsigned char bytes[32]; size_t n; enum sftp_way way; } cases[] = {
		{ "a length of 0", { 0, 0, 0, 0, 1 }, 5, SFTP_UP },
		{ "a length of 2^32-1", { 255, 255, 255, 255, 1 }, 5, SFTP_UP },
		{ "an answer in version 4", { 0, 0, 0, 5, 2, 0, 0, 0, 4 }, 9, SFTP_DOWN },
		{ "a path with a NUL", { 0, 0, 0, 12, 17, 0, 0, 0, 1, 0, 0, 0, 3, 'a', 0, 'b' }, 16, SFTP_UP },
		{ "an answer to nothing", { 0, 0, 0, 9, 101, 0, 0, 0, 1, 0, 0, 0, 0 }, 13, SFTP_DOWN },
		{ "a path longer than its packet", { 0, 0, 0, 9, 17, 0, 0, 0, 1, 0, 0, 1, 0 }, 13, SFTP_UP },
		{ "content from the wrong side", { 0, 0, 0, 9, 103, 0, 0, 0, 1, 0, 0, 0, 0 }, 13, SFTP_UP },
		{ "a handle of 2^31 bytes", { 0, 0, 0, 30, 6, 0, 0, 0, 1, 128, 0, 0, 0 }, 13, SFTP_UP },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sftp *s = sftp_new(true, true, on_row, NULL);
		int r = sftp_feed(s, cases[i].way, cases[i].bytes, cases[i].n);

		ok((r == 0 ? sftp_feed(s, cases[i].way, cases[i].bytes, 1) : r) == -EPROTO, "%s ends it", cases[i].what);
		finish(s);
	}
}

int
main(void)
{
	test_transfer(1);
	test_transfer(3);
	test_transfer(100000);
	test_parts();
	test_refusals();
	test_version();
	test_handles();
	test_attributes();
	test_coverage();
	test_ranges();
	test_full();
	test_paths();
	test_not_asked();
	test_nonsense();
	return tap_done();
}
