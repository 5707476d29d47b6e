/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * fortress session print: a recording as text whose control bytes are escaped, or as the bytes of one stream (never to a
 * terminal).  A read can end inside a character, so bytes wait until it is whole.  As asciicast: fortress-replay makes it.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/replay.h"
#include "ctl/session.h"
#include "db/frames.h"

enum form { FORM_TEXT, FORM_RAW, FORM_CAST };            /* CAST: not made here */

struct print {
	struct ctl *c;
	enum form form;
	unsigned char stream;            /* of FORM_RAW: the kind of its frames */
	struct buf pending, line;
	const struct db_session *session;
	struct db *db;
};

/* Bytes at the end of s that begin a character which is not whole yet. */
static size_t
unfinished(struct slice s)
{
	for (size_t back = 1; back <= 3 && back <= s.n; back++) {
		unsigned char b = s.p[s.n - back];
		size_t need = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1;

		if (b >= 0xc0)
			return need > back ? back : 0;
		if (b < 0x80)
			return 0;
	}
	return 0;
}

/* Newlines and tabs stay, carriage returns before them go, everything else that a terminal would act on is escaped. */
static int
text_put(struct buf *out, struct slice s)
{
	int r = 0;

	while (s.n > 0 && r == 0) {
		size_t n = 0;

		while (n < s.n && s.p[n] != '\n' && s.p[n] != '\t' && s.p[n] != '\r')
			n++;
		r = text_escape(out, slice_of(s.p, n));
		if (r == 0 && n < s.n && s.p[n] != '\r')
			r = buf_u8(out, s.p[n]);
		n += n < s.n;
		s = slice_of(s.p + n, s.n - n);
	}
	return r;
}

static int
output_put(struct print *p, const struct frame *f)
{
	struct slice data;
	size_t rest;
	int r;

	if (p->form == FORM_RAW)
		return buf_slice_append(&p->line, f->data);
	r = buf_slice_append(&p->pending, f->data);
	rest = unfinished(buf_slice(&p->pending));
	data = slice_of(p->pending.p, p->pending.len - rest);
	if (r == 0 && data.n > 0)
		r = text_put(&p->line, data);
	buf_consume(&p->pending, p->pending.len - rest);
	return r;
}

/* What is not output stands on a line of its own, in brackets. */
static const char *
opening(unsigned char kind)
{
	return kind == FRAME_GAP ? "\n[not kept: " : kind == FRAME_NOTICE ? "\n[fortress: " : kind == FRAME_MARK ? "\n[" : NULL;
}

static int
frame_put(struct print *p, const struct frame *f)
{
	int r = 0;

	buf_clear(&p->line);
	if (p->form == FORM_RAW ? f->kind == p->stream : f->kind == FRAME_OUT || f->kind == FRAME_ERR)
		r = output_put(p, f);
	else if (opening(f->kind) != NULL && p->form == FORM_TEXT) {
		r = buf_text(&p->line, opening(f->kind));
		if (r == 0)
			r = text_escape(&p->line, f->data);
		if (r == 0)
			r = buf_text(&p->line, "]\n");
	}
	if (r == 0 && p->line.len > 0 && fwrite(p->line.p, 1, p->line.len, stdout) != p->line.len)
		r = -EIO;
	return r;
}

static int
frames_print(struct print *p, struct db_frames *it)
{
	struct frame f;
	uint64_t pos;
	int r;

	while ((r = db_frames_next(it, &f, &pos, &p->c->e)) == 1) {
		r = frame_put(p, &f);
		if (r != 0)
			return err_set(&p->c->e, r, "cannot write: %s", strerror(-r));
	}
	return fflush(stdout) == 0 ? r : err_set(&p->c->e, -EIO, "cannot write: %s", strerror(errno));
}

static int
session_print_one(void *arg, const struct db_session *s)
{
	struct print *p = arg;
	struct db_frames *it;
	int r;

	it = db_frames_open(p->db, s->id, &p->c->e);
	r = it != NULL ? frames_print(p, it) : -EIO;
	db_frames_close(it);
	return r;
}

static int
print_run(struct ctl *c, enum form form, unsigned char stream, const char *text, bool offline)
{
	char *const cast[] = { (char *)(uintptr_t)"--export", (char *)(uintptr_t)"cast2", NULL };
	struct print p = { .c = c, .form = form, .stream = stream };
	unsigned char id[ID_BYTES];
	char whole[ID_TEXT];
	int r;

	p.db = ctl_db(c);
	if (p.db == NULL)
		return CTL_FAILED;
	buf_init(&p.pending, FRAME_DATA_MAX * 2);
	buf_init(&p.line, (size_t)FRAME_DATA_MAX * 12);
	r = session_find(c, p.db, text, id, whole);
	if (r == 0 && !offline)
		r = ask_view(c, whole, "print");
	if (r == 0 && form == FORM_CAST) {
		db_close(p.db);
		return replay_exec(c, cast, (char *[]){ whole }, 1);
	}
	if (r == 0)
		r = db_session_find(p.db, id, session_print_one, &p, &c->e);
	buf_done(&p.pending);
	buf_done(&p.line);
	db_close(p.db);
	return r == 0 ? CTL_OK : CTL_FAILED;
}

/* "in" → its frames; 0: no such stream. */
static unsigned char
stream_of(const char *name)
{
	static const struct { const char *name; unsigned char kind; } streams[] = {
		{ "out", FRAME_OUT }, { "err", FRAME_ERR }, { "in", FRAME_IN },
	};

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		if (strcmp(streams[i].name, name) == 0)
			return streams[i].kind;
	return 0;
}

int
session_print(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "raw", optional_argument, NULL, 'r' }, { "cast", no_argument, NULL, 'c' }, { "offline", no_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	enum form form = FORM_TEXT;
	unsigned char stream = FRAME_OUT;
	bool offline = false;
	int o;

	optind = 0;
	while ((o = ctl_option(c, argc, argv, ":", longs)) != -1)
		switch (o) {
		case 'r':
		case 'c':
			if (form != FORM_TEXT)
				return ctl_usage(c, "--raw and --cast: only one of them, and once");
			form = o == 'r' ? FORM_RAW : FORM_CAST;
			stream = stream_of(o == 'r' && optarg != NULL ? optarg : "out");
			if (stream == 0)
				return ctl_bad(c, "--raw=%s: the streams are out, err and in", optarg);
			break;
		case 'o': offline = true; break;
		default:  return CTL_USAGE;
		}
	if (ctl_words(c, argc, argv, 1, 1) != CTL_OK)
		return CTL_USAGE;
	if (form == FORM_RAW && isatty(STDOUT_FILENO))
		return ctl_fail(c, "what was recorded is not sent to a terminal as it is: redirect it to a file");
	return print_run(c, form, stream, argv[optind], offline);
}
